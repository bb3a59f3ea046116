// SPDX-License-Identifier: MIT
#include "config/credentials.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "config/document.hpp"
#include "config/file.hpp"
#include "config/parameters.hpp"
#include "config/wording.hpp"
#include "core/defaults.hpp"

namespace clusterless::config {

namespace {

enum class form { word, url, base64 };

using field = std::variant<std::string account::*, secret account::*>;

struct key_rule {
  std::string_view key;
  config::field field;
  config::form form = config::form::word;
};

using a = account;
constexpr std::array rules = {
    key_rule{"_AD_TENANT", &a::tenant},
    key_rule{"_AD_BATCH_CLIENT_ID", &a::client_id},
    key_rule{"_AD_SECRET_BATCH", &a::client_secret},
    key_rule{"_BATCH_ACCOUNT_URL", &a::batch_url, form::url},
    key_rule{"_BATCH_RESOURCE", &a::batch_resource, form::url},
    key_rule{"_BATCH_ACCOUNT_NAME", &a::batch_account_name},
    key_rule{"_BATCH_ACCOUNT_KEY", &a::batch_account_key, form::base64},
    key_rule{"_STORAGE_ACCOUNT_NAME", &a::storage_account_name},
    key_rule{"_STORAGE_ACCOUNT_KEY", &a::storage_account_key, form::base64},
    key_rule{"_STORAGE_ACCOUNT_URL", &a::storage_url, form::url},
    key_rule{"_REGION", &a::region},
    key_rule{"_APP_INSIGHTS_APP_ID", &a::insights_app_id},
    key_rule{"_APP_INSIGHTS_INSTRUMENTATION_KEY", &a::insights_key},
};

constexpr auto keys = [] {
  std::array<std::string_view, rules.size()> out;
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = rules[i].key;
  return out;
}();

bool is_url(std::string_view text) {
  if (!is_word(text)) return false;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (text.starts_with(scheme) && text.size() > scheme.size()) return true;
  }
  return false;
}

bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return false;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  return std::all_of(text.begin(), text.end() - static_cast<std::ptrdiff_t>(padding), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '/';
  });
}

// The model's template fills in xxxxxxxx-xxxx-…
bool is_placeholder(std::string_view text) {
  return text.size() >= 8 && text.find_first_not_of("x-") == std::string_view::npos;
}

std::string what_is_wrong(const key_rule& rule, const entry& value) {
  if (value.kind != value_kind::text) return "must be a text in double quotes";
  if (value.text.empty()) return "is empty; fill it in";
  if (is_placeholder(value.text)) return "still holds the template's xxxx; fill it in";
  switch (rule.form) {
    case form::word:
      if (!is_word(value.text)) return "holds spaces or control characters; copy it again";
      break;
    case form::url:
      if (!is_url(value.text)) return "must start with https:// or http:// and hold no spaces";
      if (rule.key == "_BATCH_ACCOUNT_URL") return core::problem_of_batch_url(value.text);
      if (rule.key == "_STORAGE_ACCOUNT_URL") return core::problem_of_storage_url(value.text);
      break;
    case form::base64:
      if (!is_base64(value.text)) return "is not base64 as account keys are; copy it whole";
      break;
  }
  return {};
}

void put(std::string& to, std::string&& text) {
  to = std::move(text);
}
void put(secret& to, std::string&& text) {
  to = secret(std::move(text));
}

std::string unknown_key(const std::string& start, const std::string& key) {
  // A key that is far from every known one may be a secret in the wrong place: it is not repeated.
  const std::string_view near = nearest(key, keys);
  if (!near.empty()) {
    return start + "unknown key " + in_quotes(key) + "; did you mean \"" + std::string(near) +
           "\"?";
  }
  const auto parameters = parameter_keys();
  if (std::find(parameters.begin(), parameters.end(), key) != parameters.end()) {
    return start + "\"" + key + "\" is a key of parameters.json; is CREDENTIALS the right file?";
  }
  const std::vector<std::string> known(keys.begin(), keys.end());
  return start + "unknown key (not shown: it may be a secret); known are " + joined(known);
}

class account_reader {
 public:
  account_reader(const std::string& source, std::vector<std::string>& problems)
      : source_(source), problems_(problems) {}

  account read(object& from) {
    out_.line = from.line;
    for (entry& next : from.entries)
      take(next);
    if (!any_bad_) check_complete();
    if (out_.batch_resource.empty()) out_.batch_resource = defaults::batch_resource;
    return std::move(out_);
  }

