// SPDX-License-Identifier: MIT
#include "emulator/tokens.hpp"

#include "emulator/json.hpp"

namespace clusterless::emulator {

namespace {

http_answer answered(int status, const json& body) {
  http_answer made;
  made.status = status;
  made.chunked = false;
  made.headers.emplace_back("Content-Type", "application/json; charset=utf-8");
  made.headers.emplace_back("Cache-Control", "no-store, no-cache");
  made.body = body.dump();
  return made;
}

http_answer refused(int status, const char* what, const std::string& why) {
  return answered(status, {{"error", what}, {"error_description", why}});
}

const std::string_view discovery = "/.well-known/openid-configuration";

/// Where tokens are, for clients that ask: "OpenID Connect on the Microsoft identity platform".
http_answer discovered(const http_request& request) {
  std::string tenant = request.path.substr(0, request.path.size() - discovery.size());
  const bool second = tenant.ends_with("/v2.0");
  if (second) tenant.resize(tenant.size() - 5);
  const std::string base = (request.tls ? "https://" : "http://") + request.header("host") + tenant;
  const std::string oauth = base + (second ? "/oauth2/v2.0" : "/oauth2");
  return answered(200, {{"issuer", base},
                        {"authorization_endpoint", oauth + "/authorize"},
                        {"token_endpoint", oauth + "/token"}});
}

}  // namespace

std::optional<http_answer> token_desk::answer(const http_request& request, ticks now) const {
  const auto token = [&](const std::string& tenant, const std::string& resource) {
    const auto seconds = valid_for_ / one_second;
    json body{{"token_type", "Bearer"},
              {"expires_in", seconds},
              {"ext_expires_in", seconds},
              {"expires_on", std::to_string((now - unix_epoch) / one_second + seconds)},
              {"access_token", issue_token(keys_, tenant, client_, now, valid_for_)}};
    if (!resource.empty()) body["resource"] = resource;
    return answered(200, body);
  };
  if (request.path == "/metadata/identity/oauth2/token" && request.method == "GET") {
    if (!same_text(request.header("metadata"), "true"))
      return refused(400, "invalid_request", "Required metadata header not specified");
    return token("managed", request.parameter("resource"));
  }
  if (request.method == "GET" && request.path.ends_with(discovery)) return discovered(request);
  const bool first = request.path.ends_with("/oauth2/token");
  if (request.method != "POST" || (!first && !request.path.ends_with("/oauth2/v2.0/token")))
    return std::nullopt;
  http_request form;
  split_target('?' + request.body, form);
  if (form.parameter("grant_type") != "client_credentials")
    return refused(400, "unsupported_grant_type", "AADSTS70003: the grant type is not supported");
  if (form.parameter("client_id") != client_)
    return refused(400, "unauthorized_client",
                   "AADSTS700016: Application with identifier '" + form.parameter("client_id") +
                       "' was not found in the directory");
  if (form.parameter("client_secret") != secret_)
    return refused(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.");
  const std::string tenant = request.path.substr(1, request.path.find('/', 1) - 1);
  return token(tenant, form.parameter("resource"));
}

}  // namespace clusterless::emulator
