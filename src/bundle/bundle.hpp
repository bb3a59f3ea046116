// SPDX-License-Identifier: MIT
#pragma once
#include <cstdint>
#include <string>
#include <vector>
namespace clusterless::bundle {
struct bundle_file { std::string name, path, hash; std::uint64_t size = 0; };
struct bundle { std::vector<bundle_file> files; std::string hash; };
bundle make_bundle();
std::string start_command(const std::string& folder, const bundle& of);
}
