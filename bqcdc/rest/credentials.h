#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/rest/http_transport.h"
#include "bqcdc/rest/token_source.h"

namespace bqcdc::rest {

// Where Application Default Credentials are looked for (docs: application-default-credentials).
struct CredentialsOptions {
  std::string file;                                     // --credentials; empty = look in the places of ADC
  std::function<std::string(const char*)> environment;  // getenv, "" when unset
  const base::Clock* clock = nullptr;                   // REQUIRED, must outlive the token source
  HttpTransport* transport = nullptr;                   // REQUIRED, must outlive the token source
};

// What credentials say beside the token.
struct Credentials {
  std::shared_ptr<TokenSource> tokens;
  std::string project;        // of the credentials, empty when they name none
  std::string quota_project;  // for x-goog-user-project, empty when none
  std::string origin;         // where they were found: a path or "metadata server"
};

// Finds and reads the credentials; the first token is fetched at the first Token() call. Kinds:
// service_account, authorized_user, metadata server. Other kinds are refused by name. Errors: NotFound when
// there are none (naming the places), InvalidArgument for a file that is unfit.
absl::StatusOr<Credentials> FindCredentials(const CredentialsOptions& options);

// The claim set and RS256 signature of a service account's request for a token (RFC 7523). Exposed for tests.
absl::StatusOr<std::string> SignServiceAccountJwt(const std::string& client_email,
                                                  const std::string& private_key_pem,
                                                  const std::string& private_key_id,
                                                  const std::string& token_uri, absl::Time now);

}  // namespace bqcdc::rest
