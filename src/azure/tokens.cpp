// SPDX-License-Identifier: MIT
#include "azure/tokens.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "azure/shared_key.hpp"
#include "azure/text.hpp"
#include "azure/token_errors.hpp"

namespace clusterless::azure {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// A number, as the newer service writes it, or a text with one, as the older does.
std::int64_t number_in(const nlohmann::json& from, const char* name) {
  const auto at = from.find(name);
  if (at == from.end()) return 0;
  if (at->is_number_integer()) return at->get<std::int64_t>();
  std::int64_t value = 0;
  if (at->is_string()) {
    const std::string text = at->get<std::string>();
    std::from_chars(text.data(), text.data() + text.size(), value);
  }
  return value;
}

result<token> read_token(response& from, const std::string& what, std::int64_t now) {
  auto read = nlohmann::json::parse(from.body, nullptr, false);
  core::wipe(from.body);
  if (!read.is_object() || !read.contains("access_token") || !read["access_token"].is_string()) {
    service_error why;
    why.what = what;
    why.status = from.status;
    why.code = "UnreadableAnswer";
    why.message = "the answer holds no access_token";
    why.hint = "check the address of the token service";
    return why;
  }
  token out;
  out.text = core::secret(std::move(read["access_token"].get_ref<std::string&>()));
  const std::int64_t lasts = number_in(read, "expires_in");
  out.expires_s = lasts > 0 ? now + lasts : number_in(read, "expires_on");
  if (out.expires_s <= now) out.expires_s = now + 300;
  return out;
}

class fetched_tokens : public token_source {
 public:
  explicit fetched_tokens(loop& on) : on_(on), calls_(on, nobody_) {}

 protected:
  void send(call what, std::function<service_error(service_error)> explain,
            std::function<void(result<token>)> then) {
    const std::string of = what.what;
    calls_.send(std::move(what), [this, of, explain = std::move(explain),
                                  then = std::move(then)](result<response> got) {
      if (!got) return then(explain(got.error()));
      then(read_token(got.value(), of, on_.clock().unix_seconds()));
    });
  }

 private:
  loop& on_;
  no_signer nobody_;
  exchange calls_;
};

class principal_tokens final : public fetched_tokens {
 public:
  principal_tokens(loop& on, principal who) : fetched_tokens(on), who_(std::move(who)) {
    while (who_.authority.ends_with('/'))
      who_.authority.pop_back();
  }

  void fetch(const std::string& resource, std::function<void(result<token>)> then) override {
    const bool adfs = who_.authority.ends_with("/adfs");
    const bool by_resource = who_.v1 || adfs;
    const std::string base =
        adfs ? who_.authority : who_.authority + "/" + percent_encoded(who_.tenant);
    call what;
    what.what = "get a token for client " + who_.client + " of tenant " + who_.tenant;
    what.request.method = "POST";
    what.request.url = base + (by_resource ? "/oauth2/token" : "/oauth2/v2.0/token");
    what.request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    // A scope is the resource and "/.default", even where that doubles the slash.
    const std::string of = by_resource ? "&resource=" + percent_encoded(resource)
                                       : "&scope=" + percent_encoded(resource + "/.default");
    what.request.body = "grant_type=client_credentials&client_id=" + percent_encoded(who_.client) +
                        "&client_secret=" + percent_encoded(who_.secret.reveal()) + of;
    const auto explain = [tenant = who_.tenant, client = who_.client](service_error why) {
      return explain_token_error(std::move(why), tenant, client);
    };
    send(std::move(what), explain, std::move(then));
  }

 private:
  principal who_;
};

class identity_tokens final : public fetched_tokens {
 public:
  identity_tokens(loop& on, identity_options who) : fetched_tokens(on), who_(std::move(who)) {}

  void fetch(const std::string& resource, std::function<void(result<token>)> then) override {
    call what;
    what.what = "get a token for the managed identity of this machine";
    query parts;
    if (who_.endpoint.empty()) {
      what.request.url = "http://169.254.169.254/metadata/identity/oauth2/token";
      what.request.headers.push_back({"Metadata", "true"});
      parts.emplace_back("api-version", "2018-02-01");
    } else {
      what.request.url = who_.endpoint;
      what.request.headers.push_back({"X-IDENTITY-HEADER", std::string(who_.header.reveal())});
      parts.emplace_back("api-version", "2019-08-01");
    }
    parts.emplace_back("resource", resource);
    if (!who_.client_id.empty()) parts.emplace_back("client_id", who_.client_id);
    what.request.url += to_text(parts);
    what.request.connect_limit_ms = 5'000;
    what.request.direct = true;
    const auto explain = [](service_error why) { return explain_identity_error(std::move(why)); };
    send(std::move(what), explain, std::move(then));
  }

