// SPDX-License-Identifier: MIT
// The functions of libcurl that the transport uses, found in the library when it is loaded.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "os/shared_library.hpp"

namespace clusterless::azure {

struct curl_library {
  os::shared_library library{"libcurl.so.4", "libcurl4"};
  CLUSTERLESS_LIBRARY_FUNCTION_AS(global_init, curl_global_init);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(easy_init, curl_easy_init);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(easy_reset, curl_easy_reset);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(easy_cleanup, curl_easy_cleanup);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(easy_getinfo, curl_easy_getinfo);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(easy_strerror, curl_easy_strerror);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(slist_append, curl_slist_append);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(slist_free_all, curl_slist_free_all);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_init, curl_multi_init);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_cleanup, curl_multi_cleanup);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_add_handle, curl_multi_add_handle);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_remove_handle, curl_multi_remove_handle);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_perform, curl_multi_perform);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_poll, curl_multi_poll);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_wakeup, curl_multi_wakeup);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_info_read, curl_multi_info_read);
  CLUSTERLESS_LIBRARY_FUNCTION_AS(multi_strerror, curl_multi_strerror);
  // curl.h makes macros of these two, which must not see their names.
  decltype(&::curl_easy_setopt) set_easy =
      library.function<decltype(&::curl_easy_setopt)>("curl_easy_setopt");
  decltype(&::curl_multi_setopt) set_multi =
      library.function<decltype(&::curl_multi_setopt)>("curl_multi_setopt");

  curl_library() { global_init(CURL_GLOBAL_DEFAULT); }
};

/// Loads it at the first call; throws `error` (unsupported) when it is not there.
const curl_library& curl();

}  // namespace clusterless::azure
