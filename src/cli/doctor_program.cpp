// SPDX-License-Identifier: MIT
// The doctor's look at a program.
#include <unistd.h>

#include <clusterless/error.hpp>
#include <clusterless/version.hpp>
#include <filesystem>
#include <optional>

#include "cli/console.hpp"
#include "cli/doctor.hpp"
#include "client/roles.hpp"
#include "os/foreground.hpp"
#include "os/program_file.hpp"

namespace clusterless::cli {

namespace {

constexpr std::chrono::seconds patience{10};

class program_examination {
 public:
  program_examination(const std::string& path, findings& into)
      : path_(std::filesystem::absolute(path).string()), into_(into) {}

  void run() {
    os::program_file_facts facts;
    try {
      facts = os::read_program_file(path_);
    } catch (const error& caught) {
      add("file", verdict::failure, caught.what(), "Give the path of a compiled program");
      return;
    }
    look_at_file(facts);
    if (!facts.names_the_role) {
      add("library", verdict::failure, "the library is not linked into this file",
          "Link clusterless::clusterless, and call clusterless::init(argc, argv) in main");
      return;
    }
    if (::access(path_.c_str(), X_OK) != 0) {
      add("start", verdict::failure, "the file cannot be executed", "chmod +x " + path_);
      return;
    }
    ask(facts);
  }

 private:
  void add(const char* name, verdict is, std::string text, std::string advice = {}) {
    into_.push_back({"program", name, is, std::move(text), std::move(advice)});
  }

  void look_at_file(const os::program_file_facts& facts) {
    add("file", verdict::good, path_ + (facts.dynamic ? ", dynamically linked" : ", static"));
    if (facts.has_build_id)
      add("build id", verdict::good, facts.build);
    else
      add("build id", verdict::warning, "none; a hash of the file stands for it",
          "Link with -Wl,--build-id, as the library's CMake target and pkg-config file do");
    if (facts.debug_info)
      add("debug information", verdict::good, "present: stack traces have files and lines");
    else if (facts.symbols)
      add("debug information", verdict::warning, "none: stack traces have names without lines",
          "Compile with -g1, which costs no speed");
    else
      add("debug information", verdict::warning, "stripped: stack traces have addresses only",
          "Do not strip the program, and compile with -g1");
  }

  /// The line that the probe role prints, if it is among `output`.
  static std::optional<json> answer_in(const std::string& output) {
    std::size_t at = output.find("{\"clusterless\"");
    if (at == std::string::npos) return std::nullopt;
    const json found = json::parse(output.substr(at, output.find('\n', at) - at), nullptr, false);
    if (!found.is_object() || !found.contains("build") || !found["clusterless"].is_string())
      return std::nullopt;
    return found;
  }

  void ask(const os::program_file_facts& facts) {
    os::command_line command{.file = path_, .arguments = {path_}};
    command.environment = {{client::role_variable, client::probe_role}};
    const os::answer got = os::ask_program(command, patience);
    const auto told = answer_in(got.output);
    const std::string advice =
        "Call clusterless::init(argc, argv) first in main, before anything with effects";
    if (!told) {
      const std::string said =
          got.output.empty() ? "" : "; it printed '" + first_line(got.output.substr(0, 200)) + "'";
      if (!got.in_time)
        add("init", verdict::failure, "asked what it is, it ran on for 10 s" + said, advice);
      else if (got.end.exit_code == 127 && got.output.find("shared libraries") != std::string::npos)
        add("start", verdict::failure, first_line(got.output),
            "Install that library, or link the program statically");
      else
        add("init", verdict::failure, "asked what it is, it did something else" + said, advice);
      return;
    }
    const auto library = (*told)["clusterless"].get<std::string>();
    add("init", verdict::good, "called first; library version " + library);
    if (library != version)
      add("version", verdict::warning, "linked with " + library + ", and this tool is " + version,
          "Use the tool of the same version for this program's jobs");
    if ((*told)["build"] != facts.build)
      add("build id", verdict::failure, "the process says it is another build than its file",
          "Start the program by its own path, not through a wrapper");
  }

  std::string path_;
  findings& into_;
};

}  // namespace

void examine_program(const std::string& path, findings& into) {
  program_examination(path, into).run();
}

}  // namespace clusterless::cli
