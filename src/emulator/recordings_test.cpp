// SPDX-License-Identifier: MIT
// Recordings of the real service against the emulator: the same requests at the same times, answers
// compared in status, headers, members, types and values. tests/support/data/README.md lists what
// may differ, and why.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "emulator/api.hpp"

using namespace clusterless::emulator;

namespace {

const account_keys keys{"billstestba24326", base64_encoded("a key of this test")};

struct no_files : node_files {
  std::string root(int) const override { return {}; }
};

json recordings() {
  const auto room = std::filesystem::path(__FILE__).parent_path();
  std::ifstream in(room / "../../tests/support/data/batch_recordings.json");
  return json::parse(in)["entries"];
}

http_request request_of(const json& entry) {
  http_request made;
  made.method = text_of(entry, "method");
  const std::string url = text_of(entry, "url");
  const auto host = url.find("://") + 3;
  split_target(url.substr(url.find('/', host)), made);
  made.tls = true;
  for (const auto& [name, value] : entry["req_headers"].items())
    made.headers[in_lower_case(name)] = value.get<std::string>();
  made.headers["host"] = url.substr(host, url.find('/', host) - host);
  if (!entry["req_body"].is_null()) made.body = entry["req_body"].dump();
  if (made.headers.count("content-length") != 0)
    made.headers["content-length"] = std::to_string(made.body.size());
  // Who asked with a token gave no date; here all sign.
  made.headers.emplace("ocp-date", text_of(entry["resp_headers"], "Date"));
  made.headers["authorization"] =
      "SharedKey " + keys.name + ':' + signature(keys.key, string_to_sign(made, keys.name));
  return made;
}

/// Members that are of the moment: only their presence and form count.
bool of_the_moment(const std::string& path) {
  static const std::set<std::string> names{"eTag",
                                           "lastModified",
                                           "creationTime",
                                           "stateTransitionTime",
                                           "allocationTime",
                                           "allocationStateTransitionTime",
                                           "previousStateTransitionTime",
                                           "startTime",
                                           "endTime",
                                           "affinityId",
                                           "nodeId",
                                           "nodeUrl",
                                           "taskRootDirectory",
                                           "taskRootDirectoryUrl",
                                           "ipAddress",
                                           "exactVersion",
                                           "publicIPAddress",
                                           "publicFQDN",
                                           "lastBootTime"};
  const std::string name = path.substr(path.rfind('.') + 1);
  return names.count(name) != 0 || path == "value[].nodes.id" || path == "value[].nodes.url";
}

class comparison {
 public:
  explicit comparison(std::string url) : url_(std::move(url)) {}

  void documents(json theirs, json ours) {
    const std::string kind = text_of(theirs, "odata.metadata");
    if (kind.ends_with("#taskaddresult"))
      for (json* each : {&theirs, &ours})
        std::sort((*each)["value"].begin(), (*each)["value"].end(),
                  [](const json& a, const json& b) { return a["taskId"] < b["taskId"]; });
    if (kind.ends_with("#supportedimages")) return images(theirs["value"], ours["value"]);
    nodes_ = kind.ends_with("#nodes");
    theirs.erase("__trimmed_from");
    compare("", theirs, ours);
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  void say(const std::string& path, const std::string& what) {
    problems_.push_back(url_ + ' ' + path + ": " + what);
  }
  /// Every member that an image has there is known here, with its type.
  void images(const json& theirs, const json& ours) {
    for (const json& each : theirs)
      for (const auto& [key, field] : each.items()) {
        const auto& name = key;  // bindings cannot be captured, says clang
        const auto& value = field;
        const auto same = std::find_if(ours.begin(), ours.end(), [&](const json& one) {
          return one.contains(name) && one[name].type() == value.type();
        });
        if (same == ours.end()) say(name, "no image has it");
      }
  }
  void compare(const std::string& path, const json& theirs, const json& ours) {
    if (theirs.is_number() ? !ours.is_number() : theirs.type() != ours.type())
      return say(path, std::string("is ") + ours.type_name() + ", was " + theirs.type_name());
    if (theirs.is_object()) return objects(path, theirs, ours);
    if (theirs.is_array()) {
      if (theirs.size() != ours.size()) return say(path, "has another length");
      for (std::size_t i = 0; i < theirs.size(); ++i)
        compare(path + "[]", theirs[i], ours[i]);
      return;
    }
    if (of_the_moment(path) || (nodes_ && (path == "value[].id" || path == "value[].url"))) return;
    if (path == "message.value") {
      const auto words = [](const json& of) {
        const auto text = of.get<std::string>();
        return text.substr(0, text.find('\n'));
      };
      if (words(theirs) != words(ours)) say(path, words(ours));
      return;
    }
    if (theirs != ours) say(path, ours.dump() + ", was " + theirs.dump());
  }
  void objects(const std::string& path, const json& theirs, const json& ours) {
    for (const auto& [name, value] : theirs.items()) {
      const std::string below = path.empty() ? name : path + '.' + name;
      if (ours.contains(name))
        compare(below, value, ours[name]);
      else
        say(below, "is missing");
    }
    for (const auto& [name, value] : ours.items())
      if (!theirs.contains(name)) say(path + '.' + name, "was not there");
  }

  std::string url_;
  bool nodes_ = false;
  std::vector<std::string> problems_;
};

struct replay {
  model on{[] {
             model_options options;
             options.takes = realistic_latencies();
             return options;
           }(),
           *parse_iso_time("2022-09-06T23:44:00Z")};
  no_files files;
  batch_api api{on, files, keys};