 private:
  identity_options who_;
};

class given_token final : public token_source {
 public:
  explicit given_token(core::secret text) : text_(std::move(text)) {}
  void fetch(const std::string&, std::function<void(result<token>)> then) override {
    token out;
    out.text = core::secret(std::string(text_.reveal()));
    out.expires_s = std::int64_t{1} << 40;
    then(std::move(out));
  }

 private:
  core::secret text_;
};

}  // namespace

std::unique_ptr<token_source> make_principal_tokens(loop& on, principal who) {
  return std::make_unique<principal_tokens>(on, std::move(who));
}

std::unique_ptr<token_source> make_identity_tokens(loop& on, identity_options who) {
  return std::make_unique<identity_tokens>(on, std::move(who));
}

std::unique_ptr<token_source> make_given_token(core::secret text) {
  return std::make_unique<given_token>(std::move(text));
}

identity_options identity_from_environment() {
  identity_options out;
  out.client_id = environment("AZURE_CLIENT_ID");
  for (const auto& [endpoint, header] : {std::pair{"IDENTITY_ENDPOINT", "IDENTITY_HEADER"},
                                         std::pair{"MSI_ENDPOINT", "MSI_SECRET"}}) {
    if (!out.endpoint.empty()) break;
    out.endpoint = environment(endpoint);
    if (!out.endpoint.empty()) out.header = core::secret(environment(header));
  }
  return out;
}

std::optional<principal> principal_from_environment() {
  principal out;
  out.tenant = environment("AZURE_TENANT_ID");
  out.client = environment("AZURE_CLIENT_ID");
  out.secret = core::secret(environment("AZURE_CLIENT_SECRET"));
  if (const std::string host = environment("AZURE_AUTHORITY_HOST"); !host.empty())
    out.authority = host.find("://") == std::string::npos ? "https://" + host : host;
  // A client id alone names a managed identity.
  if (out.tenant.empty() && out.secret.empty()) return std::nullopt;
  std::string missing;
  for (const auto& [name, given] : {std::pair{"AZURE_TENANT_ID", !out.tenant.empty()},
                                    std::pair{"AZURE_CLIENT_ID", !out.client.empty()},
                                    std::pair{"AZURE_CLIENT_SECRET", !out.secret.empty()}})
    if (!given) missing += (missing.empty() ? "" : " and ") + std::string(name);
  if (!missing.empty())
    throw error(error_kind::misuse, "the environment names a service principal in part: " +
                                        missing + " is not set; set all three or none");
  return out;
}

struct bearer_signer::state : std::enable_shared_from_this<state> {
  state(loop& l, token_source& f, std::string r) : on(l), from(f), resource(std::move(r)) {}

  void fetch() {
    fetching = true;
    from.fetch(resource, [self = shared_from_this()](result<token> got) {
      self->fetching = false;
      std::optional<service_error> why;
      if (got) {
        const std::int64_t now = self->on.clock().unix_seconds();
        self->renew_at_s = now + (got->expires_s - now) * 4 / 5;
        self->have = std::move(got.value());
      } else {
        why = got.error();
      }
      for (const auto& then : std::exchange(self->waiting, {}))
        then(why);
    });
  }

  loop& on;
  token_source& from;
  std::string resource;
  token have;
  std::int64_t renew_at_s = 0;
  bool fetching = false;
  std::vector<std::function<void(std::optional<service_error>)>> waiting;
};

bearer_signer::bearer_signer(loop& on, token_source& from, std::string resource)
    : state_(std::make_shared<state>(on, from, std::move(resource))) {}

bearer_signer::~bearer_signer() = default;

void bearer_signer::prepare(std::function<void(std::optional<service_error>)> then) {
  const std::int64_t now = state_->on.clock().unix_seconds();
  const bool good = !state_->have.text.empty() && now < state_->have.expires_s;
  if (good && now >= state_->renew_at_s && !state_->fetching) {
    // The old one still serves: nobody waits, and a failure is told when it has expired.
    state_->renew_at_s = now + 30;
    state_->fetch();
  }
  if (good && !state_->have.text.empty()) return then(std::nullopt);
  state_->waiting.push_back(std::move(then));
  if (!state_->fetching) state_->fetch();
}

void bearer_signer::sign(request& what, std::int64_t) const {
  what.set("Authorization", "Bearer " + std::string(state_->have.text.reveal()));
}

bool bearer_signer::renew() {
  state_->have = token();
  return true;
}

}  // namespace clusterless::azure
