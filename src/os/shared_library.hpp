// SPDX-License-Identifier: MIT
// A shared library that is loaded when it is first needed, so that processes which never need it
// do not pay for it at every start. It stays loaded until the process ends.
#pragma once

#include <string>

namespace clusterless::os {

class shared_library {
 public:
  /// Loads `soname`. Throws `error` (unsupported) that tells to install the Debian package
  /// `package` when the library is not there.
  shared_library(std::string soname, std::string package);

  /// The function `name` as a pointer of type F; throws `error` (unsupported) when this version of
  /// the library does not have it.
  template <class F>
  F function(const char* name) const {
    return reinterpret_cast<F>(address(name));
  }

 private:
  void* address(const char* name) const;

  std::string soname_;
  std::string package_;
  void* handle_;
};

}  // namespace clusterless::os

/// Inside of a struct with a shared_library `library`: the member `name`, the library's function
/// `symbol`, of which a header gives the type.
// A declared name cannot stand in parentheses. NOLINTBEGIN(bugprone-macro-parentheses)
#define CLUSTERLESS_LIBRARY_FUNCTION_AS(name, symbol) \
  decltype(&::symbol) name = library.function<decltype(&::symbol)>(#symbol)
// NOLINTEND(bugprone-macro-parentheses)
#define CLUSTERLESS_LIBRARY_FUNCTION(symbol) CLUSTERLESS_LIBRARY_FUNCTION_AS(symbol, symbol)
