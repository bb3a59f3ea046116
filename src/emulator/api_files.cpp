// SPDX-License-Identifier: MIT
// Files of tasks and nodes.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "emulator/api.hpp"
#include "emulator/odata.hpp"

namespace clusterless::emulator {

namespace {

namespace fs = std::filesystem;

ticks ticks_of(const timespec& at) {
  return unix_epoch + at.tv_sec * one_second + at.tv_nsec / 100;
}

std::string content_type(const std::string& path) {
  const std::string end = fs::path(path).extension();
  return end == ".txt" || end == ".log" ? "text/plain" : "application/octet-stream";
}

std::string octal(mode_t mode) {
  char text[16];
  std::snprintf(text, sizeof text, "0%o", static_cast<unsigned>(mode));
  return text;
}

/// `path` under `directory`, or an error when it is not there or leads outside.
std::string inside(const std::string& directory, const std::string& path) {
  const fs::path whole = (fs::path(directory) / path).lexically_normal();
  std::error_code problem;
  const fs::path real = fs::canonical(whole, problem);
  if (problem || path.empty()) refuse("FileNotFound");
  const fs::path root = fs::canonical(directory, problem);
  const auto [end, nothing] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
  if (problem || end != root.end()) refuse("FileNotFound");
  return real;
}

json entry(const std::string& name, const std::string& path, const std::string& url) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  json made{{"name", name}, {"url", url + '/' + percent_encoded(name, "/")}};
  const bool directory = S_ISDIR(found.st_mode);
  made["isDirectory"] = directory;
  if (!directory)
    made["properties"] = {{"creationTime", iso_time(ticks_of(found.st_ctim))},
                          {"lastModified", iso_time(ticks_of(found.st_mtim))},
                          {"contentLength", std::to_string(found.st_size)},
                          {"contentType", content_type(path)},
                          {"fileMode", octal(found.st_mode)}};
  return made;
}

/// "bytes=0-99" of a file of `size` bytes: offset and length.
bool parse_range(const std::string& text, std::size_t size, std::size_t& offset,
                 std::size_t& length) {
  unsigned long long first = 0;
  unsigned long long last = 0;
  const int read = std::sscanf(text.c_str(), "bytes=%llu-%llu", &first, &last);
  if (read < 1 || (read == 2 && last < first)) bad_query("ocp-range", text, "not a range of bytes");
  if (read == 1) last = size == 0 ? 0 : size - 1;
  if (first >= size) return false;
  offset = first;
  length = std::min<std::size_t>(last, size - 1) - first + 1;
  return true;
}

}  // namespace

std::string batch_api::task_directory(const call& of) {
  job& in = model_.find_job(of.name(1));
  const task& found = model_.find_task(in, of.name(3));
  if (found.files_removed) refuse("TaskFilesCleanedup");
  if (found.where.empty()) refuse("TaskFilesUnavailable");
  const node_facts& where = found.where.front();
  const auto pool_at = model_.pools().find(in_lower_case(where.pool));
  const bool there =
      pool_at != model_.pools().end() && pool_at->second->nodes.count(where.node) != 0;
  if (!there) refuse("TaskFilesUnavailable");
  return files_.root(where.number) + "/workitems/" + in.id + "/job-1/" + found.id;
}

std::string batch_api::node_directory(const call& of) {
  const node& found = model_.find_node(model_.find_pool(of.name(1)), of.name(3));
  return files_.root(found.number);
}

http_answer batch_api::list_directory(const call& of, const std::string& directory,
                                      const std::string& url) {
  const bool deep = same_text(of.request.parameter("recursive"), "true");
  std::vector<std::pair<std::string, std::string>> found;
  std::error_code problem;
  const auto add = [&](const fs::directory_entry& each) {
    found.emplace_back(each.path().lexically_relative(directory), each.path());
  };
  if (deep) {
    for (fs::recursive_directory_iterator at(directory, problem), end; !problem && at != end;
         at.increment(problem))
      add(*at);
  } else {
    for (fs::directory_iterator at(directory, problem), end; !problem && at != end;
         at.increment(problem))
      add(*at);
  }
  std::sort(found.begin(), found.end());
  json all = json::array();
  for (const auto& [name, path] : found)
    if (json each = entry(name, path, url); each.is_object()) all.push_back(std::move(each));
  return page(of, "files", all);
}

