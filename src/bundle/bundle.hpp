// SPDX-License-Identifier: MIT
// What a node that has nothing but a kernel and a shell needs to run this program: its executable,
// the shared libraries it is linked with as its loader found them here, the loader itself, and what
// links between hosts load later. Nothing is run or searched; nothing but files of this machine is
// in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/checksum.hpp"
#include "os/loaded_objects.hpp"

namespace clusterless::bundle {

struct bundle_file {
  std::string name = {};  ///< in the bundle's folder on a node: "program", "ld.so", "lib/libm.so.6"
  std::string path = {};  ///< here
  std::uint64_t size = 0;
  core::content_hash hash = {};
};

struct program_bundle {
  std::string name = {};  ///< 32 hexadecimal digits: the same for the same files
  std::vector<bundle_file> files = {};
  std::uint64_t size = 0;  ///< of all files
};

/// The bundle of the running program. `several_hosts`: also what links between hosts need. Throws
/// `error`: failed when a file cannot be read or is not the one that was loaded any more,
/// unsupported when the program cannot be bundled or OpenSSL is not here.
program_bundle make_bundle(bool several_hosts);

/// The command that runs the program from `folder`, as the loader takes it: without a shell. The
/// program's own arguments go behind it. All files must be there, executable.
std::vector<std::string> start_arguments(const program_bundle& of, const std::string& folder);
/// The same for a shell, in which variables in `folder` count: "$DIR/ld.so" --library-path …
std::string start_command(const program_bundle& of, const std::string& folder);

/// The files, by name and path, for a program that has loaded `objects`. Sizes and hashes are not
/// looked at. `later`: names of libraries that must be among them though nothing is linked with
/// them. Throws as make_bundle().
std::vector<bundle_file> choose_files(const std::vector<os::loaded_object>& objects,
                                      const std::vector<std::string>& later);

}  // namespace clusterless::bundle
