// SPDX-License-Identifier: MIT
// Transfers over libcurl's multi interface: all of them move in poll(), on the caller's thread.
#include <algorithm>
#include <clusterless/error.hpp>
#include <clusterless/version.hpp>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

#include "azure/curl_library.hpp"
#include "azure/http.hpp"
#include "azure/text.hpp"

namespace clusterless::azure {

const curl_library& curl() {
  static const curl_library loaded;
  return loaded;
}

namespace {

struct transfer {
  request what;
  response got;
  completion then;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  char why[CURL_ERROR_SIZE] = {};
  bool too_large = false;
};

std::size_t take_header(char* data, std::size_t size, std::size_t n, void* context) {
  auto& to = *static_cast<transfer*>(context);
  std::string_view line(data, size * n);
  if (line.starts_with("HTTP/")) {
    to.got.headers.clear();  // of an interim or proxy answer
    return size * n;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size * n;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.back() == '\n' || value.back() == '\r' || value.back() == ' '))
    value.remove_suffix(1);
  while (!value.empty() && value.front() == ' ')
    value.remove_prefix(1);
  to.got.headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  return size * n;
}

std::size_t take_body(char* data, std::size_t size, std::size_t n, void* context) {
  auto& to = *static_cast<transfer*>(context);
  const std::size_t bytes = size * n;
  long status = 0;
  curl().easy_getinfo(to.easy, CURLINFO_RESPONSE_CODE, &status);
  if (!to.what.into.empty() && status >= 200 && status < 300) {
    to.too_large = bytes > to.what.into.size() - to.got.received;
    if (to.too_large) return 0;
    std::memcpy(to.what.into.data() + to.got.received, data, bytes);
    to.got.received += bytes;
    return bytes;
  }
  to.too_large = bytes > to.what.max_body - to.got.body.size();
  if (to.too_large) return 0;
  to.got.body.append(data, bytes);
  return bytes;
}

failure failure_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return failure::timed_out;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PROXY:
      return failure::unreachable;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return failure::untrusted;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return failure::refused;
    default:
      return failure::dropped;
  }
}

std::string from_environment(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return {};
}

class curl_transport final : public transport {
 public:
  explicit curl_transport(transport_options options);
  ~curl_transport() override;

  void submit(request&& what, completion then) override;
  void poll(std::int64_t timeout_ms) override;
  void wake() noexcept override { curl().multi_wakeup(multi_); }
  std::size_t under_way() const override { return transfers_.size(); }

 private:
  void prepare(transfer& one) const;
  void put_body(transfer& one) const;
  void collect();
  std::unique_ptr<transfer> take(CURL* easy);

  transport_options options_;
  std::string ca_file_, ca_folder_, agent_;
  CURLM* multi_;
  std::unordered_map<CURL*, std::unique_ptr<transfer>> transfers_;
  std::vector<CURL*> idle_;
};

curl_transport::curl_transport(transport_options options)
    : options_(std::move(options)),
      ca_file_(options_.ca_file),
      agent_("clusterless/" + std::string(version)),
      multi_(curl().multi_init()) {
  if (multi_ == nullptr) throw error(error_kind::busy, "libcurl cannot start: out of memory");
  if (ca_file_.empty())
    ca_file_ = from_environment({"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"});
  ca_folder_ = from_environment({"SSL_CERT_DIR"});
  curl().set_multi(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  curl().set_multi(multi_, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options_.connections));
  curl().set_multi(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections));
}

curl_transport::~curl_transport() {
  for (auto& [easy, one] : transfers_) {
    curl().multi_remove_handle(multi_, easy);
    curl().slist_free_all(one->headers);
    curl().easy_cleanup(easy);
  }
  for (CURL* easy : idle_)
    curl().easy_cleanup(easy);
  curl().multi_cleanup(multi_);
}

