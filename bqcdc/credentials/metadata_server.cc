#include "bqcdc/credentials/metadata_server.h"

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/credentials/token_endpoint.h"

namespace bqcdc::credentials {
namespace {

constexpr char kHost[] = "metadata.google.internal";
constexpr char kFlavor[] = "Metadata-Flavor";
constexpr char kHint[] = "does the machine have a service account, with the scope of BigQuery?";

// Errors: NotFound where what answers is no metadata server.
absl::StatusOr<http::Response> Ask(http::Transport& transport, const std::string& host,
                                   const std::string& path, absl::Duration timeout) {
  http::Request request;
  request.url = absl::StrCat("http://", host, "/computeMetadata/v1/", path);
  request.headers = {{kFlavor, "Google"}};
  request.timeout = timeout;
  request.ignore_proxy = true;
  BQCDC_ASSIGN_OR_RETURN(http::Response response, transport.Perform(request));
  for (const auto& [name, value] : response.headers) {
    if (name == "metadata-flavor" && value == "Google") return response;
  }
  return absl::NotFoundError(absl::StrCat("what answers at ", host,
                                          " is no metadata server: it does not say ", kFlavor, ": Google"));
}

class MetadataServer final : public TokenFetcher {
 public:
  MetadataServer(http::Transport& transport, std::string host)
      : transport_(transport), host_(std::move(host)) {}

  absl::StatusOr<FetchedToken> Fetch(absl::Time now) override {
    BQCDC_ASSIGN_OR_RETURN(const http::Response response,
                           Ask(transport_, host_, "instance/service-accounts/default/token", kTokenTimeout));
    BQCDC_ASSIGN_OR_RETURN(
        TokenAnswer answer,
        ReadTokenAnswer(response, absl::StrCat("the metadata server ", host_), kHint, now));
    return std::move(answer.token);
  }

 private:
  http::Transport& transport_;
  const std::string host_;
};

}  // namespace

std::string MetadataHost(const FetcherContext& context) {
  const std::string host = context.environment("GCE_METADATA_HOST");
  return host.empty() ? kHost : host;
}

absl::StatusOr<std::string> AskMetadataProject(const FetcherContext& context) {
  const auto response =
      Ask(*context.transport, MetadataHost(context), "project/project-id", kMetadataProbeTimeout);
  if (!response.ok()) return absl::NotFoundError(response.status().message());
  if (response->code == 200) return response->body;
  if (response->code == 404) return std::string();  // It is one, and knows no project.
  return absl::NotFoundError(absl::StrCat("the metadata server answers with HTTP ", response->code));
}

std::unique_ptr<TokenFetcher> MakeMetadataServer(const FetcherContext& context) {
  return std::make_unique<MetadataServer>(*context.transport, MetadataHost(context));
}

}  // namespace bqcdc::credentials
