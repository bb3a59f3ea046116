// SPDX-License-Identifier: MIT
#include <clusterless/error.hpp>
#include <clusterless/version.hpp>
#include <cstdio>
#include <exception>

#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/parse.hpp"

namespace clusterless::cli {

int run_command(const version_request&, const common_options&, const console& on) {
  if (on.json_wanted())
    on.print_json(json{{"version", version}});
  else
    on.print(std::string("clusterless ") + version + '\n');
  return exit_good;
}

int run_command(const completion_request& what, const common_options&, const console& on) {
  const std::string script = completion_script(what.shell);
  if (on.json_wanted())
    on.print_json(json{{"shell", what.shell}, {"script", script}});
  else
    on.print(script);
  return exit_good;
}

int run(int argc, const char* const* argv) {
  const parsed line = parse(argc, argv);
  if (!line.what) {
    std::fputs(line.text.c_str(), line.exit_code == exit_good ? stdout : stderr);
    return line.exit_code;
  }
  const console on(line.what->common);
  const auto complain = [&](error_kind kind, const char* text) {
    on.complain(std::string("clusterless: ") + text);
    return kind == error_kind::misuse ? exit_misuse : exit_failed;
  };
  try {
    const int code =
        std::visit([&](const auto& what) { return run_command(what, line.what->common, on); },
                   line.what->what);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    return complain(error_kind::failed,
                    "standard output could not be written, and what was asked for is not whole; "
                    "make room or write it elsewhere");
  } catch (const error& caught) {
    return complain(caught.kind(), caught.what());
  } catch (const std::exception& caught) {
    return complain(error_kind::failed, caught.what());
  }
}

}  // namespace clusterless::cli
