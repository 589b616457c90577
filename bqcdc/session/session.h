#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/credentials/find_credentials.h"
#include "bqcdc/http/ca_file.h"
#include "bqcdc/http/transport.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/session/wrong_usage.h"
#include "bqcdc/write/endpoint.h"
#include "bqcdc/write/storage_channel.h"

namespace bqcdc::session {

// What a person gave, by flags or by an embedding program. Empty = not given.
struct SessionOptions {
  std::string project;  // of table names without one; bills queries
  std::string endpoint;
  std::string storage_endpoint;
  std::string location;
  std::string credentials;  // file
  std::string access_token_file;
  std::string quota_project;
  std::string ca_file;
};

// Endpoints, credentials and the REST client, made from options and environment. Errors that are the caller's
// doing are told apart by IsWrongUsage().
class Session {
 public:
  static absl::StatusOr<std::unique_ptr<Session>> Open(const SessionOptions& options);

  // Lives as long as the session.
  rest::BigQueryClient& client() { return *clients_.back(); }
  const base::Clock& clock() const { return base::SystemClock::Get(); }
  const std::string& project() const { return project_; }
  const write::Endpoints& endpoints() const { return endpoints_; }
  http::Transport& transport() { return *transport_; }
  const credentials::Credentials& credentials() const { return credentials_; }

  // Where no project was given, the table's own pays for queries too.
  absl::StatusOr<rest::TableName> ParseTable(std::string_view text);
  absl::StatusOr<write::StorageChannel> OpenStorageChannel();

 private:
  Session() = default;
  absl::Status Connect(const SessionOptions& options);
  void MakeClient();

  SessionOptions options_;
  std::string project_;
  write::Endpoints endpoints_;
  http::CertificateAuthorities authorities_;
  std::unique_ptr<http::Transport> transport_;
  credentials::Credentials credentials_;
  // The last is used; one that was handed out before the project was known stays alive.
  std::vector<std::unique_ptr<rest::BigQueryClient>> clients_;
};

// What the local server says of itself; members are empty where it says nothing.
struct AdvertisedEndpoints {
  std::string storage;
  std::string admin;
};
AdvertisedEndpoints AskEndpoints(http::Transport& transport, const std::string& rest_url);

// The variable's value, "" when unset.
std::string Environment(const char* name);

}  // namespace bqcdc::session
