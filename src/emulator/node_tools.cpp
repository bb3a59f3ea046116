// SPDX-License-Identifier: MIT
#include "emulator/node_tools.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "emulator/blob.hpp"
#include "emulator/command_line.hpp"
#include "emulator/http.hpp"

namespace clusterless::emulator {

namespace {

namespace fs = std::filesystem;

failure download_failure(const transfer& how, const std::string& url, const std::string& path) {
  failure made{"usererror",
               "BlobDownloadMiscError",
               "Miscellaneous error encountered while downloading one of the specified Azure "
               "Blob(s)",
               {}};
  if (how.status == 404) {
    made.code = "BlobNotFound";
    made.message = "One of the specified Azure Blob(s) is not found";
  } else if (how.status == 403 || how.status == 401) {
    made.code = "BlobAccessDenied";
    made.message = "Access for one of the specified Azure Blob(s) is denied";
  } else if (how.status == 0) {
    made.code = "BlobDownloadTimedOut";
    made.message = "Download of one of the specified Azure Blob(s) has timed out";
  }
  made.details = {{"BlobSource", without_query(url)}, {"FilePath", path}, {"Message", how.problem}};
  if (how.status != 0) made.details.emplace_back("HttpStatusCode", std::to_string(how.status));
  return made;
}

void set_mode(const std::string& path, const json& of) {
  const std::string mode = text_of(of, "fileMode", "0770");
  ::chmod(path.c_str(), static_cast<mode_t>(std::strtoul(mode.c_str(), nullptr, 8) & 07777));
}

/// $NAME and ${NAME} by the variables of a task.
std::string expanded(std::string text, const environment& env) {
  for (const auto& [name, value] : env)
    for (const std::string& form : {"${" + name + '}', '$' + name})
      for (auto at = text.find(form); at != std::string::npos; at = text.find(form, at)) {
        const auto end = at + form.size();
        const bool whole =
            form.back() == '}' || end == text.size() ||
            (std::isalnum(static_cast<unsigned char>(text[end])) == 0 && text[end] != '_');
        if (whole)
          text.replace(at, form.size(), value);
        else
          at = end;
      }
  return text;
}

/// Files that a pattern means: path, and name below the pattern's fixed part.
std::vector<std::pair<std::string, std::string>> files_of(const std::string& pattern,
                                                          const std::string& working) {
  const fs::path whole = (fs::path(working) / pattern).lexically_normal();
  std::vector<std::pair<std::string, std::string>> all;
  std::error_code problem;
  if (!has_wildcard(pattern)) {
    if (fs::is_regular_file(whole, problem))
      all.emplace_back(whole,
                       fs::path(pattern).is_absolute() ? whole.filename().string() : pattern);
    return all;
  }
  const std::string base = fixed_part(whole.string());
  const std::string rest = whole.string().substr(base.size() + 1);
  for (fs::recursive_directory_iterator at(base, problem), end; !problem && at != end;
       at.increment(problem)) {
    const std::string name = at->path().lexically_relative(base);
    if (at->is_regular_file(problem) && matches_pattern(rest, name))
      all.emplace_back(at->path(), name);
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool wanted(const json& file, bool success) {
  const std::string when =
      in_lower_case(text_of(member(file, "uploadOptions"), "uploadCondition", "taskcompletion"));
  return when == "taskcompletion" || when == (success ? "tasksuccess" : "taskfailure");
}

std::vector<std::pair<std::string, std::string>> headers_of(const json& container) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const json& each : member(container, "uploadHeaders"))
    all.emplace_back(text_of(each, "name"), text_of(each, "value"));
  return all;
}

failure upload_failure(const transfer& how, const std::string& file) {
  const char* code = how.status == 404   ? "FileUploadContainerNotFound"
                     : how.status == 403 ? "FileUploadAccessDenied"
                                         : "FileUploadMiscError";
  return {"usererror",
          code,
          "One or more output files could not be uploaded",
          {{"FilePath", file}, {"Message", how.problem}}};
}

}  // namespace

std::string directory_of(const action& order) {
  if (order.command == run_kind::start_task && order.job.empty()) return "startup";
  std::string path = "workitems/" + order.job;
  if (!order.task.empty()) path += "/job-1/" + order.task;
  return path;
}

node_paths make_directories(const std::string& root, const action& order) {
  for (const char* each : {"shared", "startup", "workitems", "fsmounts", "applications", "home"})
    fs::create_directories(fs::path(root) / each);
  node_paths at;
  at.root = root;
  at.task = root + '/' + directory_of(order);
  at.working = at.task + "/wd";
  fs::create_directories(at.working);
  return at;
}

environment variables_of(const action& order, const node_paths& at, const std::string& account,
                         const std::string& account_url) {
  const char* const path = std::getenv("PATH");
  environment env{{"PATH", path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin"},
                  {"HOME", at.root + "/home"},
                  {"USER", "_azbatch"},
                  {"AZ_BATCH_ACCOUNT_NAME", account},
                  {"AZ_BATCH_ACCOUNT_URL", account_url + '/'},
                  {"AZ_BATCH_POOL_ID", order.pool},
                  {"AZ_BATCH_NODE_ID", order.node},
                  {"AZ_BATCH_NODE_ROOT_DIR", at.root},
                  {"AZ_BATCH_NODE_SHARED_DIR", at.root + "/shared"},
                  {"AZ_BATCH_NODE_STARTUP_DIR", at.root + "/startup"},
                  {"AZ_BATCH_NODE_MOUNTS_DIR", at.root + "/fsmounts"},
                  {"AZ_BATCH_NODE_IS_DEDICATED", order.dedicated ? "true" : "false"},
                  {"AZ_BATCH_TASK_DIR", at.task},
                  {"AZ_BATCH_TASK_WORKING_DIR", at.working},
                  {"CLUSTERLESS_EMULATOR_NODE_ADDRESS", node{.number = order.number}.address()}};
  if (order.command != run_kind::start_task) {
    env.emplace_back("AZ_BATCH_JOB_ID", order.job);
    env.emplace_back("AZ_BATCH_TASK_ID", order.task);
    if (!order.preparation.empty()) {
      const std::string preparation =
          at.root + "/workitems/" + order.job + "/job-1/" + order.preparation;
      env.emplace_back("AZ_BATCH_JOB_PREP_DIR", preparation);
      env.emplace_back("AZ_BATCH_JOB_PREP_WORKING_DIR", preparation + "/wd");
    }
  }
  if (!order.hosts.empty()) {
    std::string with_commas;
    std::string with_semicolons;
    std::string with_cores = std::to_string(order.hosts.size());
    for (const std::string& each : order.hosts) {
      with_commas += (with_commas.empty() ? "" : ",") + each;
      with_semicolons += (with_semicolons.empty() ? "" : ";") + each;
      with_cores += ' ' + each + " 1";
    }
    env.emplace_back("AZ_BATCH_HOST_LIST", with_commas);
    env.emplace_back("AZ_BATCH_NODE_LIST", with_semicolons);
    env.emplace_back("AZ_BATCH_MASTER_NODE", order.hosts.front() + ":6000");
    env.emplace_back("AZ_BATCH_IS_CURRENT_NODE_MASTER", order.instance == 0 ? "true" : "false");
    env.emplace_back("AZ_BATCH_TASK_SHARED_DIR", at.task);
    env.emplace_back("CCP_NODES", with_cores);
  }
  for (const json* settings : {&order.common, &member(order.spec, "environmentSettings")})
    for (const json& each : *settings) {
      const std::string name = text_of(each, "name");
      std::erase_if(env, [&](const auto& other) { return other.first == name; });
      env.emplace_back(name, text_of(each, "value"));
    }
  return env;
}

std::optional<failure> fetch_files(const json& files, const std::string& directory,
                                   const std::function<bool()>& stopped) {
  for (const json& each : files) {
    const std::string path = text_of(each, "filePath");
    if (const std::string url = text_of(each, "httpUrl"); !url.empty()) {
      const transfer done = download(url, directory + '/' + path);
      if (!done.good()) return download_failure(done, url, path);
      set_mode(directory + '/' + path, each);
    } else if (const std::string container = text_of(each, "storageContainerUrl");
               !container.empty()) {
      std::vector<std::string> names;
      const transfer listed = list_blobs(container, text_of(each, "blobPrefix"), names);
      if (!listed.good()) return download_failure(listed, container, path);
      for (const std::string& name : names) {
        if (stopped()) return {};
        const std::string to = directory + '/' + (path.empty() ? "" : path + '/') + name;
        const transfer done = download(blob_url(container, name), to);
        if (!done.good()) return download_failure(done, blob_url(container, name), name);
        set_mode(to, each);
      }
    } else {
      return failure{"usererror",
                     "AutoStorageNotConfigured",
                     "The emulator has no auto-storage account: give storageContainerUrl",
                     {}};
    }
    if (stopped()) return {};
  }
  return {};
}

std::optional<failure> send_files(const json& files, const node_paths& at, const environment& env,
                                  bool success) {
  if (!files.is_array() || files.empty()) return {};
  std::ofstream said(at.task + "/fileuploadout.txt", std::ios::app);
  std::ofstream wrong(at.task + "/fileuploaderr.txt", std::ios::app);
  std::optional<failure> made;
  for (const json& each : files) {
    if (!wanted(each, success)) continue;
    const std::string pattern = expanded(text_of(each, "filePattern"), env);
    const json& container = member(member(each, "destination"), "container");
    const std::string prefix = text_of(container, "path");
    for (const auto& [path, name] : files_of(pattern, at.working)) {
      std::string blob = name;
      if (!prefix.empty()) blob = has_wildcard(pattern) ? prefix + '/' + name : prefix;
      const transfer done =
          upload(path, blob_url(text_of(container, "containerUrl"), blob), headers_of(container));
      if (done.good()) {
        said << "uploaded " << path << " as " << blob << '\n';
      } else {
        wrong << "cannot upload " << path << ": " << done.problem << '\n';
        if (!made) made = upload_failure(done, path);
      }
    }
  }
  return made;
}

std::string find_program(const std::string& name, const std::string& working,
                         const std::string& path) {
  const auto usable = [](const std::string& each) {
    struct stat found {};
    return ::stat(each.c_str(), &found) == 0 && S_ISREG(found.st_mode);
  };
  if (name.find('/') != std::string::npos) {
    std::string whole = fs::path(working) / name;
    return usable(whole) ? whole : std::string();
  }
  std::size_t at = 0;
  while (at <= path.size()) {
    const auto end = std::min(path.find(':', at), path.size());
    std::string whole = path.substr(at, end - at) + '/' + name;
    if (usable(whole) && ::access(whole.c_str(), X_OK) == 0) return whole;
    at = end + 1;
  }
  const std::string beside = working + '/' + name;
  return usable(beside) ? beside : std::string();
}

void kill_by_environment(const std::string& line) {
  std::error_code problem;
  for (fs::directory_iterator at("/proc", problem), end; !problem && at != end;
       at.increment(problem)) {
    const int pid = std::atoi(at->path().filename().c_str());
    if (pid <= 1 || pid == ::getpid()) continue;
    std::ifstream file(at->path() / "environ", std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(file)), {});
    const std::string whole = '\0' + all;
    if (whole.find('\0' + line + '\0') != std::string::npos) ::kill(pid, SIGKILL);
  }
}

}  // namespace clusterless::emulator
