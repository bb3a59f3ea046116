// SPDX-License-Identifier: MIT
// What a node that has nothing but a kernel and a shell needs to run this program: its executable,
// the shared libraries it is linked with as its loader found them here, the loader itself, and what
// links between hosts load later. Nothing is run or searched; nothing but files of this machine is
// in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "os/loaded_objects.hpp"

namespace clusterless::bundle {

struct bundle_file {
  std::string name = {};  ///< in the bundle's folder on a node: "program", "ld.so", "lib/libm.so.6"
  std::string path = {};  ///< here
  std::string hash = {};  ///< of what is in it, 32 hexadecimal digits
  std::uint64_t size = 0;
};

struct bundle {
  std::vector<bundle_file> files = {};
  std::string hash = {};   ///< of all names and files: names the bundle
  std::uint64_t size = 0;  ///< of all files
};

/// The bundle of the running program. `several_hosts`: also what links between hosts need. Throws
/// `error`: failed when a file cannot be read or is not the one that was loaded any more,
/// unsupported when the program cannot be bundled or OpenSSL is not here.
bundle make_bundle(bool several_hosts = true);

/// The command that runs the program from `folder`, word by word, without a shell. The program's
/// own arguments go behind it. All files must be there, executable.
std::vector<std::string> start_arguments(const std::string& folder, const bundle& of);
/// The same for a shell, in which variables in `folder` count: "$DIR/ld.so" --library-path …
std::string start_command(const std::string& folder, const bundle& of);

/// The files, by name and path, for a program that has loaded `objects`. Sizes and hashes are not
/// looked at. `later`: names of libraries that must be among them though nothing is linked with
/// them. Throws as make_bundle().
std::vector<bundle_file> choose_files(const std::vector<os::loaded_object>& objects,
                                      const std::vector<std::string>& later);

}  // namespace clusterless::bundle
