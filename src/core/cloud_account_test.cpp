// SPDX-License-Identifier: MIT
#include "core/cloud_account.hpp"

#include <doctest/doctest.h>

using namespace clusterless::core;

TEST_CASE("addresses of Batch and Blob are taken, in every cloud and on this machine") {
  for (const char* url : {"https://mine.eastus.batch.azure.com", "http://127.0.0.1:8090",
                          "http://localhost:8090/", "http://[::1]:80", "http://emulator:8090"})
    CHECK(problem_of_batch_url(url) == "");
  for (const char* url : {"https://mine.blob.core.windows.net", "http://azurite:10000/account",
                          "https://mine.dfs.core.windows.net"})
    CHECK(problem_of_storage_url(url) == "");
}

TEST_CASE("an address without https is refused where others could listen") {
  CHECK(problem_of_batch_url("http://mine.eastus.batch.azure.com").find("https://") !=
        std::string::npos);
  CHECK(problem_of_storage_url("http://10.0.0.4:10000/a").find("in the clear") !=
        std::string::npos);
}

TEST_CASE("the address of another service is told as that") {
  CHECK(problem_of_batch_url("https://mine.blob.core.windows.net").find("another service") !=
        std::string::npos);
  CHECK(problem_of_batch_url("https://portal.azure.com/#x").find("batch.azure.com") !=
        std::string::npos);
  CHECK(problem_of_storage_url("https://mine.eastus.batch.azure.com").find("another service") !=
        std::string::npos);
}
