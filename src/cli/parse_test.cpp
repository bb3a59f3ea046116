// SPDX-License-Identifier: MIT
#include "cli/parse.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

namespace {

using namespace clusterless;

cli::parsed parse(std::vector<const char*> words) {
  words.insert(words.begin(), "clusterless");
  return cli::parse(static_cast<int>(words.size()), words.data());
}

template <class R>
R request_of(const std::vector<const char*>& words) {
  const auto parsed = parse(words);
  REQUIRE_MESSAGE(parsed.what, parsed.text);
  return std::get<R>(parsed.what->what);
}

}  // namespace

TEST_CASE("each command fills its own request and the common options") {
  const auto parsed = parse({"show", "waves", "--item", "7", "--json", "-q", "--store", "/s"});
  REQUIRE(parsed.what);
  CHECK(parsed.what->common.json);
  CHECK(parsed.what->common.quiet);
  CHECK(parsed.what->common.store == "/s");
  const auto& show = std::get<cli::show_request>(parsed.what->what);
  CHECK(show.job == "waves");
  CHECK(show.item == 7);
  CHECK(show.limit == 10);

  CHECK(request_of<cli::jobs_request>({"jobs", "--state", "failed"}).state == "failed");
  CHECK(request_of<cli::logs_request>({"logs", "-f", "waves", "3", "-n", "5"}).tail == 5);
  CHECK(request_of<cli::cancel_request>({"cancel", "waves", "--wait", "1.5"}).wait == 1.5);
  CHECK(request_of<cli::destroy_request>({"destroy", "a", "b", "-y"}).jobs.size() == 2);
  CHECK(request_of<cli::replay_request>({"replay", "waves", "3", "--gdb"}).gdb);
  CHECK(request_of<cli::doctor_request>({"doctor"}).program.empty());
}

TEST_CASE("items are numbers and spans") {
  const auto items = request_of<cli::fetch_request>({"fetch", "waves", "7", "10-12"}).items;

  REQUIRE(items.size() == 2);
  CHECK(items[0].first == 7);
  CHECK(items[0].last == 7);
  CHECK(items[1].first == 10);
  CHECK(items[1].last == 12);
  for (const char* wrong : {"x", "3-1", "1-", "-", "1-2-3", "18446744073709551616", "1.5"})
    CHECK(parse({"fetch", "waves", wrong}).exit_code == cli::exit_misuse);
}

TEST_CASE("help is not a mistake, and mistakes name the help") {
  CHECK(parse({}).exit_code == cli::exit_good);
  CHECK(parse({"--help"}).text.find("Subcommands:") != std::string::npos);
  CHECK(parse({"fetch", "-h"}).text.find("Usage: clusterless fetch") != std::string::npos);
  for (const auto& words :
       std::vector<std::vector<const char*>>{{"fech"},
                                             {"fetch"},
                                             {"jobs", "x"},
                                             {"jobs", "--state", "good"},
                                             {"show", "--limit"},
                                             {"replay", "j"},
                                             {"replay", "j", "1", "--gdb", "--backtrace"},
                                             {"completion", "csh"}}) {
    const auto parsed = parse(words);
    CHECK_FALSE(parsed.what);
    CHECK(parsed.exit_code == cli::exit_misuse);
    CHECK(parsed.text.find("--help`") != std::string::npos);
  }
}

TEST_CASE("every command is described, takes the common options and explains each of its own") {
  const auto commands = cli::all_commands();

  CHECK(commands.size() == std::variant_size_v<cli::any_request>);
  for (const auto& command : commands) {
    CHECK_FALSE(command.help.empty());
    std::set<std::string> names;
    for (const auto& option : command.options) {
      CHECK_MESSAGE(!option.help.empty(), command.name);
      names.insert(option.names.begin(), option.names.end());
    }
    for (const char* common : {"--help", "--store", "--json", "--quiet"})
      CHECK_MESSAGE(names.count(common) == 1, command.name);
  }
}
