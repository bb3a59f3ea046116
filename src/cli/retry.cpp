// SPDX-License-Identifier: MIT
// clusterless retry JOB
#include <clusterless/error.hpp>
#include <cstring>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"
#include "cli/recorded_program.hpp"
#include "client/roles.hpp"

namespace clusterless::cli {

int run_command(const retry_request& what, const common_options& how, const console& on) {
  const auto from = store_with(how.store, what.job);
  const auto& in = from.in;
  job_look job = look_at_whole(in, what.job);
  // What a client on another machine holds may be left by one that is dead: the program waits.
  if (job.state == job_state::running && in->holds_linger().count() == 0)
    throw error(error_kind::busy, "job '" + job.name + "' is being run by " +
                                      store::to_string(*job.driver) +
                                      "; follow it with `clusterless logs -f " + job.name + "`");
  const bool failures_too = !what.missing_only && job.counts.failed != 0;
  const bool nothing_missing = job.record->complete();
  int code = exit_good;
  if (nothing_missing && !failures_too) {
    on.say(
        "Nothing to run: " + std::to_string(job.counts.done) + " items of " + job.name +
        " have values" +
        (job.counts.failed != 0 ? ", " + std::to_string(job.counts.failed) + " have failed" : ""));
    code = job.counts.failed == 0 ? exit_good : exit_failed;
  } else {
    auto command =
        start_again(job.record->about(),
                    what.missing_only ? client::finish_role : client::retry_role, from.name);
    command.output_to_error = on.json_wanted();
    const auto end = os::run_in_foreground(command);
    if (end.signal != 0)
      on.complain("clusterless: " + command.file + " was ended by signal " +
                  std::to_string(end.signal) + " (" + ::strsignal(end.signal) +
                  "); what it finished is kept");
    code = end.signal != 0 ? 128 + end.signal : end.exit_code;
  }
  job = look_at(in, what.job);
  if (code == exit_good && !job.record->complete()) {
    on.complain("clusterless: all that is recorded of " + job.name + " has been run, " +
                std::to_string(job.counts.submitted) +
                " items; its client ended before it had read the rest of its inputs");
    code = exit_failed;
  }
  if (on.json_wanted()) on.print_json(summary(job));
  return code;
}

}  // namespace clusterless::cli
