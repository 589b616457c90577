#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "bqcdc/credentials/subject_token.h"

namespace bqcdc::credentials {

inline constexpr char kAllowExecutables[] = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES";

// {command, timeout_millis, output_file}: a program that prints {version: 1, success, token_type, id_token or
// saml_response, expiration_time}
// (https://google.aip.dev/auth/4117#determining-the-subject-token-in-executable-sourced-credentials). It is
// run without a shell, its arguments divided at blanks, and only where kAllowExecutables is 1: a credentials
// file from elsewhere must not run programs by itself. A token in `output_file` that has not expired is taken
// instead.
absl::StatusOr<std::unique_ptr<SubjectTokenSource>> MakeSubjectExecutable(const FetcherContext& context,
                                                                          const JsonFields& executable,
                                                                          SubjectAudience audience);

}  // namespace bqcdc::credentials
