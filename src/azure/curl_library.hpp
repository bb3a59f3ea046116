// SPDX-License-Identifier: MIT
// The functions of libcurl that the transport uses, found in the library when it is loaded.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "os/shared_library.hpp"

namespace clusterless::azure {

struct curl_library {
  os::shared_library library{"libcurl.so.4", "libcurl4"};
// A declared name cannot stand in parentheses. NOLINTBEGIN(bugprone-macro-parentheses)
#define CLUSTERLESS_FUNCTION(name) \
  decltype(&::curl_##name) name = library.function<decltype(&::curl_##name)>("curl_" #name)
  // NOLINTEND(bugprone-macro-parentheses)
  CLUSTERLESS_FUNCTION(global_init);
  CLUSTERLESS_FUNCTION(easy_init);
  CLUSTERLESS_FUNCTION(easy_reset);
  CLUSTERLESS_FUNCTION(easy_cleanup);
  CLUSTERLESS_FUNCTION(easy_getinfo);
  CLUSTERLESS_FUNCTION(easy_strerror);
  CLUSTERLESS_FUNCTION(slist_append);
  CLUSTERLESS_FUNCTION(slist_free_all);
  CLUSTERLESS_FUNCTION(multi_init);
  CLUSTERLESS_FUNCTION(multi_cleanup);
  CLUSTERLESS_FUNCTION(multi_add_handle);
  CLUSTERLESS_FUNCTION(multi_remove_handle);
  CLUSTERLESS_FUNCTION(multi_perform);
  CLUSTERLESS_FUNCTION(multi_poll);
  CLUSTERLESS_FUNCTION(multi_wakeup);
  CLUSTERLESS_FUNCTION(multi_info_read);
  CLUSTERLESS_FUNCTION(multi_strerror);
#undef CLUSTERLESS_FUNCTION
  // curl.h makes macros of these two, which must not see their names.
  decltype(&::curl_easy_setopt) set_easy =
      library.function<decltype(&::curl_easy_setopt)>("curl_easy_setopt");
  decltype(&::curl_multi_setopt) set_multi =
      library.function<decltype(&::curl_multi_setopt)>("curl_multi_setopt");

  curl_library() {
    global_init(CURL_GLOBAL_DEFAULT);
  }
};

/// Loads it at the first call; throws `error` (unsupported) when it is not there.
const curl_library& curl();

}  // namespace clusterless::azure
