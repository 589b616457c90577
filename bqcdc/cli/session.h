#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/rest/credentials.h"
#include "bqcdc/rest/http_transport.h"
#include "bqcdc/write/endpoint.h"
#include "bqcdc/write/storage_channel.h"

namespace bqcdc::cli {

// What a command works with: endpoints, credentials and the REST client, made from flags and environment.
// `wrong_usage` errors are told apart by IsWrongUsage().
class Session {
 public:
  static absl::StatusOr<std::unique_ptr<Session>> Open(const CommonFlags& flags);

  rest::BigQueryClient& client() { return *client_; }
  const base::Clock& clock() const { return base::SystemClock::Get(); }
  const std::string& project() const { return project_; }
  const write::Endpoints& endpoints() const { return endpoints_; }
  rest::HttpTransport& transport() { return *transport_; }
  const rest::Credentials& credentials() const { return credentials_; }

  // Where no project was given, the table's own pays for queries too.
  absl::StatusOr<rest::TableName> ParseTable(std::string_view text);
  absl::StatusOr<write::StorageChannel> OpenStorageChannel();

 private:
  Session() = default;
  absl::Status Connect(const CommonFlags& flags);
  void MakeClient();

  CommonFlags flags_;
  std::string project_;
  write::Endpoints endpoints_;
  std::unique_ptr<rest::HttpTransport> transport_;
  rest::Credentials credentials_;
  std::unique_ptr<rest::BigQueryClient> client_;
};

// What the local server says of itself; members are empty where it says nothing.
struct AdvertisedEndpoints {
  std::string storage;
  std::string admin;
};
AdvertisedEndpoints AskEndpoints(rest::HttpTransport& transport, const std::string& rest_url);

// Errors that are the caller's doing: exit code 2.
absl::Status WrongUsage(std::string_view message);
bool IsWrongUsage(const absl::Status& status);
int ExitCodeOf(const absl::Status& status);

// The variable's value, "" when unset.
std::string Environment(const char* name);

}  // namespace bqcdc::cli
