#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/credentials/token_source.h"
#include "bqcdc/http/transport.h"

namespace bqcdc::credentials {

// What a person gave, and where Application Default Credentials are looked for
// (https://cloud.google.com/docs/authentication/application-default-credentials).
struct CredentialsOptions {
  std::string file;               // --credentials; empty = look in the places of ADC
  std::string access_token_file;  // --access-token-file; empty = none. Not together with `file`
  std::string quota_project;      // --quota-project; empty = what environment or file say
  std::function<std::string(const char*)> environment;  // REQUIRED: getenv, "" when unset
  const base::Clock* clock = nullptr;                   // REQUIRED, must outlive the token source
  std::shared_ptr<http::Transport>
      transport;  // REQUIRED; for token endpoints alone, so that no query delays a token
};

// What credentials say beside the token.
struct Credentials {
  std::shared_ptr<TokenSource> tokens;
  std::string project;        // of the credentials, empty when they name none
  std::string quota_project;  // for x-goog-user-project, empty when none
  std::string origin;         // where they were found: "credentials file /x.json" or "metadata server"
};

// Finds and reads the credentials, in this order: the two options, the file of
// GOOGLE_APPLICATION_CREDENTIALS, the well-known file of gcloud, the metadata server. The first token is
// fetched at the first Token() call. Kinds of files: service_account, authorized_user, external_account,
// external_account_authorized_user, impersonated_service_account. Errors: NotFound when there are none
// (naming the places), InvalidArgument for a file that is unfit (naming file and field).
absl::StatusOr<Credentials> FindCredentials(const CredentialsOptions& options);

}  // namespace bqcdc::credentials
