// SPDX-License-Identifier: MIT
#include "cli/parse.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <functional>
#include <memory>
#include <utility>

namespace clusterless::cli {

namespace {

bool read_number(std::string_view text, std::uint64_t& into) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
  return problem == std::errc() && end == text.data() + text.size();
}

/// "5" or "5-9"
bool read_span(const std::string& text, item_span& into) {
  const auto dash = text.find('-');
  const std::string_view all(text);
  if (!read_number(all.substr(0, dash), into.first)) return false;
  into.last = into.first;
  return dash == std::string::npos ||
         (read_number(all.substr(dash + 1), into.last) && into.last >= into.first);
}

std::string check_span(const std::string& text) {
  item_span ignored;
  return read_span(text, ignored) ? std::string()
                                  : "'" + text + "' is no item: give a number from 0, or 5-9";
}

std::string check_number(const std::string& text) {
  std::uint64_t ignored = 0;
  return read_number(text, ignored) ? std::string() : "'" + text + "' is no number from 0";
}

/// One command line's parser, and the request that it fills.
class command_line {
 public:
  command_line() : app_("Looks after named Clusterless jobs: lists, shows, takes up again.") {
    app_.name("clusterless");
    app_.require_subcommand(0, 1);
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.set_version_flag("--version", std::string(), "Print the version and exit");
    app_.get_formatter()->column_width(34);
    app_.footer(
        "Exit codes: 0 good, 1 what was asked for failed, 2 wrong use.\n"
        "Jobs are in the store: --store, else $CLUSTERLESS_STORE, else "
        "~/.local/state/clusterless\nand, when CREDENTIALS is set, the container of its account.\n"
        "More: man clusterless");
    add_looking();
    add_handling();
    add_rest();
  }

  CLI::App& app() { return app_; }
  request take() {
    request made{common_, {}};
    for (const auto& [command, make] : commands_)
      if (command->parsed()) made.what = make();
    return made;
  }

 private:
  /// A command whose own request `R` is filled by the options that `add` gives it.
  template <class R, class Add>
  void command(const char* name, const char* help, Add&& add) {
    CLI::App* made = app_.add_subcommand(name, help);
    made->set_help_flag("-h,--help", "Print this help and exit");
    made->add_option("--store", common_.store, "Directory of the store, or azure:CONTAINER")
        ->type_name("DIR");
    made->add_flag("--json", common_.json, "Print JSON");
    made->add_flag("-q,--quiet", common_.quiet, "Say nothing but errors and what was asked for");
    const auto to = std::make_shared<R>();
    add(*made, *to);
    commands_.emplace_back(made, [to] { return any_request(*to); });
  }

  template <class R>
  static CLI::Option* job(CLI::App& of, R& to) {
    return of.add_option("JOB", to.job, "Name of the job")->required()->type_name("");
  }
  template <class T>
  static CLI::Option* number(CLI::App& of, const char* name, T& to, const char* help) {
    return of
        .add_option_function<std::string>(
            name,
            [&to](const std::string& text) {
              std::uint64_t n = 0;
              read_number(text, n);
              to = n;
            },
            help)
        ->check(CLI::Validator(check_number, "", ""))
        ->type_name("N");
  }

