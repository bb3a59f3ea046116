// SPDX-License-Identifier: MIT
// A store in a directory: a key is a path below it. Made for local disks and for NFS: whole objects
// arrive by rename or link of a synced file, the kernel releases holds, nothing relies on O_APPEND.
// The directory is its owner's alone (0700, files 0600) and made only when first written to.
#pragma once

#include <memory>
#include <string>

#include "store/store.hpp"

namespace clusterless::store {

/// A store in the directory `path`. Nothing is opened or made yet; the first call that needs the
/// directory throws `error` (misuse) when it belongs to another user, when its group or others may
/// write to it, or when it is no directory.
std::unique_ptr<object_store> open_directory_store(const std::string& path);

/// $CLUSTERLESS_STORE, else $XDG_STATE_HOME/clusterless, else $HOME/.local/state/clusterless.
/// Throws `error` (misuse) when none of the three is set.
std::string default_store_path();

}  // namespace clusterless::store
