// SPDX-License-Identifier: MIT
// clusterless fetch JOB [ITEM…]
#include <algorithm>
#include <clusterless/detail/client.hpp>
#include <clusterless/error.hpp>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/job_look.hpp"
#include "cli/parse.hpp"
#include "cli/save.hpp"

namespace clusterless::cli {

namespace {

constexpr std::uint64_t most_complaints = 10;

/// What becomes of each item that is fetched.
class receiver {
 public:
  virtual ~receiver() = default;
  virtual void value(std::uint64_t item, bytes encoded) = 0;
  virtual void failure(std::uint64_t item, const error_info& why) = 0;
  virtual void missing(std::uint64_t item) = 0;
  virtual void end() = 0;
};

/// Tells of items without a value on standard error: the first ones, and how many more there are.
class complaints {
 public:
  explicit complaints(const console& on) : on_(on) {}
  void failure(std::uint64_t item, const error_info& why) {
    const std::string type = why.type.empty() ? "" : ' ' + on_one_line(why.type);
    tell(item, std::string("failed: ") + clusterless::to_string(why.cause) + type + ": " +
                   first_line(why.message));
  }
  void missing(std::uint64_t item) { tell(item, "has no outcome yet"); }
  void end() {
    if (count_ > most_complaints)
      on_.complain("… and " + std::to_string(count_ - most_complaints) + " more without a value");
  }

 private:
  void tell(std::uint64_t item, const std::string& what) {
    if (++count_ <= most_complaints) on_.complain("item " + std::to_string(item) + " " + what);
  }
  const console& on_;
  std::uint64_t count_ = 0;
};

class line_receiver final : public receiver {
 public:
  line_receiver(const type& of, const console& on, bool numbered)
      : of_(of), on_(on), numbered_(numbered), complaints_(on) {}
  void value(std::uint64_t item, bytes encoded) override {
    const std::string text = json_text(decode_value(of_, encoded));
    on_.print((numbered_ ? std::to_string(item) + ": " : "") + text + '\n');
  }
  void failure(std::uint64_t item, const error_info& why) override {
    complaints_.failure(item, why);
  }
  void missing(std::uint64_t item) override { complaints_.missing(item); }
  void end() override { complaints_.end(); }

 private:
  const type& of_;
  const console& on_;
  bool numbered_;
  complaints complaints_;
};

/// One document, written as it grows.
class json_receiver final : public receiver {
 public:
  json_receiver(const type& of, const std::string& job, const console& on) : of_(of), on_(on) {
    on_.print("{\"job\": " + json_text(job) + ", \"type\": " + json_text(in_words(of)) +
              ", \"items\": [");
  }
  void value(std::uint64_t item, bytes encoded) override {
    add(json{{"item", item}, {"state", "value"}, {"value", decode_value(of_, encoded)}});
  }
  void failure(std::uint64_t item, const error_info& why) override {
    add(json{{"item", item}, {"state", "failed"}, {"error", error_facts(why)}});
  }
  void missing(std::uint64_t item) override { add(json{{"item", item}, {"state", "missing"}}); }
  void end() override { on_.print("\n]}\n"); }

 private:
  void add(const json& one) {
    on_.print((any_ ? ",\n  " : "\n  ") + json_text(one));
    any_ = true;
  }
  const type& of_;
  const console& on_;
  bool any_ = false;
};

class saving_receiver final : public receiver {
 public:
  saving_receiver(const type& of, std::string to, bool one_file, const console& on)
      : of_(of), to_(std::move(to)), one_file_(one_file), on_(on), complaints_(on) {}
  void value(std::uint64_t item, bytes encoded) override {
    std::vector<std::string> paths = {to_};
    if (one_file_)
      save_as(of_, encoded, to_);
    else
      paths = save_in_directory(of_, encoded, item, to_);
    for (const std::string& path : paths) {
      on_.say("item " + std::to_string(item) + ": " + on_one_line(path));
      saved_.push_back(json{{"item", item}, {"path", path}});
    }
  }
  void failure(std::uint64_t item, const error_info& why) override {
    complaints_.failure(item, why);
    failed_.push_back(item);
  }
  void missing(std::uint64_t item) override {
    complaints_.missing(item);
    missing_.push_back(item);
  }
  void end() override {
    complaints_.end();
    if (on_.json_wanted())
      on_.print_json(json{{"saved", saved_}, {"failed", failed_}, {"missing", missing_}});
  }

 private:
  const type& of_;
  std::string to_;
  bool one_file_;
  const console& on_;
  complaints complaints_;
  json saved_ = json::array();
  json failed_ = json::array();
  json missing_ = json::array();
};

std::vector<item_span> chosen_items(const job_look& job, const fetch_request& what) {
  const std::uint64_t known = std::max(job.counts.submitted, job.counts.total.value_or(0));
  if (what.items.empty()) {
    if (known == 0) return {};
    return {{0, known - 1}};
  }
  for (const item_span& each : what.items)
    if (each.last >= known)
      throw error(error_kind::misuse, "job '" + job.name + "' has no item " +
                                          std::to_string(each.last) + "; it has " +
                                          std::to_string(known) + ", from 0");
  return what.items;
}

std::unique_ptr<receiver> receiver_for(const fetch_request& what, const type& of,
                                       const console& on) {
  const bool one = what.items.size() == 1 && what.items[0].first == what.items[0].last;
  if (!what.output.empty()) {
    const bool as_file =
        one && !what.output.ends_with('/') && !std::filesystem::is_directory(what.output);
    return std::make_unique<saving_receiver>(of, what.output, as_file, on);
  }
  if (on.json_wanted()) return std::make_unique<json_receiver>(of, what.job, on);
  return std::make_unique<line_receiver>(of, on, !one);
}

}  // namespace

int run_command(const fetch_request& what, const common_options& how, const console& on) {
  job_look job = look_at_whole(store_with(how.store, what.job).in, what.job);
  const type of = parse_schema(job.record->about().result_schema);
  const auto spans = chosen_items(job, what);
  const auto to = receiver_for(what, of, on);
  bool all_there = true;
  for (const item_span& span : spans) {
    for (std::uint64_t item = span.first;; ++item) {
      const auto entry = job.record->read_outcome(item);
      if (entry && entry->kind == detail::entry_kind::value) {
        to->value(item, entry->body);
      } else {
        all_there = false;
        if (entry)
          to->failure(item, detail::decode_error(entry->body.data(), entry->body.size()));
        else
          to->missing(item);
      }
      if (item == span.last) break;
    }
  }
  to->end();
  return all_there ? exit_good : exit_failed;
}

}  // namespace clusterless::cli