  void add_looking() {
    command<jobs_request>("jobs", "List the jobs of the store", [](CLI::App& of, auto& to) {
      of.add_flag("--names", to.names, "Print names alone, one a line");
      of.add_option("--state", to.state, "List only jobs in this state")
          ->type_name("STATE")
          ->check(CLI::IsMember(
              {"running", "finished", "failed", "interrupted", "cancelled", "damaged"}));
    });
    command<show_request>(
        "show", "Show all that is known of a job or item", [](CLI::App& of, auto& to) {
          job(of, to);
          number(of, "-i,--item", to.item, "Show this item: value, error, output");
          number(of, "-n,--limit", to.limit, "Failed items shown (10)");
          of.add_flag("-a,--all", to.all, "Show every failed item");
          of.add_flag("--check", to.check, "Read and check the whole record");
        });
    command<logs_request>("logs", "Print what a job's tasks printed", [](CLI::App& of, auto& to) {
      job(of, to);
      number(of, "ITEM", to.item, "Only what this item printed")->type_name("");
      of.add_flag("-f,--follow", to.follow, "Go on until the job is over");
      number(of, "-n,--tail", to.tail, "Begin with the last N lines");
    });
    command<fetch_request>("fetch", "Print or save a job's values", [](CLI::App& of, auto& to) {
      job(of, to);
      of.add_option_function<std::vector<std::string>>(
            "ITEM",
            [&to](const std::vector<std::string>& texts) {
              to.items.resize(texts.size());
              for (std::size_t i = 0; i < texts.size(); ++i)
                read_span(texts[i], to.items[i]);
            },
            "Items, as 7 or 5-9; none: all")
          ->check(CLI::Validator(check_span, "", ""))
          ->type_name("");
      of.add_option("-o,--output", to.output,
                    "Save as PATH/<item>.json, .npy or PATH/<item>/<file>; one item in the file "
                    "PATH")
          ->type_name("PATH");
    });
  }

  void add_handling() {
    command<retry_request>("retry", "Run what is missing or has failed, with the same program",
                           [](CLI::App& of, auto& to) {
                             job(of, to);
                             of.add_flag("--missing-only", to.missing_only,
                                         "Leave failed items as they are");
                           });
    command<cancel_request>("cancel", "Stop a job; what is finished stays",
                            [](CLI::App& of, auto& to) {
                              job(of, to);
                              of.add_option("--wait", to.wait, "Longest wait for it to stop (60)")
                                  ->type_name("SECONDS")
                                  ->check(CLI::Range(0.0, 1e6));
                            });
    command<destroy_request>(
        "destroy", "Remove jobs with all their data", [](CLI::App& of, auto& to) {
          of.add_option("JOB", to.jobs, "Names of jobs")->required()->type_name("");
          of.add_flag("--force", to.force, "Also a job that a live process drives");
          of.add_flag("-y,--yes", to.yes, "Do not ask");
        });
    command<replay_request>(
        "replay", "Run one item again, alone and here", [](CLI::App& of, auto& to) {
          job(of, to);
          number(of, "ITEM", to.item, "Number of the item")->required()->type_name("");
          auto* gdb = of.add_flag("--gdb", to.gdb, "Under gdb, stopped where the function begins");
          of.add_flag("--backtrace", to.backtrace,
                      "Under gdb without questions: print the stack of a crash")
              ->excludes(gdb);
        });
  }

  void add_rest() {
    command<doctor_request>(
        "doctor", "Tell what will work here, what will not, and why", [](CLI::App& of, auto& to) {
          of.add_option("PROGRAM", to.program, "A program to examine as well")->type_name("");
          of.add_option("--price-per-hour", to.price_per_hour,
                        "What a node costs for an hour, to tell what a run would cost")
              ->type_name("PRICE")
              ->check(CLI::NonNegativeNumber);
        });
    command<emulator_request>("emulator", "Run an Azure Batch on this machine, to test offline",
                              [](CLI::App& of, auto& to) { add_emulator(of, to); });
    command<version_request>("version", "Print the version", [](CLI::App&, auto&) {});
    command<completion_request>("completion", "Print a completion script for a shell",
                                [](CLI::App& of, auto& to) {
                                  of.add_option("SHELL", to.shell, "bash, zsh or fish")
                                      ->required()
                                      ->type_name("")
                                      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
                                });
  }

