#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/credentials/fetcher_context.h"
#include "bqcdc/credentials/json_fields.h"

namespace bqcdc::credentials {

inline constexpr std::size_t kSubjectTokenBytesMax = 64 * 1024;

// What an executable is told of the credentials that ask for its token.
struct SubjectAudience {
  std::string audience;
  std::string token_type;          // subject_token_type
  std::string impersonated_email;  // empty: none
};

// Where an external account gets the token of its own identity provider, to be exchanged at Google's.
class SubjectTokenSource {
 public:
  virtual ~SubjectTokenSource() = default;
  // Errors name the place and never what it said.
  virtual absl::StatusOr<std::string> SubjectToken(absl::Time now) = 0;
};

// Reads `credential_source`: {file, format}, {url, headers, format} or {executable: {command, timeout_millis,
// output_file}}, where format is {type: text} or {type: json, subject_token_field_name}
// (https://google.aip.dev/auth/4117). Sources of AWS (environment_id) and of certificates are refused by
// name.
absl::StatusOr<std::unique_ptr<SubjectTokenSource>> MakeSubjectTokenSource(
    const FetcherContext& context, const JsonFields& credential_source, SubjectAudience audience);

}  // namespace bqcdc::credentials
