// SPDX-License-Identifier: MIT
// clusterless logs JOB [ITEM]
#include <algorithm>
#include <chrono>
#include <clusterless/error.hpp>
#include <cstdio>
#include <deque>
#include <limits>
#include <thread>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"

namespace clusterless::cli {

namespace {

constexpr std::chrono::milliseconds shortest_pause{50};
constexpr std::chrono::milliseconds longest_pause{1000};

class log_printer {
 public:
  log_printer(const logs_request& what, const console& on, bool several_pools)
      : what_(what), on_(on), several_pools_(several_pools) {}

  /// Takes in all that is there now; true when there was anything new. A damaged part is named and
  /// left out.
  bool take(store::output_reader& from) {
    bool any = false;
    store::output_record record;
    for (;;) {
      try {
        if (!from.next(record)) return any;
      } catch (const error& caught) {
        if (damage_ == caught.what()) throw;  // no damage that can be passed by
        damage_ = caught.what();
        on_.complain("clusterless: " + damage_);
        continue;
      }
      if (what_.item && record.item != *what_.item) continue;
      any = true;
      add(record);
    }
  }

  /// Prints what is kept back for --tail; from now on lines are printed as they come.
  void begin() {
    for (const std::string& line : kept_)
      on_.print(line);
    kept_.clear();
    begun_ = true;
    std::fflush(stdout);
  }
  bool damaged() const { return !damage_.empty(); }

 private:
  void add(const store::output_record& record) {
    std::string prefix = several_pools_ ? "pool " + std::to_string(record.pool) + " " : "";
    prefix += "task " + std::to_string(record.task) + " worker " + std::to_string(record.worker);
    std::string_view text = record.text;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      put(on_.json_wanted() ? json_line(record, text.substr(0, end))
                            : prefix + ": " + on_.outside(text.substr(0, end)) + '\n');
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  static std::string json_line(const store::output_record& record, std::string_view text) {
    json line{{"unix_ms", record.unix_ms}, {"task", record.task}};
    line["item"] = record.item == store::no_item ? json() : json(record.item);
    line["pool"] = record.pool;
    line["worker"] = record.worker;
    line["text"] = std::string(text);
    return json_text(line) + '\n';
  }

  void put(std::string line) {
    if (begun_) {
      on_.print(line);
      return;
    }
    kept_.push_back(std::move(line));
    if (what_.tail && kept_.size() > *what_.tail) kept_.pop_front();
  }

  const logs_request& what_;
  const console& on_;
  bool several_pools_;
  bool begun_ = false;
  std::string damage_;
  std::deque<std::string> kept_;
};

}  // namespace

int run_command(const logs_request& what, const common_options& how, const console& on) {
  job_look job = look_at(store_with(how.store, what.job).in, what.job);
  if (!job.record) throw error(error_kind::failed, job.damage);
  auto output = job.record->read_output();
  log_printer printer(what, on, job.record->about().pool.pools > 1);
  if (!what.tail) printer.begin();
  printer.take(output);
  printer.begin();
  auto pause = shortest_pause;
  while (what.follow && job.state == job_state::running) {
    std::this_thread::sleep_for(pause);
    job.refresh();
    // What was printed before the job was over is read after it was seen to be over.
    const bool any = printer.take(output);
    std::fflush(stdout);
    pause = any ? shortest_pause : std::min(2 * pause, longest_pause);
  }
  if (what.follow && !job.damage.empty()) on.complain("clusterless: " + job.damage);
  return printer.damaged() || !job.damage.empty() ? exit_failed : exit_good;
}

}  // namespace clusterless::cli
