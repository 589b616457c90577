#include "bqcdc/session/session.h"

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::session {
namespace {

constexpr absl::Duration kAskTimeout = absl::Seconds(5);

// "http://bigquery:9050" and "https://localhost:9050" are, and no proxy leads there.
bool IsLocalUrl(const std::string& url) {
  if (absl::StartsWith(url, "http://")) return true;
  const std::string rest = url.substr(url.find("://") + 3);
  return write::IsLoopbackHost(rest.substr(0, rest[0] == '[' ? rest.find(']') + 1 : rest.find(':')));
}

std::string TextMember(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

AdvertisedEndpoints AskEndpoints(http::Transport& transport, const std::string& rest_url) {
  http::Request request;
  request.url = rest_url + "/bqcdc/v1/endpoints";
  request.timeout = kAskTimeout;
  const auto response = transport.Perform(request);
  if (!response.ok() || response->code != 200) return {};
  const auto body = nlohmann::json::parse(response->body, nullptr, false);
  if (!body.is_object()) return {};
  return {TextMember(body, "storage"), TextMember(body, "admin")};
}

absl::StatusOr<std::unique_ptr<Session>> Session::Open(const SessionOptions& options) {
  auto session = std::unique_ptr<Session>(new Session());
  BQCDC_RETURN_IF_ERROR(session->Connect(options));
  return session;
}

absl::Status Session::Connect(const SessionOptions& options) {
  options_ = options;
  const write::EndpointChoice choice{options.endpoint, options.storage_endpoint,
                                     Environment("BIGQUERY_EMULATOR_HOST")};
  if (!options.credentials.empty() && !options.access_token_file.empty()) {
    return MarkWrongUsage(absl::InvalidArgumentError(
        "--credentials and --access-token-file were both given; give one of them"));
  }
  auto authorities = http::ChooseCertificateAuthorities(options.ca_file, Environment);
  if (!authorities.ok()) return MarkWrongUsage(authorities.status());
  authorities_ = *std::move(authorities);
  auto endpoints =
      write::ResolveEndpoints(choice, [this](const std::string& rest_url) -> std::optional<std::string> {
        // Over TLS without its certificate authority it cannot be asked; the first request tells the reason.
        const auto asking = http::MakeCurlTransport({.ignore_proxy = IsLocalUrl(rest_url),
                                                     .connect_timeout = kAskTimeout,
                                                     .ca_file = authorities_.file});
        const AdvertisedEndpoints said = AskEndpoints(*asking, rest_url);
        return said.storage.empty() ? std::nullopt : std::optional(said.storage);
      });
  if (!endpoints.ok()) return MarkWrongUsage(endpoints.status());
  endpoints_ = *std::move(endpoints);
  transport_ = http::MakeCurlTransport(
      {.ignore_proxy = endpoints_.local || endpoints_.loopback, .ca_file = authorities_.file});
  credentials::CredentialsOptions find;
  find.file = options.credentials;
  find.access_token_file = options.access_token_file;
  find.quota_project = options.quota_project;
  find.environment = Environment;
  find.clock = &clock();
  find.transport = http::MakeCurlTransport({.ca_file = authorities_.file});
  if (endpoints_.local && options.access_token_file.empty()) {
    credentials_.tokens = std::make_shared<credentials::NoToken>();
    credentials_.quota_project = options.quota_project;
  } else {
    // To a local server a token goes only where it was named on the command line.
    BQCDC_ASSIGN_OR_RETURN(credentials_, credentials::FindCredentials(find));
  }
  project_ = !options.project.empty() ? options.project : Environment("GOOGLE_CLOUD_PROJECT");
  if (project_.empty()) project_ = credentials_.project;
  MakeClient();
  return absl::OkStatus();
}

void Session::MakeClient() {
  rest::BigQueryClientOptions options;
  options.base_url = endpoints_.rest_url;
  options.project = project_;
  options.location = options_.location;
  options.quota_project = credentials_.quota_project;
  clients_.push_back(
      std::make_unique<rest::BigQueryClient>(options, *transport_, *credentials_.tokens, clock()));
}

absl::StatusOr<rest::TableName> Session::ParseTable(std::string_view text) {
  auto name = rest::ParseTableName(text, project_);
  if (!name.ok()) return MarkWrongUsage(name.status());
  if (project_.empty()) {
    project_ = name->project;
    MakeClient();
  }
  return name;
}

absl::StatusOr<write::StorageChannel> Session::OpenStorageChannel() {
  write::CallToken token = [tokens = credentials_.tokens] { return tokens->Token(); };
  if (endpoints_.local) {
    if (options_.access_token_file.empty()) token = nullptr;
    write::StorageChannel channel = write::MakeLocalChannel(endpoints_.storage_target, std::move(token));
    channel.user_project = credentials_.quota_project;
    return channel;
  }
  write::ServiceChannelOptions options;
  options.token = std::move(token);
  options.refused = [tokens = credentials_.tokens](const std::string& token) { tokens->Refused(token); };
  options.user_project = credentials_.quota_project;
  options.root_certificates = authorities_.grpc_pem;
  options.ignore_proxy = endpoints_.loopback;
  return write::MakeServiceChannel(endpoints_.storage_target, std::move(options));
}

}  // namespace bqcdc::session
