// SPDX-License-Identifier: MIT
// What the service says when it refuses: a status, a code and its words. Thrown by whatever checks
// a request and turned into an answer in one place. Words are those of the service where they are
// known.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace clusterless::emulator {

class service_error : public std::exception {
 public:
  using pairs = std::vector<std::pair<std::string, std::string>>;
  service_error(int status, std::string code, std::string message, pairs values = {})
      : status_(status),
        code_(std::move(code)),
        message_(std::move(message)),
        values_(std::move(values)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  int status() const noexcept { return status_; }
  const std::string& code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }
  const pairs& values() const noexcept { return values_; }

 private:
  int status_;
  std::string code_;
  std::string message_;
  pairs values_;
};

/// The error of a code of the service, with its status and words.
service_error service_says(const std::string& code, service_error::pairs values = {});
/// Throws it.
[[noreturn]] void refuse(const std::string& code, service_error::pairs values = {});
/// 400 InvalidPropertyValue for a property of a body.
[[noreturn]] void bad_property(const std::string& name, const std::string& value,
                               const std::string& reason);
/// 400 InvalidQueryParameterValue.
[[noreturn]] void bad_query(const std::string& name, const std::string& value,
                            const std::string& reason);

}  // namespace clusterless::emulator
