// SPDX-License-Identifier: MIT
// OData as far as the service speaks it: $filter (eq ne gt ge lt le, startswith, and, or, not,
// parentheses, DateTime'…') and $select. Pure. What a field is worth is asked of the caller, so
// that long lists need no document for each of their rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "emulator/json.hpp"
#include "emulator/times.hpp"

namespace clusterless::emulator {

/// A field: absent, true or false, a number, or a text. Times are their texts.
using odata_value = std::variant<std::monostate, bool, double, std::string>;
/// The value of a field such as "executionInfo/exitCode".
using odata_lookup = std::function<odata_value(std::string_view path)>;

class odata_filter {
 public:
  /// A filter that lets everything pass.
  odata_filter() = default;
  /// Throws service_error (400 InvalidQueryParameterValue) for what is no filter.
  explicit odata_filter(std::string_view text);

  bool passes(const odata_lookup& field) const;
  bool empty() const noexcept { return nodes_.empty(); }
  /// The fields it names.
  const std::vector<std::string>& fields() const noexcept { return fields_; }

 private:
  enum class kind : std::uint8_t { both, either, inverse, compare, begins };
  enum class relation : std::uint8_t { eq, ne, gt, ge, lt, le };
  struct literal {
    odata_value value = {};
    bool is_time = false;
    ticks time = 0;
  };
  struct node {
    kind what = kind::compare;
    relation how = relation::eq;
    std::size_t left = 0;
    std::size_t right = 0;
    std::string field = {};
    literal with = {};
  };
  class parser;

  bool holds(std::size_t at, const odata_lookup& field) const;
  static bool compare(const node& of, const odata_value& value);

  std::vector<node> nodes_;
  std::size_t root_ = 0;
  std::vector<std::string> fields_;
};

/// Looks a path such as "a/b" up in a document.
odata_value value_at(const json& document, std::string_view path);
/// The member names of a $select list; throws for an empty name.
std::vector<std::string> parse_select(std::string_view text);
/// `document` with the members of `names` alone; all of it when there are none.
json selected(const json& document, const std::vector<std::string>& names);

}  // namespace clusterless::emulator