  void at(ticks now, bool end_commands) {
    on.advance(now);
    for (const action& each : on.take_actions())
      if (each.what == action::kind::run) open.push_back(each.run);
    if (!end_commands) return;
    for (const std::uint64_t run : std::exchange(open, {}))
      on.finished(run, {0, std::nullopt, now, now});
    on.advance(now);
  }
  std::vector<std::uint64_t> open;
};

/// The state of a task in an answer, or empty.
std::string recorded_state(const json& entry) {
  if (text_of(entry, "url").find("/tasks") == std::string::npos) return {};
  const json& body = entry["resp_body"];
  if (const json& all = member(body, "value"); all.is_array() && !all.empty())
    return text_of(all[0], "state");
  return text_of(body, "state");
}

void compare_headers(const json& theirs, const http_answer& ours,
                     std::vector<std::string>& problems) {
  static const std::set<std::string> of_now{
      "Date", "ETag", "Last-Modified", "request-id", "Transfer-Encoding", "Content-Length"};
  for (const auto& [name, value] : theirs.items()) {
    if (name == "Transfer-Encoding" || name == "Content-Length") {
      if ((name == "Transfer-Encoding") != ours.chunked) problems.push_back(name + " differs");
      continue;
    }
    const std::string has = ours.header(name);
    if (has.empty()) problems.push_back(name + " is missing");
    if (of_now.count(name) == 0 && has != value.get<std::string>())
      problems.push_back(name + " is " + has + ", was " + value.get<std::string>());
    if (name == "ETag" && !has.starts_with("0x8")) problems.push_back("ETag is " + has);
  }
}

}  // namespace

TEST_CASE("the emulator answers as recordings of the service do") {
  replay with;
  std::size_t compared = 0;
  for (const json& entry : recordings()) {
    const std::string label =
        entry["n"].dump() + ' ' + text_of(entry, "method") + ' ' + text_of(entry, "url");
    // A date is to the second: tasks are added late in theirs, and looked at early.
    const bool writes = text_of(entry, "method") != "GET";
    const ticks now =
        *parse_http_date(text_of(entry["resp_headers"], "Date")) + (writes ? one_second - 1 : 0);
    const std::string state = recorded_state(entry);
    with.at(std::max(now, with.on.now()) + (state == "running" ? one_second : 0), false);
    if (state == "completed") with.at(with.on.now() + one_second, true);
    const http_answer answer = with.api.answer(request_of(entry));
    CAPTURE(label);
    CAPTURE(answer.body);
    CHECK(answer.status == entry["status"]["code"].get<int>());
    std::vector<std::string> problems;
    compare_headers(entry["resp_headers"], answer, problems);
    if (entry["resp_body"].is_null()) {
      CHECK(answer.body.empty());
    } else {
      comparison of(label);
      of.documents(entry["resp_body"], json::parse(answer.body, nullptr, false));
      problems.insert(problems.end(), of.problems().begin(), of.problems().end());
    }
    for (const std::string& each : problems) {
      CAPTURE(each);
      CHECK(each.empty());
    }
    ++compared;
  }
  CHECK(compared == 49);
}
