#include "bqcdc/credentials/find_credentials.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/credentials/access_token_file.h"
#include "bqcdc/credentials/authorized_user.h"
#include "bqcdc/credentials/cached_tokens.h"
#include "bqcdc/credentials/external_account.h"
#include "bqcdc/credentials/fetcher_context.h"
#include "bqcdc/credentials/impersonation.h"
#include "bqcdc/credentials/json_fields.h"
#include "bqcdc/credentials/metadata_server.h"
#include "bqcdc/credentials/service_account.h"

namespace bqcdc::credentials {
namespace {

constexpr std::size_t kCredentialsBytesMax = 1024 * 1024;
constexpr int kSourceDepthMax = 3;  // of source_credentials within each other

// A fetcher that keeps what it works with alive.
class OwningFetcher final : public TokenFetcher {
 public:
  OwningFetcher(std::shared_ptr<http::Transport> transport, std::unique_ptr<TokenFetcher> fetcher)
      : transport_(std::move(transport)), fetcher_(std::move(fetcher)) {}
  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override { return fetcher_->Fetch(now); }

 private:
  const std::shared_ptr<http::Transport> transport_;
  const std::unique_ptr<TokenFetcher> fetcher_;
};

absl::StatusOr<std::unique_ptr<TokenFetcher>> MakeFetcher(const FetcherContext& context,
                                                          const JsonFields& file, int depth) {
  BQCDC_ASSIGN_OR_RETURN(const std::string type, file.OptionalText("type"));
  if (type == "service_account") return MakeServiceAccount(context, file);
  if (type == "authorized_user") return MakeAuthorizedUser(context, file);
  if (type == "external_account") return MakeExternalAccount(context, file);
  if (type == "external_account_authorized_user") return MakeExternalAuthorizedUser(context, file);
  if (type == "impersonated_service_account") {
    if (depth >= kSourceDepthMax) {
      return base::InvalidArgument("field ", file.NameOf("source_credentials"), " is nested more than ",
                                   kSourceDepthMax, " times; name the accounts in delegates");
    }
    BQCDC_ASSIGN_OR_RETURN(const JsonFields source_file, file.Object("source_credentials"));
    FetcherContext source_context = context;
    source_context.scope = kCloudPlatformScope;
    BQCDC_ASSIGN_OR_RETURN(std::unique_ptr<TokenFetcher> source,
                           MakeFetcher(source_context, source_file, depth + 1));
    return MakeImpersonatedAccount(context, file, std::move(source));
  }
  if (type == "gdch_service_account") {
    return base::InvalidArgument("field ", file.NameOf("type"),
                                 " is gdch_service_account, an account of Google Distributed Cloud, which "
                                 "BigQuery does not know; create a "
                                 "service account in Google Cloud and give its key, or workload identity "
                                 "federation (external_account)");
  }
  // Where a client's own file of OAuth was taken for it, there is no type at all.
  return base::InvalidArgument(
      "field ", file.NameOf("type"), type.empty() ? " is missing" : " is of no supported kind",
      "; known are service_account, authorized_user, external_account, external_account_authorized_user and "
      "impersonated_service_account");
}

absl::StatusOr<nlohmann::json> ReadJson(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(kCredentialsBytesMax + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) return base::NotFound("cannot be read: ", std::strerror(errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kCredentialsBytesMax) {
    return base::InvalidArgument("is larger than the limit of ", kCredentialsBytesMax, " bytes");
  }
  auto file = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!file.is_object()) {
    return base::InvalidArgument("is not a JSON object; give the file that Google Cloud made, unchanged");
  }
  return file;
}

absl::StatusOr<Credentials> ReadCredentialsFile(const CredentialsOptions& options, const std::string& path) {
  Credentials found;
  found.origin = absl::StrCat("credentials file ", path);
  const auto told = [&found](const absl::Status& status) {
    return base::Error(status.code(), found.origin, ": ", std::string(status.message()));
  };
  const auto json = ReadJson(path);
  if (!json.ok()) return told(json.status());
  const JsonFields file(*json);
  const FetcherContext context = {options.transport.get(), options.environment};
  auto fetcher = MakeFetcher(context, file, 0);
  if (!fetcher.ok()) return told(fetcher.status());
  for (const auto& [name, to] :
       {std::pair("project_id", &found.project), {"quota_project_id", &found.quota_project}}) {
    auto text = file.OptionalText(name);
    if (!text.ok()) return told(text.status());
    *to = *std::move(text);
  }
  found.tokens = std::make_shared<CachedTokens>(
      std::make_unique<OwningFetcher>(options.transport, *std::move(fetcher)), *options.clock, found.origin);
  return found;
}

std::string WellKnownPath(const CredentialsOptions& options) {
  std::string directory = options.environment("CLOUDSDK_CONFIG");
  if (directory.empty()) directory = absl::StrCat(options.environment("HOME"), "/.config/gcloud");
  return absl::StrCat(directory, "/application_default_credentials.json");
}

absl::StatusOr<Credentials> AskMetadataServer(const CredentialsOptions& options,
                                              const std::string& well_known) {
  const FetcherContext context = {options.transport.get(), options.environment};
  auto project = AskMetadataProject(context);
  if (!project.ok()) {
    return base::NotFound(
        "no credentials: none of --credentials, --access-token-file and GOOGLE_APPLICATION_CREDENTIALS is "
        "set, ",
        well_known, " does not exist, and no metadata server answers (",
        std::string(project.status().message()),
        "). Run `gcloud auth application-default login` or give --credentials; for a local server give "
        "--endpoint "
        "http://localhost:9050");
  }
  Credentials found;
  found.origin = "metadata server";
  found.project = *std::move(project);
  found.tokens = std::make_shared<CachedTokens>(
      std::make_unique<OwningFetcher>(options.transport, MakeMetadataServer(context)), *options.clock,
      found.origin);
  return found;
}

absl::StatusOr<Credentials> Find(const CredentialsOptions& options) {
  if (!options.access_token_file.empty()) {
    if (!options.file.empty()) {
      return absl::InvalidArgumentError(
          "--credentials and --access-token-file were both given; give one of them");
    }
    Credentials found;
    found.origin = absl::StrCat("access token file ", options.access_token_file);
    found.tokens = std::make_shared<AccessTokenFile>(options.access_token_file);
    return found;
  }
  if (!options.file.empty()) return ReadCredentialsFile(options, options.file);
  const std::string named = options.environment("GOOGLE_APPLICATION_CREDENTIALS");
  if (!named.empty()) {
    auto found = ReadCredentialsFile(options, named);
    if (found.ok()) return found;
    return base::Error(found.status().code(), std::string(found.status().message()),
                       " (named by GOOGLE_APPLICATION_CREDENTIALS)");
  }
  const std::string well_known = WellKnownPath(options);
  if (access(well_known.c_str(), F_OK) == 0) return ReadCredentialsFile(options, well_known);
  return AskMetadataServer(options, well_known);
}

}  // namespace

absl::StatusOr<Credentials> FindCredentials(const CredentialsOptions& options) {
  BQCDC_ASSIGN_OR_RETURN(Credentials found, Find(options));
  // The nearer to the command line, the stronger.
  for (const std::string& stronger :
       {options.environment("GOOGLE_CLOUD_QUOTA_PROJECT"), options.quota_project}) {
    if (!stronger.empty()) found.quota_project = stronger;
  }
  return found;
}

}  // namespace bqcdc::credentials
