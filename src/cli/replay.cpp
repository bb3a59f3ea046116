// SPDX-License-Identifier: MIT
// clusterless replay JOB ITEM
#include <unistd.h>

#include <algorithm>
#include <clusterless/detail/client.hpp>
#include <clusterless/error.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/commands.hpp"
#include "cli/debugger.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"
#include "cli/recorded_program.hpp"
#include "client/roles.hpp"

namespace clusterless::cli {

namespace {

/// An empty file of this process alone, gone at the end.
class temporary_file {
 public:
  temporary_file() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp") +
            "/clusterless-outcome-XXXXXX";
    path_ = std::filesystem::absolute(path_).string();
    const int fd = ::mkstemp(path_.data());
    if (fd < 0) throw error(error_kind::failed, "cannot make the file " + path_);
    ::close(fd);
  }
  ~temporary_file() { ::unlink(path_.c_str()); }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  const std::string& path() const { return path_; }
  std::string contents() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  std::string path_;
};

/// Tells the outcome that the program left, if it left one.
void tell_outcome(const std::string& pack, const store::manifest& about, json& facts,
                  const console& on) {
  detail::pack_cursor cursor(reinterpret_cast<const std::byte*>(pack.data()), pack.size());
  detail::entry_view entry;
  if (!cursor.next(entry)) return;
  if (entry.kind == detail::entry_kind::error) {
    const error_info info = detail::decode_error(entry.body, entry.size);
    facts["state"] = "failed";
    facts["error"] = error_facts(info);
    if (!on.json_wanted()) on.complain(remote_error(info).what());
    return;
  }
  facts["state"] = "value";
  facts["value"] = decode_value(parse_schema(about.result_schema), {entry.body, entry.size});
  if (!on.json_wanted()) on.print(json_text(facts["value"]) + '\n');
}

}  // namespace

int run_command(const replay_request& what, const common_options& how, const console& on) {
  const auto from = store_with(how.store, what.job);
  job_look job = look_at_whole(from.in, what.job);
  if (what.item >= job.counts.submitted)
    throw error(error_kind::misuse, "job '" + job.name + "' has no item " +
                                        std::to_string(what.item) + " in its record; it has " +
                                        std::to_string(job.counts.submitted) + ", from 0");
  const store::manifest& about = job.record->about();
  auto command = start_again(about, client::replay_role, from.name);
  const temporary_file outcome;
  command.environment.emplace_back(client::item_variable, std::to_string(what.item));
  command.environment.emplace_back(client::outcome_variable, outcome.path());
  command.output_to_error = on.json_wanted();
  const bool debugged = what.gdb || what.backtrace;
  if (debugged) command = under_gdb(std::move(command), about.function, what.backtrace);
  const auto end = os::run_in_foreground(command);

  json facts{{"job", job.name}, {"item", what.item}, {"state", "ended"}};
  tell_outcome(outcome.contents(), about, facts, on);
  if (end.signal != 0) {
    facts["state"] = "crashed";
    facts["signal"] = end.signal;
    on.complain("clusterless: item " + std::to_string(what.item) + " of " + job.name +
                " ended its process by signal " + std::to_string(end.signal) + " (" +
                ::strsignal(end.signal) + "); --backtrace shows where, --gdb stops there");
  } else if (facts["state"] == "ended") {
    facts["exit_code"] = end.exit_code;
    if (!debugged)
      on.complain("clusterless: item " + std::to_string(what.item) + " of " + job.name +
                  " left no outcome; its process exited with code " +
                  std::to_string(end.exit_code));
  }
  if (on.json_wanted()) on.print_json(facts);
  if (end.signal != 0) return 128 + end.signal;
  if (facts["state"] == "value") return exit_good;
  if (facts["state"] == "ended" && (what.gdb || end.exit_code == exit_misuse)) return end.exit_code;
  return exit_failed;
}

}  // namespace clusterless::cli