http_answer batch_api::file(const call& of, const std::string& directory, const std::string& path,
                            const std::string& url) {
  const std::string real = inside(directory, path);
  struct stat found {};
  if (::stat(real.c_str(), &found) != 0) refuse("FileNotFound");
  const bool is_directory = S_ISDIR(found.st_mode);
  const bool head = of.request.method == "HEAD";
  if (is_directory && !head)
    throw service_error(400, "OperationNotValidOnFileType",
                        "The specified operation is not valid on a directory.");
  const auto size = static_cast<std::size_t>(is_directory ? 0 : found.st_size);
  http_answer made;
  const auto since = parse_http_date(of.request.header("if-modified-since"));
  const auto unmodified = parse_http_date(of.request.header("if-unmodified-since"));
  const ticks modified = ticks_of(found.st_mtim);
  if (since && modified / one_second <= *since / one_second)
    throw service_error(304, "NotModified", "Not modified");
  if (unmodified && modified / one_second > *unmodified / one_second) refuse("ConditionNotMet");
  made.headers.emplace_back("Content-Type", content_type(real));
  made.headers.emplace_back("Last-Modified", http_date(modified));
  made.headers.emplace_back("ocp-creation-time", http_date(ticks_of(found.st_ctim)));
  made.headers.emplace_back("ocp-batch-file-isdirectory", is_directory ? "True" : "False");
  made.headers.emplace_back("ocp-batch-file-url", percent_encoded(url + '/' + path));
  made.headers.emplace_back("ocp-batch-file-mode", octal(found.st_mode));
  made.chunked = false;
  made.file = real;
  made.file_length = size;
  // A part that was asked for with ocp-range comes with 200: no SDK takes 206.
  const std::string plain_range = of.request.header("range");
  std::string range = of.request.header("ocp-range");
  if (range.empty()) range = plain_range;
  if (!range.empty() && !head) {
    if (!parse_range(range, size, made.file_offset, made.file_length)) refuse("InvalidRange");
    if (!plain_range.empty()) made.status = 206;
    made.headers.emplace_back("Content-Range",
                              "bytes " + std::to_string(made.file_offset) + '-' +
                                  std::to_string(made.file_offset + made.file_length - 1) + '/' +
                                  std::to_string(size));
  }
  return made;
}

http_answer batch_api::remove_file(const call& of, const std::string& directory,
                                   const std::string& path) {
  const std::string real = inside(directory, path);
  std::error_code problem;
  const bool deep = same_text(of.request.parameter("recursive"), "true");
  if (fs::is_directory(real, problem) && !deep && !fs::is_empty(real, problem))
    throw service_error(409, "DirectoryNotEmpty",
                        "The specified directory is not empty, and recursive is not set.");
  fs::remove_all(real, problem);
  if (problem) refuse("InternalError");
  return accepted(of, 200, 0);
}

http_answer batch_api::list_task_files(const call& of) {
  return list_directory(of, task_directory(of),
                        of.base + "/jobs/" + of.name(1) + "/tasks/" + of.name(3) + "/files");
}

namespace {

/// What follows "files" in a path, whether it came as one segment or as several.
std::string rest_of(const std::vector<std::string>& parts) {
  std::string path;
  for (std::size_t i = 5; i < parts.size(); ++i)
    path += (path.empty() ? "" : "/") + parts[i];
  return path;
}

}  // namespace

http_answer batch_api::get_task_file(const call& of) {
  return file(of, task_directory(of), rest_of(of.parts),
              of.base + "/jobs/" + of.name(1) + "/tasks/" + of.name(3) + "/files");
}

http_answer batch_api::delete_task_file(const call& of) {
  return remove_file(of, task_directory(of), rest_of(of.parts));
}

http_answer batch_api::list_node_files(const call& of) {
  return list_directory(of, node_directory(of),
                        of.base + "/pools/" + of.name(1) + "/nodes/" + of.name(3) + "/files");
}

http_answer batch_api::get_node_file(const call& of) {
  return file(of, node_directory(of), rest_of(of.parts),
              of.base + "/pools/" + of.name(1) + "/nodes/" + of.name(3) + "/files");
}

http_answer batch_api::delete_node_file(const call& of) {
  return remove_file(of, node_directory(of), rest_of(of.parts));
}

}  // namespace clusterless::emulator
