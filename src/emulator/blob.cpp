// SPDX-License-Identifier: MIT
#include "emulator/blob.hpp"

#include <httplib.h>

#include <filesystem>
#include <fstream>

#include "emulator/auth.hpp"
#include "emulator/http.hpp"

namespace clusterless::emulator {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t block_bytes = std::size_t{64} << 20;
constexpr int attempts = 3;
const char* const version = "2021-12-02";

struct address {
  std::string server = {};  ///< "http://127.0.0.1:10000"
  std::string path = {};
  std::string query = {};  ///< without '?'
};

address split(const std::string& url) {
  address made;
  const auto scheme = url.find("://");
  const auto slash = url.find_first_of("/?", scheme == std::string::npos ? 0 : scheme + 3);
  made.server = url.substr(0, slash);
  const std::string rest = slash == std::string::npos ? "/" : url.substr(slash);
  const auto mark = rest.find('?');
  made.path = rest.substr(0, mark);
  if (made.path.empty()) made.path = "/";
  if (mark != std::string::npos) made.query = rest.substr(mark + 1);
  return made;
}

/// Repeats what got no answer or a 5xx.
transfer with_retries(
    const std::string& url,
    const std::function<httplib::Result(httplib::Client&, const address&)>& call) {
  const address to = split(url);
  transfer made;
  for (int i = 0; i < attempts; ++i) {
    httplib::Client client(to.server);
    if (!client.is_valid()) return {0, "the address cannot be used: " + without_query(url)};
    client.set_url_encode(false);
    client.set_tcp_nodelay(true);
    client.set_follow_location(true);
    client.set_connection_timeout(10);
    client.set_read_timeout(60);
    const httplib::Result result = call(client, to);
    if (!result) {
      made = {0, "no answer from " + to.server + ": " + httplib::to_string(result.error())};
      continue;
    }
    made.status = result->status;
    made.problem = result->status < 300
                       ? std::string()
                       : "HTTP " + std::to_string(result->status) + " for " + without_query(url);
    if (result->status < 500) break;
  }
  return made;
}

std::string unescaped(std::string text) {
  static constexpr std::pair<const char*, const char*> names[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
  for (const auto& [name, character] : names)
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
      text.replace(at, std::string_view(name).size(), character);
  return text;
}

/// The texts between <name> and </name>.
std::vector<std::string> elements(const std::string& xml, const std::string& name) {
  std::vector<std::string> all;
  const std::string open = '<' + name + '>';
  const std::string close = "</" + name + '>';
  for (auto at = xml.find(open); at != std::string::npos; at = xml.find(open, at)) {
    const auto end = xml.find(close, at);
    if (end == std::string::npos) break;
    all.push_back(unescaped(xml.substr(at + open.size(), end - at - open.size())));
    at = end;
  }
  return all;
}

std::string with_query(const address& of, const std::string& added) {
  std::string query = of.query;
  if (!added.empty()) query += (query.empty() ? "" : "&") + added;
  return query.empty() ? of.path : of.path + '?' + query;
}

transfer put(const std::string& url, const std::string& query, const httplib::Headers& headers,
             std::ifstream& file, std::size_t offset, std::size_t length) {
  return with_retries(url, [&](httplib::Client& client, const address& to) {
    const auto read = [&](std::size_t at, std::size_t wanted, httplib::DataSink& sink) {
      std::string bytes(std::min<std::size_t>(wanted, 1 << 16), '\0');
      file.clear();
      file.seekg(static_cast<std::streamoff>(offset + at));
      file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      return file.gcount() > 0 && sink.write(bytes.data(), static_cast<std::size_t>(file.gcount()));
    };
    if (length == 0)
      return client.Put(with_query(to, query), headers, std::string(), "application/octet-stream");
    return client.Put(with_query(to, query), headers, length, read, "application/octet-stream");
  });
}

}  // namespace

std::string without_query(const std::string& url) {
  return url.substr(0, url.find('?'));
}

transfer download(const std::string& url, const std::string& path) {
  std::error_code problem;
  fs::create_directories(fs::path(path).parent_path(), problem);
  if (problem) return {0, "cannot make the directories of " + path + ": " + problem.message()};
  return with_retries(url, [&](httplib::Client& client, const address& to) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    int status = 0;
    return client.Get(
        with_query(to, {}), {{"x-ms-version", version}},
        [&](const httplib::Response& response) {
          status = response.status;
          return true;
        },
        [&](const char* data, std::size_t length) {
          if (status < 300) file.write(data, static_cast<std::streamsize>(length));
          return static_cast<bool>(file);
        });
  });
}

transfer list_blobs(const std::string& container_url, const std::string& prefix,
                    std::vector<std::string>& names) {
  std::string marker;
  do {
    std::string body;
    transfer done = with_retries(container_url, [&](httplib::Client& client, const address& to) {
      std::string query = "restype=container&comp=list&prefix=" + percent_encoded(prefix);
      if (!marker.empty()) query += "&marker=" + percent_encoded(marker);
      auto result = client.Get(with_query(to, query), {{"x-ms-version", version}});
      if (result) body = result->body;
      return result;
    });
    if (!done.good()) return done;
    for (std::string& each : elements(body, "Name"))
      names.push_back(std::move(each));
    const auto next = elements(body, "NextMarker");
    marker = next.empty() ? std::string() : next.front();
  } while (!marker.empty());
  return {200, {}};
}

std::string blob_url(const std::string& container_url, const std::string& name) {
  const address of = split(container_url);
  std::string path = of.path;
  while (!path.empty() && path.back() == '/')
    path.pop_back();
  return of.server + path + '/' + percent_encoded(name, "/") +
         (of.query.empty() ? "" : '?' + of.query);
}

transfer upload(const std::string& path, const std::string& url,
                const std::vector<std::pair<std::string, std::string>>& headers) {
  std::ifstream file(path, std::ios::binary);
  std::error_code problem;
  const auto size = static_cast<std::size_t>(fs::file_size(path, problem));
  if (!file || problem) return {0, "cannot read " + path};
  httplib::Headers with{{"x-ms-version", version}};
  for (const auto& [name, value] : headers)
    with.emplace(name, value);
  if (size <= block_bytes) {
    with.emplace("x-ms-blob-type", "BlockBlob");
    return put(url, {}, with, file, 0, size);
  }
  std::string list = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (std::size_t offset = 0; offset < size; offset += block_bytes) {
    char number[24];
    std::snprintf(number, sizeof number, "%016zu", offset / block_bytes);
    const std::string id = base64_encoded(number);
    transfer done = put(url, "comp=block&blockid=" + percent_encoded(id), with, file, offset,
                        std::min(block_bytes, size - offset));
    if (!done.good()) return done;
    list += "<Latest>" + id + "</Latest>";
  }
  list += "</BlockList>";
  return with_retries(url, [&](httplib::Client& client, const address& to) {
    return client.Put(with_query(to, "comp=blocklist"), with, list, "application/xml");
  });
}

}  // namespace clusterless::emulator
