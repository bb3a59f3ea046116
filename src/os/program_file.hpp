// SPDX-License-Identifier: MIT
// What a program file on disk says about itself without being run. Reads ELF files of this
// machine's word size; every offset in them is checked, since the file may be anything.
#pragma once

#include <string>

namespace clusterless::os {

struct program_file_facts {
  std::string build = {};       ///< as to_hex(this_build()) is in a process that runs the file
  bool has_build_id = false;    ///< else `build` is a hash of the contents
  bool dynamic = false;         ///< started by the dynamic linker
  bool symbols = false;         ///< has a symbol table
  bool debug_info = false;      ///< has DWARF line information
  bool names_the_role = false;  ///< holds the text CLUSTERLESS_ROLE: the library is linked in
};

/// Throws `error`: misuse when the file cannot be read or is no program for this machine.
program_file_facts read_program_file(const std::string& path);

}  // namespace clusterless::os
