// SPDX-License-Identifier: MIT
#include "os/shared_library.hpp"

#include <dlfcn.h>

#include <clusterless/error.hpp>
#include <utility>

namespace clusterless::os {

shared_library::shared_library(std::string soname, std::string package)
    : soname_(std::move(soname)),
      package_(std::move(package)),
      handle_(::dlopen(soname_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ != nullptr) return;
  const char* why = ::dlerror();
  throw error(error_kind::unsupported, "cannot load " + soname_ +
                                           (why != nullptr ? " (" + std::string(why) + ")" : "") +
                                           "; install it with: apt-get install " + package_);
}

void* shared_library::address(const char* name) const {
  void* found = ::dlsym(handle_, name);
  if (found == nullptr)
    throw error(error_kind::unsupported,
                soname_ + " has no " + name + "; it is too old: upgrade the package " + package_);
  return found;
}

}  // namespace clusterless::os