  static void add_emulator(CLI::App& of, emulator_request& to) {
    number(of, "-p,--port", to.port, "Port on the loopback address (any that is free)");
    of.add_option("--host", to.host, "Address to listen on (127.0.0.1)")->type_name("ADDRESS");
    of.add_option("--account", to.account, "Name of the account (clusterless)")->type_name("NAME");
    of.add_option("--key", to.key, "Its key ($AZURE_BATCH_ACCESS_KEY, else a new one)")
        ->type_name("BASE64");
    of.add_option("--state", to.state, "Keep pools, jobs and files here")->type_name("DIR");
    of.add_option("--latency", to.latency, "zero, realistic, or seconds as JSON (zero)")
        ->type_name("TIMES");
    auto* key = of.add_option("--tls-key", to.private_key, "Key of the certificate, PEM");
    key->type_name("PATH");
    of.add_option("--tls-cert", to.certificate, "Serve https with this certificate, PEM")
        ->type_name("PATH")
        ->needs(key);
    of.add_flag("--azurite", to.azurite, "Start Azurite as well, for blobs");
    number(of, "--azurite-port", to.azurite_port, "Port of Azurite (10000)");
    of.add_option("--credentials", to.credentials,
                  "Write a credentials.json for CREDENTIALS to this file")
        ->type_name("FILE");
    of.add_option("--azurite-program", to.azurite_program, "Azurite's azurite-blob or main.js")
        ->type_name("PATH");
    of.add_option("--pretend", to.pretend, "Run nothing: each command succeeds after SECONDS")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 1e6));
    number(of, "--core-quota", to.core_quota, "Dedicated cores of the account (no limit)");
    number(of, "--spot-core-quota", to.spot_core_quota, "Spot cores of the account (no limit)");
    number(of, "--pool-quota", to.pool_quota, "Pools of the account (no limit)");
    number(of, "--job-quota", to.job_quota, "Active jobs of the account (no limit)");
    of.add_option("--client-id", to.client_id, "Service principal that gets tokens (clusterless)")
        ->type_name("ID");
    of.add_option("--client-secret", to.client_secret, "Its secret (the account's key)")
        ->type_name("SECRET");
    of.add_option("--token-lifetime", to.token_lifetime, "How long tokens are good (3600)")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.0, 1e6));
    of.add_option("--fault", to.faults, "A fault as JSON; may be given again")->type_name("JSON");
  }

  CLI::App app_;
  common_options common_;
  std::vector<std::pair<CLI::App*, std::function<any_request()>>> commands_;
};

std::string first_words(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  while (!line.empty() && line.back() == ' ')
    line.pop_back();
  return line;
}

}  // namespace

parsed parse(int argc, const char* const* argv) {
  command_line line;
  try {
    line.app().parse(argc, argv);
  } catch (const CLI::CallForVersion&) {
    return {request{{}, version_request{}}, {}, exit_good};
  } catch (const CLI::CallForHelp&) {
    const auto chosen = line.app().get_subcommands();
    return {
        {}, chosen.empty() ? line.app().help() : chosen.front()->help("clusterless"), exit_good};
  } catch (const CLI::ParseError& problem) {
    const auto chosen = line.app().get_subcommands();
    const std::string command = chosen.empty() ? "" : ' ' + chosen.front()->get_name();
    return {{},
            "clusterless" + command + ": " + first_words(problem.what()) + "; see `clusterless" +
                command + " --help`\n",
            exit_misuse};
  }
  if (line.app().get_subcommands().empty()) return {{}, line.app().help(), exit_good};
  return {line.take(), {}, exit_good};
}

std::vector<command_words> all_commands() {
  command_line line;
  std::vector<command_words> all;
  for (const CLI::App* each : line.app().get_subcommands([](CLI::App*) { return true; })) {
    command_words words{each->get_name(), each->get_description(), {}, {}};
    for (const CLI::Option* option : each->get_options()) {
      if (option->get_positional()) {
        words.operands.push_back(option->get_name(true));
        continue;
      }
      option_words made;
      for (const std::string& name : option->get_snames())
        made.names.push_back("-" + name);
      for (const std::string& name : option->get_lnames())
        made.names.push_back("--" + name);
      if (option->get_expected_max() > 0) made.value = option->get_type_name();
      made.help = option->get_description();
      words.options.push_back(std::move(made));
    }
    all.push_back(std::move(words));
  }
  return all;
}

}  // namespace clusterless::cli