void curl_transport::put_body(transfer& one) const {
  const auto set = curl().set_easy;
  const request& what = one.what;
  const std::size_t n = what.content_length();
  if (what.method == "HEAD") {
    set(one.easy, CURLOPT_NOBODY, 1L);
  } else if (what.method == "PUT" || what.method == "POST" || what.method == "PATCH" || n > 0) {
    const void* content =
        what.borrowed.empty() ? what.body.data() : static_cast<const void*>(what.borrowed.data());
    set(one.easy, CURLOPT_POST, 1L);
    set(one.easy, CURLOPT_POSTFIELDS, content);
    set(one.easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(n));
    set(one.easy, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
    // Without this libcurl says the body is a form.
    if (what.find("content-type") == nullptr)
      one.headers = curl().slist_append(one.headers, "Content-Type:");
  }
  if (what.method != "HEAD" && what.method != "GET")
    set(one.easy, CURLOPT_CUSTOMREQUEST, what.method.c_str());
}

void curl_transport::prepare(transfer& one) const {
  const auto set = curl().set_easy;
  CURL* easy = one.easy;
  for (const header& next : one.what.headers) {
    // libcurl takes "Name;" for a header without a value, and "Name:" for none.
    const std::string line = next.value.empty() ? next.name + ";" : next.name + ": " + next.value;
    one.headers = curl().slist_append(one.headers, line.c_str());
  }
  one.headers = curl().slist_append(one.headers, "Expect:");
  put_body(one);
  set(easy, CURLOPT_HTTPHEADER, one.headers);
  set(easy, CURLOPT_URL, one.what.url.c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_USERAGENT, agent_.c_str());
  set(easy, CURLOPT_ERRORBUFFER, one.why);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(one.what.connect_limit_ms));
  set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(one.what.total_limit_ms));
  set(easy, CURLOPT_BUFFERSIZE, 256L << 10);
  set(easy, CURLOPT_HEADERFUNCTION, &take_header);
  set(easy, CURLOPT_HEADERDATA, &one);
  set(easy, CURLOPT_WRITEFUNCTION, &take_body);
  set(easy, CURLOPT_WRITEDATA, &one);
  set(easy, CURLOPT_PRIVATE, &one);
  if (one.what.direct) set(easy, CURLOPT_NOPROXY, "*");
  if (one.what.fresh_connection) set(easy, CURLOPT_FRESH_CONNECT, 1L);
  if (!options_.proxies_from_environment) set(easy, CURLOPT_PROXY, "");
  if (!ca_file_.empty()) set(easy, CURLOPT_CAINFO, ca_file_.c_str());
  if (!ca_folder_.empty()) set(easy, CURLOPT_CAPATH, ca_folder_.c_str());
}

void curl_transport::submit(request&& what, completion then) {
  auto one = std::make_unique<transfer>();
  one->what = std::move(what);
  one->then = std::move(then);
  if (idle_.empty()) {
    one->easy = curl().easy_init();
    if (one->easy == nullptr)
      throw error(error_kind::busy, "libcurl cannot start a transfer: out of memory");
  } else {
    one->easy = idle_.back();
    idle_.pop_back();
    curl().easy_reset(one->easy);
  }
  prepare(*one);
  CURL* easy = one->easy;
  transfers_.emplace(easy, std::move(one));
  curl().multi_add_handle(multi_, easy);
}

std::unique_ptr<transfer> curl_transport::take(CURL* easy) {
  const auto at = transfers_.find(easy);
  std::unique_ptr<transfer> one = std::move(at->second);
  transfers_.erase(at);
  curl().multi_remove_handle(multi_, easy);
  curl().slist_free_all(one->headers);
  idle_.push_back(easy);
  return one;
}

void curl_transport::collect() {
  int left = 0;
  while (const CURLMsg* message = curl().multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    long status = 0;
    curl().easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    const std::unique_ptr<transfer> one = take(easy);
    one->got.status = static_cast<int>(status);
    if (code != CURLE_OK) {
      one->got.failed = one->too_large ? failure::too_large : failure_of(code);
      one->got.why = one->why[0] != '\0' ? one->why : curl().easy_strerror(code);
    }
    one->then(std::move(one->got));
  }
}

void curl_transport::poll(std::int64_t timeout_ms) {
  int running = 0;
  curl().multi_perform(multi_, &running);
  const std::size_t before = transfers_.size();
  collect();
  if (transfers_.size() < before || timeout_ms <= 0) return;
  const int wait = static_cast<int>(std::min<std::int64_t>(timeout_ms, 3'600'000));
  curl().multi_poll(multi_, nullptr, 0, wait, nullptr);
  curl().multi_perform(multi_, &running);
  collect();
}

}  // namespace

std::unique_ptr<transport> make_curl_transport(const transport_options& options) {
  return std::make_unique<curl_transport>(options);
}

}  // namespace clusterless::azure
