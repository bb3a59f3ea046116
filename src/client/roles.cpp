// SPDX-License-Identifier: MIT
#include "client/roles.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <clusterless/codec.hpp>
#include <clusterless/detail/client.hpp>
#include <clusterless/version.hpp>

#include "client/manifests.hpp"
#include "client/pool.hpp"
#include "client/stores.hpp"
#include "core/defaults.hpp"
#include "core/wire.hpp"
#include "os/program.hpp"
#include "session/broadcasts.hpp"
#include "session/context.hpp"
#include "session/run_item.hpp"

/// Stays a function of its own, so that a debugger finds it: see replay_marker.
extern "C" [[gnu::noinline, gnu::used]] void clusterless_replay_begins() {
  asm volatile("");
}

namespace clusterless::client {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : value;
}

/// Finishes what is missing; with `retry` what failed as well. Exit code 0 when every item has a
/// value, 1 when some failed.
int finish_job(const std::string& name, bool retry) {
  auto made = detail::reopen_job(name, "");
  if (retry) {
    made->wait_for(std::chrono::nanoseconds(-1));
    const auto now = made->status();
    if (now.failed != 0 && !now.cancelled) made->retry_failed();
  }
  made->wait_for(std::chrono::nanoseconds(-1));
  const auto now = made->status();
  std::fprintf(stderr, "%s: %zu done, %zu failed\n", name.c_str(), now.done, now.failed);
  return now.failed == 0 ? 0 : 1;
}

void write_outcome(const std::string& path, const detail::buffer& pack) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(pack.data()), static_cast<std::streamsize>(pack.size()));
  if (!file.flush()) throw error(error_kind::failed, "cannot write the outcome to " + path);
}

/// Runs one item here, in this process, with its exact input; maps nested in it run in place.
int replay_item(const std::string& name, std::uint64_t item, const std::string& outcome) {
  const auto stores = stores_to_look_in();
  recorder stored(store::job_record::open(store_of_job(stores, name).in, name));
  auto* record = &stored.record();
  session::find_broadcasts_with([&](const auto& key) { return stored.broadcast(key); });
  const auto& about = record->about();
  if (about.build != os::to_hex(os::this_build()))
    throw error(error_kind::misuse, "job '" + name + "' was submitted by build " + about.build +
                                        " of this program, and this is build " +
                                        os::to_hex(os::this_build()));
  const auto input = record->read_input(item);
  if (!input)
    throw error(error_kind::misuse, "job '" + name + "' has no item " + std::to_string(item) +
                                        "; it has " + std::to_string(record->counts().submitted));
  const auto bound_bytes = record->bound();
  session::item_call call;
  call.function =
      session::function_at({about.function.entry, about.function.target.value_or(wire::no_target)});
  reader bound(bound_bytes.data(), bound_bytes.size());
  call.bound = call.function.entry->decode_bound(bound);
  call.max_bytes = defaults::max_item_bytes;
  for (const auto& [key, value] : about.options.env)
    ::setenv(key.c_str(), value.c_str(), 1);
  detail::buffer out;
  detail::segment_list beside;
  session::this_context().item = item;
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);  // what it printed is there when it crashes
  clusterless_replay_begins();
  const bool good = session::run_item(
      call, item, {input->kind, input->body.data(), input->body.size()}, {}, out, beside);
  session::drop_scratch();
  std::fflush(stdout);
  if (!outcome.empty()) {
    write_outcome(outcome, out);
    return good ? 0 : 1;
  }
  if (good) {
    std::fprintf(stderr, "%s item %llu: a value of %zu bytes\n", name.c_str(),
                 static_cast<unsigned long long>(item), out.size());
    return 0;
  }
  detail::pack_cursor cursor(out.data(), out.size());
  detail::entry_view entry;
  cursor.next(entry);
  std::fprintf(stderr, "%s\n", remote_error(detail::decode_error(entry.body, entry.size)).what());
  return 1;
}

void tell_facts() {
  std::printf("{\"clusterless\": \"%s\", \"build\": \"%s\"}\n", version,
              os::to_hex(os::this_build()).c_str());
}

}  // namespace

void play_role() {
  const std::string role = variable(role_variable);
  if (role.empty()) return;
  const std::string name = variable(job_variable);
  const std::string item = variable(item_variable);
  const std::string outcome = variable(outcome_variable);
  for (const char* each : {role_variable, job_variable, item_variable, outcome_variable})
    ::unsetenv(each);
  int code = 0;
  try {
    if (role == probe_role)
      tell_facts();
    else if (role == finish_role || role == retry_role)
      code = finish_job(name, role == retry_role);
    else if (role == replay_role)
      code = replay_item(name, std::strtoull(item.c_str(), nullptr, 10), outcome);
    else
      throw error(error_kind::misuse, "unknown role '" + role + "' in " + role_variable);
  } catch (const std::exception& caught) {
    const auto* ours = dynamic_cast<const error*>(&caught);
    code = ours != nullptr && ours->kind() == error_kind::misuse ? 2 : 1;
    std::fprintf(stderr, "clusterless: %s\n", caught.what());
  }
  std::fflush(nullptr);
  std::exit(code);
}

}  // namespace clusterless::client