 private:
  void problem(int line, const std::string& text) {
    any_bad_ = true;
    problems_.push_back(place(source_, line) + ": " + text);
  }

  void take(entry& next) {
    const auto rule = std::find_if(rules.begin(), rules.end(),
                                   [&](const key_rule& r) { return r.key == next.key; });
    if (rule == rules.end()) {
      any_bad_ = true;
      problems_.push_back(unknown_key(place(source_, next.line) + ": ", next.key));
      return;
    }
    int& first = first_line_[static_cast<std::size_t>(rule - rules.begin())];
    if (first != 0) {
      problem(next.line, "\"" + next.key + "\" is set already in line " + std::to_string(first) +
                             "; keep one of them");
      return;
    }
    first = next.line;
    const std::string wrong = what_is_wrong(*rule, next);
    if (!wrong.empty()) {
      problem(next.line, "\"" + next.key + "\" " + wrong);
      return;
    }
    std::visit([&](auto at) { put(out_.*at, std::move(next.text)); }, rule->field);
  }

  void require(bool present, std::string_view key) {
    if (!present) problem(out_.line, "\"" + std::string(key) + "\" is missing in this account");
  }

  void check_complete() {
    require(!out_.batch_url.empty(), "_BATCH_ACCOUNT_URL");
    require(!out_.storage_account_name.empty(), "_STORAGE_ACCOUNT_NAME");
    require(!out_.storage_account_key.empty(), "_STORAGE_ACCOUNT_KEY");
    const bool any_principal =
        !out_.tenant.empty() || !out_.client_id.empty() || !out_.client_secret.empty();
    if (any_principal) {
      require(!out_.tenant.empty(), "_AD_TENANT");
      require(!out_.client_id.empty(), "_AD_BATCH_CLIENT_ID");
      require(!out_.client_secret.empty(), "_AD_SECRET_BATCH");
    } else if (out_.batch_account_key.empty()) {
      problem(out_.line,
              "this account has no way into Batch; set \"_AD_TENANT\", \"_AD_BATCH_CLIENT_ID\" and "
              "\"_AD_SECRET_BATCH\", or \"_BATCH_ACCOUNT_KEY\"");
    }
    if (out_.batch_account_name.empty()) name_from_url();
  }

  // https://NAME.REGION.batch.azure.com
  void name_from_url() {
    const std::string_view url = out_.batch_url;
    const std::size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return;
    const std::string_view host =
        url.substr(scheme + 3, url.find_first_of("/:", scheme + 3) - scheme - 3);
    const std::size_t dot = host.find('.');
    if (host.find(".batch.") != std::string_view::npos) {
      out_.batch_account_name = host.substr(0, dot);
    } else if (!out_.batch_account_key.empty()) {
      problem(out_.line,
              "\"_BATCH_ACCOUNT_NAME\" is missing in this account, and "
              "\"_BATCH_ACCOUNT_URL\" does not tell it");
    }
  }

  const std::string& source_;
  std::vector<std::string>& problems_;
  std::array<int, rules.size()> first_line_ = {};
  account out_;
  bool any_bad_ = false;
};

}  // namespace

credentials parse_credentials(std::string_view text, const std::string& source_name) {
  const document_rules shape = {true, false, "{\"_AD_TENANT\": \"…\", …}"};
  std::vector<object> objects = parse_document(text, source_name, shape);
  credentials out;
  out.source = source_name;
  std::vector<std::string> problems;
  if (objects.empty()) problems.push_back(source_name + ": there is no account in it; add one");
  for (object& next : objects) {
    out.accounts.push_back(account_reader(source_name, problems).read(next));
    for (entry& left : next.entries)
      core::wipe(left.text);
  }
  throw_problems(problems);
  return out;
}

credentials load_credentials(const std::string& path) {
  std::string text = read_small_file({path, "credentials file",
                                      "correct the path in CREDENTIALS or pool_options.credentials",
                                      defaults::max_config_bytes});
  struct wiper {
    std::string& text;
    ~wiper() { core::wipe(text); }
  } wipes_text{text};
  credentials out = parse_credentials(text, path);
  if (readable_by_others(path)) {
    out.notes.push_back(path +
                        ": other users of this machine can read the keys in it; run chmod 600");
  }
  return out;
}

}  // namespace clusterless::config
