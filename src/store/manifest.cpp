// SPDX-License-Identifier: MIT
#include "store/manifest.hpp"

#include <clusterless/error.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "core/checksum.hpp"

namespace clusterless::store {
namespace {

using json = nlohmann::json;

constexpr int format_version = 1;
constexpr int max_depth = 8;
constexpr std::size_t max_manifest = 64u << 20;  // an environment and arguments of any sane size

std::string sum_of(const json& without_sum) {
  const std::string text = without_sum.dump();
  return core::to_hex(core::checksum64(text.data(), text.size()));
}

std::string to_hex_bytes(const std::string& text) {
  std::string hex;
  for (const char c : text) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// A string as it is when it is UTF-8, else {"hex": "…"}.
json text_json(const std::string& text) {
  json plain = text;
  try {
    (void)plain.dump();
    return plain;
  } catch (const json::type_error&) {
    return {{"hex", to_hex_bytes(text)}};
  }
}

json texts_json(const std::vector<std::string>& texts) {
  json list = json::array();
  for (const std::string& text : texts)
    list.push_back(text_json(text));
  return list;
}

template <class T>
void set_if(json& to, const char* key, const std::optional<T>& value) {
  if (value) to[key] = *value;
}

json options_json(const map_options& from) {
  json env = json::array();
  for (const auto& [name, value] : from.env)
    env.push_back(json::array({text_json(name), text_json(value)}));
  json out = {
      {"timeout_ns", from.timeout.count()},
      {"items_per_task", from.items_per_task},
      {"on_error", from.on_error == on_error::stop ? "stop" : "keep_going"},
      {"priority", from.priority},
      {"env", env},
      {"max_item_bytes", from.max_item_bytes},
      {"prints", from.prints},
  };
  set_if(out, "nodes_per_task", from.nodes_per_task);
  set_if(out, "procs_per_node", from.procs_per_node);
  set_if(out, "retries_user", from.retries.user);
  set_if(out, "retries_lost", from.retries.lost);
  return out;
}

/// One JSON object being read: every key must be known, every known key of its type.
class object_reader {
 public:
  object_reader(const json& from, std::string path, const std::string& where)
      : from_(from), path_(std::move(path)), where_(where) {
    if (!from.is_object()) fail("", "an object");
  }
  /// Throws when there are keys nobody asked for.
  void finish() const {
    for (const auto& [key, value] : from_.items())
      if (asked_.count(key) == 0)
        throw error(error_kind::failed, where_ + ": unknown key " + quoted(path_ + key) +
                                            "; it was written by another version of clusterless");
  }
  bool has(const char* key) {
    asked_.insert(key);
    return from_.contains(key);
  }
  const json& at(const char* key, const char* kind) {
    if (!has(key)) fail(key, kind);
    return from_[key];
  }
  object_reader object(const char* key) {
    return object_reader(at(key, "an object"), path_ + key + ".", where_);
  }
  void read(const char* key, std::string& into) { into = text(at(key, "a text"), key); }
  void read(const char* key, std::vector<std::string>& into) {
    for (const json& one : list(key))
      into.push_back(text(one, key));
  }
  void read(const char* key, bool& into) {
    const json& value = at(key, "true or false");
    if (!value.is_boolean()) fail(key, "true or false");
    into = value.get<bool>();
  }
  template <class T>
  requires std::is_integral_v<T>
  void read(const char* key, T& into) { into = number<T>(at(key, "a whole number"), key); }
  template <class T>
  void read(const char* key, std::optional<T>& into) {
    if (has(key)) into = number<T>(from_[key], key);
  }
  const json& list(const char* key) {
    const json& value = at(key, "a list");
    if (!value.is_array()) fail(key, "a list");
    return value;
  }
  std::string text(const json& value, const char* key) const;
  [[noreturn]] void fail(const char* key, const char* wanted) const {
    const bool there = from_.is_object() && from_.contains(key);
    throw error(error_kind::failed, where_ + ": key " + quoted(path_ + key) +
                                        (there ? " must be " : " is missing: it must be ") +
                                        wanted);
  }

 private:
  template <class T>
  T number(const json& value, const char* key) const {
    const char* wanted = std::is_signed_v<T> ? "a whole number" : "a whole number, not negative";
    if (value.is_number_unsigned()) {
      const auto n = value.get<std::uint64_t>();
      if (n <= static_cast<std::uint64_t>(std::numeric_limits<T>::max())) return static_cast<T>(n);
    } else if (value.is_number_integer() && std::is_signed_v<T>) {
      const auto n = value.get<std::int64_t>();
      if (n >= static_cast<std::int64_t>(std::numeric_limits<T>::min())) return static_cast<T>(n);
    }
    fail(key, wanted);
  }

  const json& from_;
  std::string path_;
  const std::string& where_;
  std::set<std::string> asked_;
};

std::string object_reader::text(const json& value, const char* key) const {
  if (value.is_string()) return value.get<std::string>();
  const bool coded = value.is_object() && value.size() == 1 && value.contains("hex");
  if (!coded || !value["hex"].is_string()) fail(key, "a text");
  const auto hex = value["hex"].get<std::string>();
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = i + 1 < hex.size() ? hex_digit(hex[i + 1]) : -1;
    if (high < 0 || low < 0) fail(key, "a text (its hexadecimal form is broken)");
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

map_options read_options(object_reader in) {
  map_options out;
  std::int64_t timeout = 0;
  in.read("timeout_ns", timeout);
  out.timeout = std::chrono::nanoseconds(timeout);
  in.read("items_per_task", out.items_per_task);
  std::string word;
  in.read("on_error", word);
  if (word != "stop" && word != "keep_going") in.fail("on_error", "'keep_going' or 'stop'");
  out.on_error = word == "stop" ? on_error::stop : on_error::keep_going;
  in.read("priority", out.priority);
  for (const json& pair : in.list("env")) {
    if (!pair.is_array() || pair.size() != 2) in.fail("env", "a list of [name, value]");
    out.env.emplace_back(in.text(pair[0], "env"), in.text(pair[1], "env"));
  }
  in.read("max_item_bytes", out.max_item_bytes);
  in.read("prints", out.prints);
  in.read("nodes_per_task", out.nodes_per_task);
  in.read("procs_per_node", out.procs_per_node);
  in.read("retries_user", out.retries.user);
  in.read("retries_lost", out.retries.lost);
  in.finish();
  return out;
}

function_record read_function(object_reader in) {
  function_record out;
  in.read("entry", out.entry);
  in.read("target", out.target);
  in.read("label", out.label);
  in.finish();
  return out;
}

pool_shape read_pool(object_reader in) {
  pool_shape out;
  in.read("engine", out.engine);
  in.read("pools", out.pools);
  in.read("nodes", out.nodes);
  in.read("nodes_per_task", out.nodes_per_task);
  in.read("procs_per_node", out.procs_per_node);
  in.read("omp_threads", out.omp_threads);
  in.read("startup_script", out.startup_script);
  in.read("spot_nodes", out.spot_nodes);
  in.read("tasks_per_node", out.tasks_per_node);
  if (in.has("autoscale_formula")) in.read("autoscale_formula", out.autoscale_formula);
  in.read("autoscale_minutes", out.autoscale_minutes);
  if (in.has("image_resource_id")) in.read("image_resource_id", out.image_resource_id);
  in.finish();
  return out;
}

/// The JSON without its checksum, which was right.
json read_checked(bytes text, const std::string& where) {
  const auto not_one = [&](const std::string& why) {
    return error(error_kind::failed, where + " is not the manifest of a job: " + why);
  };
  if (text.size() > max_manifest) throw not_one("it has " + std::to_string(text.size()) + " bytes");
  // The library reads any depth but writes by recursion.
  const auto check_depth = [&](int depth, json::parse_event_t, json&) {
    if (depth > max_depth) throw not_one("it is nested too deeply");
    return true;
  };
  json all;
  try {
    const char* at = reinterpret_cast<const char*>(text.data());
    all = json::parse(at, at + text.size(), check_depth);
  } catch (const json::parse_error& e) {
    throw not_one("it is no JSON from byte " + std::to_string(e.byte) + " on");
  } catch (const json::exception& e) {
    throw not_one(e.what());
  }
  if (!all.is_object() || all.value("format", json()) != "clusterless job")
    throw not_one("its format is another one");
  const json version = all.value("version", json());
  if (version != format_version)
    throw error(error_kind::unsupported, where + " has format version " + version.dump() +
                                             "; this clusterless reads version " +
                                             std::to_string(format_version));
  const json sum = all.value("checksum", json());
  all.erase("checksum");
  if (sum != sum_of(all))
    throw error(error_kind::failed,
                where +
                    " is damaged: it does not match its checksum; it was changed after the job "
                    "was made");
  all.erase("format");
  all.erase("version");
  return all;
}

json pool_json(const pool_shape& from) {
  json out = {{"engine", text_json(from.engine)},
              {"pools", from.pools},
              {"nodes", from.nodes},
              {"nodes_per_task", from.nodes_per_task},
              {"procs_per_node", from.procs_per_node},
              {"omp_threads", from.omp_threads},
              {"startup_script", text_json(from.startup_script)}};
  set_if(out, "spot_nodes", from.spot_nodes);
  set_if(out, "tasks_per_node", from.tasks_per_node);
  if (!from.autoscale_formula.empty()) out["autoscale_formula"] = text_json(from.autoscale_formula);
  set_if(out, "autoscale_minutes", from.autoscale_minutes);
  if (!from.image_resource_id.empty()) out["image_resource_id"] = text_json(from.image_resource_id);
  return out;
}

}  // namespace

void check_job_name(const std::string& name) {
  bool good = !name.empty() && name.size() <= 64 && name.front() != '.' && name.front() != '-';
  for (const char c : name)
    good = good && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == '-');
  if (!good)
    throw error(error_kind::misuse, quoted(name) +
                                        " cannot name a job: use 1 to 64 letters, digits, '.', '_' "
                                        "and '-', the first of them not '.' or '-'");
}

std::string format_manifest(const manifest& from) {
  json function = {{"entry", from.function.entry}, {"label", text_json(from.function.label)}};
  set_if(function, "target", from.function.target);
  json out = {
      {"format", "clusterless job"},
      {"version", format_version},
      {"name", text_json(from.name)},
      {"run", text_json(from.run)},
      {"created_ms", from.created_ms},
      {"host", text_json(from.host)},
      {"library", text_json(from.library)},
      {"program", text_json(from.program)},
      {"arguments", texts_json(from.arguments)},
      {"directory", text_json(from.directory)},
      {"build", text_json(from.build)},
      {"function", function},
      {"item_schema", text_json(from.item_schema)},
      {"result_schema", text_json(from.result_schema)},
      {"bound_size", from.bound_size},
      {"bound_sum", core::to_hex(from.bound_sum)},
      {"options", options_json(from.options)},
      {"pool", pool_json(from.pool)},
  };
  set_if(out, "total", from.total);
  out["checksum"] = sum_of(out);
  return out.dump(2) + "\n";
}

manifest parse_manifest(bytes text, const std::string& where) {
  const json all = read_checked(text, where);
  object_reader in(all, "", where);
  manifest out;
  in.read("name", out.name);
  in.read("run", out.run);
  in.read("created_ms", out.created_ms);
  in.read("host", out.host);
  in.read("library", out.library);
  in.read("program", out.program);
  in.read("arguments", out.arguments);
  in.read("directory", out.directory);
  in.read("build", out.build);
  out.function = read_function(in.object("function"));
  in.read("item_schema", out.item_schema);
  in.read("result_schema", out.result_schema);
  in.read("bound_size", out.bound_size);
  std::string sum;
  in.read("bound_sum", sum);
  for (const char c : sum)
    if (sum.size() != 16 || hex_digit(c) < 0) in.fail("bound_sum", "16 hexadecimal digits");
  for (const char c : sum)
    out.bound_sum = out.bound_sum * 16 + static_cast<std::uint64_t>(hex_digit(c));
  out.options = read_options(in.object("options"));
  out.pool = read_pool(in.object("pool"));
  in.read("total", out.total);
  in.finish();
  out.options.name = out.name;
  return out;
}

}  // namespace clusterless::store
