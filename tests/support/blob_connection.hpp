// SPDX-License-Identifier: MIT
// A client of the test server with a container of its own.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "azure/blob.hpp"
#include "azure/shared_key.hpp"
#include "support/azurite.hpp"

namespace clusterless::tests {

struct blob_connection {
  explicit blob_connection(const azurite& server)
      : account(azure::parse_connection_string(server.connection_string)),
        over(azure::make_curl_transport()),
        on(*over, azure::machine_clock()),
        by(azure::service::blob, account.name, account.key),
        calls(on, by),
        blobs(calls, account.endpoint),
        container(fresh_container()) {
    CHECK(get<bool>([&](auto then) { blobs.create_container(container, then); }).value());
  }

  template <class T, class Start>
  azure::result<T> get(Start start) {
    return azure::wait_for<T>(on, start);
  }
  azure::blob_facts put(const std::string& name, std::string_view text,
                        const azure::put_options& how = {}) {
    return get<azure::blob_facts>([&](auto then) {
             blobs.put(container, name, std::as_bytes(std::span(text)), how, then);
           })
        .value();
  }
  /// "(none)" when there is none.
  std::string read(const std::string& name, azure::byte_range range = {}) {
    const auto got = get<std::optional<azure::blob_content>>(
        [&](auto then) { blobs.get(container, name, range, {}, {}, then); });
    return got.value() ? got.value()->body : "(none)";
  }

  azure::storage_account account;
  std::unique_ptr<azure::transport> over;
  azure::loop on;
  azure::shared_key_signer by;
  azure::exchange calls;
  azure::blob_client blobs;
  std::string container;
};

}  // namespace clusterless::tests
