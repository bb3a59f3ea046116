// SPDX-License-Identifier: MIT
#include "config/parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>
#include <variant>

#include "config/document.hpp"
#include "config/file.hpp"
#include "config/wording.hpp"
#include "core/defaults.hpp"

namespace clusterless::config {

namespace {

// What a text must be; the rule of a whole number is its limits.
// The last two are taken as they are and come with a note, as nothing here reads them.
enum class text_rule { id, container_name, word, image, of_julia, unread };
struct count_rule {
  int least;
  int most;
};

using count_field = given<int> parameters::*;
using flag_field = given<bool> parameters::*;
using text_field = given<std::string> parameters::*;
using field = std::variant<count_field, flag_field, text_field>;

struct key_rule {
  std::string_view key;
  config::field field;
  count_rule count = {1, defaults::max_count};
  text_rule text = text_rule::word;
};

using p = parameters;
constexpr count_rule retries = {0, defaults::max_user_retries};
constexpr count_rule counts = {1, defaults::max_count};

constexpr std::array rules = {
    key_rule{"_POOL_ID", &p::pool_id, {}, text_rule::id},
    key_rule{"_POOL_COUNT", &p::pool_count, counts},
    key_rule{"_NODE_COUNT_PER_POOL", &p::node_count_per_pool, counts},
    key_rule{"_POOL_VM_SIZE", &p::pool_vm_size},
    key_rule{"_JOB_ID", &p::job_id, {}, text_rule::id},
    key_rule{"_STANDARD_OUT_FILE_NAME", &p::standard_out_file_name, {}, text_rule::unread},
    key_rule{"_NODE_OS_PUBLISHER", &p::node_os_publisher},
    key_rule{"_NODE_OS_OFFER", &p::node_os_offer},
    key_rule{"_NODE_OS_SKU", &p::node_os_sku},
    key_rule{"_BLOB_CONTAINER", &p::blob_container, {}, text_rule::container_name},
    key_rule{"_INTER_NODE_CONNECTION", &p::inter_node_connection},
    key_rule{"_NUM_RETRYS", &p::num_retrys, retries},
    key_rule{"_MPI_RUN", &p::mpi_run},
    key_rule{"_CONTAINER", &p::container, {}, text_rule::image},
    key_rule{"_NUM_NODES_PER_TASK", &p::num_nodes_per_task, counts},
    key_rule{"_NUM_PROCS_PER_NODE", &p::num_procs_per_node, counts},
    key_rule{"_OMP_NUM_THREADS", &p::omp_num_threads, counts},
    key_rule{"_JULIA_NUM_THREADS", &p::julia_num_threads, {}, text_rule::of_julia},
    key_rule{"_JULIA_DEPOT_PATH", &p::julia_depot_path, {}, text_rule::of_julia},
    key_rule{"_PYTHONPATH", &p::python_path, {}, text_rule::of_julia},
    key_rule{"_VERBOSE", &p::verbose},
};

constexpr auto keys = [] {
  std::array<std::string_view, rules.size()> out;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = rules[i].key;
  return out;
}();

// Keys of the other file, to tell when the two were swapped.
constexpr std::array<std::string_view, 3> credential_prefixes = {"_AD_", "_BATCH_", "_STORAGE_"};

bool is_letter_or_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= defaults::max_id_length &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_'; });
}

bool is_container_name(std::string_view text) {
  if (text.size() < defaults::min_container_length) return false;
  if (text.size() > defaults::max_container_length) return false;
  if (text.front() == '-' || text.back() == '-') return false;
  if (text.find("--") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || failure != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// Each takes one kind of value; false, and nothing taken, when the rule does not allow it.
bool take(given<int>& to, const key_rule& rule, const std::string& value) {
  const std::optional<int> number = whole_number(value);
  if (!number || *number < rule.count.least || *number > rule.count.most) return false;
  to.value = *number;
  return true;
}

bool take(given<bool>& to, const key_rule&, const std::string& value) {
  if (value != "0" && value != "1") return false;
  to.value = value == "1";
  return true;
}

bool take(given<std::string>& to, const key_rule& rule, const std::string& value) {
  switch (rule.text) {
    case text_rule::id:
      if (!is_id(value)) return false;
      break;
    case text_rule::container_name:
      if (!is_container_name(value)) return false;
      break;
    case text_rule::word:
    case text_rule::image:
      if (!is_word(value)) return false;
      break;
    case text_rule::of_julia:
    case text_rule::unread:
      break;
  }
  to.value = value;
  if (rule.text == text_rule::image && value == "None") to.value->clear();
  if (rule.text == text_rule::container_name) {
    for (char& c : *to.value) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return true;
}

std::string allowed(const key_rule& rule) {
  if (std::holds_alternative<count_field>(rule.field)) {
    return "a whole number from " + std::to_string(rule.count.least) + " to " +
           std::to_string(rule.count.most);
  }
  if (std::holds_alternative<flag_field>(rule.field)) return "\"0\" or \"1\"";
  switch (rule.text) {
    case text_rule::id:
      return "1 to 64 letters, digits, \"-\" and \"_\"";
    case text_rule::container_name:
      return "3 to 63 letters, digits and single \"-\" between them";
    case text_rule::word:
      return "a text without spaces, not empty";
    case text_rule::image:
      return "the name of a container image, or \"None\"";
    case text_rule::of_julia:
    case text_rule::unread:
      break;
  }
  return "a text or a number";
}

std::string unknown_key(const std::string& source, const entry& at) {
  const std::string start = place(source, at.line) + ": ";
  if (at.key == "_POOL_NODE_COUNT") {
    return start +
           "\"_POOL_NODE_COUNT\" was never read by AzureClusterlessHPC.jl either; "
           "write \"_NODE_COUNT_PER_POOL\"";
  }
  const std::string unknown = start + "unknown key " + in_quotes(at.key);
  const std::string_view near = nearest(at.key, keys);
  if (!near.empty()) return unknown + "; did you mean \"" + std::string(near) + "\"?";
  for (const std::string_view prefix : credential_prefixes) {
    if (at.key.starts_with(prefix)) {
      return unknown + "; it looks like one of credentials.json: is PARAMETERS the right file?";
    }
  }
  const std::vector<std::string> known(keys.begin(), keys.end());
  return unknown + "; known are " + joined(known);
}

// Two lines tell more than one: which is right is for the user to say.
std::string set_twice(const std::string& source, const entry& again, int first_line) {
  return place(source, again.line) + ": " + in_quotes(again.key) + " is set already in line " +
         std::to_string(first_line) + "; keep one of them";
}

// Takes the value of `from`; the problem with it, or "".
std::string set(parameters& to, const key_rule& rule, const entry& from) {
  const bool scalar = from.kind == value_kind::text || from.kind == value_kind::number;
  const bool taken = scalar && std::visit(
                                   [&](auto at) {
                                     (to.*at).line = from.line;
                                     return take(to.*at, rule, from.text);
                                   },
                                   rule.field);
  if (taken) return {};
  return place(to.source, from.line) + ": \"" + std::string(rule.key) + "\" is " + shown(from) +
         ", but must be " + allowed(rule);
}

// "_KEY (line 3), …" for the keys under `rule` that are set, in the order of the file.
std::string places(const parameters& from, text_rule rule) {
  std::map<int, std::string> found;
  for (const key_rule& each : rules) {
    const text_field* at = std::get_if<text_field>(&each.field);
    if (at == nullptr || each.text != rule || !(from.*(*at))) continue;
    const int line = (from.*(*at)).line;
    std::string& text = found[line];
    text +=
        (text.empty() ? "" : ", ") + std::string(each.key) + " (line " + std::to_string(line) + ")";
  }
  std::string all;
  for (const auto& [line, text] : found)
    all += (all.empty() ? "" : ", ") + text;
  return all;
}

void add_notes(parameters& to) {
  const std::string julia = places(to, text_rule::of_julia);
  if (!julia.empty()) {
    to.notes.push_back(to.source + ": without effect, for Julia only: " + julia);
  }
  const std::string unread = places(to, text_rule::unread);
  if (!unread.empty()) {
    to.notes.push_back(to.source + ": without effect, output is kept per task: " + unread);
  }
}

}  // namespace

std::span<const std::string_view> parameter_keys() {
  return keys;
}

parameters parse_parameters(std::string_view text, const std::string& source_name) {
  const document_rules shape = {false, true, "{\"_POOL_COUNT\": \"1\"}"};
  const std::vector<object> objects = parse_document(text, source_name, shape);
  parameters out;
  out.source = source_name;
  std::vector<std::string> problems;
  const auto add = [&](std::string problem) {
    if (!problem.empty()) problems.push_back(std::move(problem));
  };
  std::array<int, rules.size()> first_line = {};
  for (const entry& next : objects.front().entries) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const key_rule& r) { return r.key == next.key; });
    if (rule == rules.end()) {
      add(unknown_key(source_name, next));
      continue;
    }
    int& first = first_line[static_cast<std::size_t>(rule - rules.begin())];
    if (first != 0) {
      add(set_twice(source_name, next, first));
      continue;
    }
    first = next.line;
    add(set(out, *rule, next));
  }
  throw_problems(problems);
  add_notes(out);
  return out;
}

parameters load_parameters(const std::string& path) {
  return parse_parameters(
      read_small_file({path, "parameters file",
                       "correct the path in PARAMETERS or pool_options.parameters",
                       defaults::max_config_bytes}),
      path);
}

}  // namespace clusterless::config
