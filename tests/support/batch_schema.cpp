// SPDX-License-Identifier: MIT
#include "support/batch_schema.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "azure/text.hpp"
#include "support/data_file.hpp"

namespace clusterless::tests {
namespace {

using nlohmann::json;

const json& schema() {
  static const json read = json::parse(data_file("batch_schema.json"));
  return read;
}

/// "/pools/{poolId}/nodes" against "/pools/p1/nodes".
bool fits(std::string_view pattern, std::string_view path) {
  while (true) {
    if (pattern.empty() || path.empty()) return pattern.empty() && path.empty();
    const auto a = pattern.find('/', 1), b = path.find('/', 1);
    const std::string_view want = pattern.substr(0, a), have = path.substr(0, b);
    if (!want.starts_with("/{") ? want != have : have.size() < 2) return false;
    pattern = a == std::string_view::npos ? "" : pattern.substr(a);
    path = b == std::string_view::npos ? "" : path.substr(b);
  }
}

const json* operation(const azure::request& what) {
  const auto url = azure::split_url(what.url);
  if (!url) return nullptr;
  for (const json& one : schema()["operations"])
    if (one["method"] == what.method && fits(one["path"].get<std::string>(), url->path))
      return &one;
  return nullptr;
}

std::string check_object(const std::string& name, const json& value, const std::string& where);

std::string check_value(const json& type, const json& value, const std::string& where) {
  static const std::regex duration("P(\\d+D)?(T(\\d+H)?(\\d+M)?(\\d+(\\.\\d+)?S)?)?");
  if (type.is_object() && type.contains("object"))
    return check_object(type["object"], value, where);
  if (type.is_object() && type.contains("array")) {
    if (!value.is_array()) return where + " is no array";
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string problem =
          check_value(type["array"], value[i], where + "[" + std::to_string(i) + "]");
      if (!problem.empty()) return problem;
    }
    return {};
  }
  if (type.is_object() && type.contains("words")) {
    for (const json& word : type["words"])
      if (value.is_string() && azure::same_word(value.get<std::string>(), word.get<std::string>()))
        return {};
    return where + " is none of " + type["words"].dump();
  }
  const bool good = type == "boolean"   ? value.is_boolean()
                    : type == "integer" ? value.is_number_integer()
                    : type == "duration"
                        ? value.is_string() && std::regex_match(value.get<std::string>(), duration)
                        : value.is_string();
  return good ? "" : where + " is no " + type.get<std::string>();
}

std::string check_object(const std::string& name, const json& value, const std::string& where) {
  if (!schema()["definitions"].contains(name)) return "the schema has no " + name;
  const json& fields = schema()["definitions"][name];
  if (!value.is_object()) return where + " is no object";
  for (const auto& [field, content] : value.items()) {
    if (!fields.contains(field)) return where + "." + field + " is unknown to " + name;
    const json& rule = fields[field];
    if (rule.value("read_only", false)) return where + "." + field + " is for reading";
    if (rule.contains("max_items") && content.size() > rule["max_items"].get<std::size_t>())
      return where + "." + field + " has too many items";
    const std::string problem = check_value(rule["type"], content, where + "." + field);
    if (!problem.empty()) return problem;
    if (field == "id" && content.is_string() &&
        !std::regex_match(content.get<std::string>(), std::regex("[A-Za-z0-9_-]{1,64}")))
      return where + ".id is no id";
  }
  for (const auto& [field, rule] : fields.items())
    if (rule.value("required", false) && !value.contains(field))
      return where + "." + field + " is missing";
  return {};
}

std::string check_query(const json& of, std::string_view text) {
  bool version = false;
  for (const auto& [name, value] : azure::parse_query(text)) {
    if (!of["query"].contains(name)) return "parameter " + name + " is unknown";
    const json& rule = of["query"][name];
    if (rule.contains("maximum") && std::stol(value) > rule["maximum"].get<long>())
      return "parameter " + name + " is above its maximum";
    if (name == "api-version")
      version = std::regex_match(value, std::regex("\\d{4}-\\d{2}-\\d{2}(\\.\\d+\\.\\d+)?"));
  }
  return version ? "" : "api-version is missing or malformed";
}

std::string check_headers(const json& of, const azure::request& what) {
  const auto has = [](const json& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&](const json& one) {
      return azure::same_word(one.get<std::string>(), name);
    });
  };
  for (const azure::header& one : what.headers)
    if (!has(of["headers"], one.name) && !has(schema()["common_headers"], one.name))
      return "header " + one.name + " is unknown";
  return {};
}

std::string check_body(const json& of, const azure::request& what) {
  if (!of.contains("body")) return what.body.empty() ? "" : "there is a body";
  if (what.body.empty()) return of["body"] == "JobTerminateParameter" ? "" : "there is no body";
  const std::string* type = what.find("content-type");
  if (type == nullptr || *type != of["content_type"].get<std::string>())
    return "the content type is another";
  if (what.body.size() > schema()["limits"]["collection_bytes"].get<std::size_t>())
    return "the body is too large";
  const json body = json::parse(what.body, nullptr, false);
  return check_object(of["body"], body, "body");
}

}  // namespace

std::string operation_of(const azure::request& what) {
  const json* of = operation(what);
  return of != nullptr ? (*of)["operation"].get<std::string>() : std::string();
}

std::string schema_problem(const azure::request& what) {
  const json* of = operation(what);
  if (of == nullptr) return "no such operation: " + what.method + " " + what.url;
  for (const std::string& problem : {check_query(*of, azure::split_url(what.url)->query),
                                     check_headers(*of, what), check_body(*of, what)})
    if (!problem.empty()) return (*of)["operation"].get<std::string>() + ": " + problem;
  return {};
}

}  // namespace clusterless::tests
