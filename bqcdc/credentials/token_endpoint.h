#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/credentials/token_fetcher.h"
#include "bqcdc/http/transport.h"

namespace bqcdc::credentials {

inline constexpr char kGoogleTokenUri[] = "https://oauth2.googleapis.com/token";
inline constexpr absl::Duration kTokenTimeout = absl::Seconds(30);  // of one exchange with a token endpoint

using Form = std::vector<std::pair<std::string, std::string>>;

// A token endpoint of OAuth 2.0 (RFC 6749, RFC 8693): where it is, who asks.
struct TokenEndpoint {
  std::string url;
  std::string basic_user, basic_password;  // HTTP Basic authentication; both empty = none
  std::string hint;                        // what to do when it refuses (invalid_grant, invalid_client)
};

struct TokenAnswer {
  FetchedToken token;
  std::string refresh_token;  // a new one that takes the place of the old; usually empty
};

// Posts `form`, its values percent-encoded, and reads {"access_token": …, "expires_in": seconds}.
absl::StatusOr<TokenAnswer> AskTokenEndpoint(http::Transport& transport, const TokenEndpoint& endpoint,
                                             const Form& form, absl::Time now);

// Reads such an answer. Nothing of a refusal's text is passed on but words that standards define, since it
// may repeat what was sent. Unavailable for 408, 429 and 5xx, else Unauthenticated.
absl::StatusOr<TokenAnswer> ReadTokenAnswer(const http::Response& response, const std::string& from,
                                            const std::string& hint, absl::Time now);

// The status of an answer other than 200, as above; `hint` ends its text.
absl::Status RefusalOf(const http::Response& response, const std::string& from, const std::string& hint);

// "name=value&…", percent-encoded.
std::string EncodeForm(const Form& form);

}  // namespace bqcdc::credentials
