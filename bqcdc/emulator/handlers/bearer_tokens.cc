#include "bqcdc/emulator/handlers/bearer_tokens.h"

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::handlers {
namespace {

constexpr std::string_view kScheme = "Bearer ";
// What the service's front end answers, on REST and gRPC (https://cloud.google.com/docs/authentication/rest).
constexpr char kMissing[] =
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or "
    "other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
constexpr char kInvalid[] =
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";

bool IsSame(std::string_view given, std::string_view wanted) {
  if (given.size() != wanted.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < given.size(); ++i) difference |= static_cast<unsigned char>(given[i] ^ wanted[i]);
  return difference == 0;
}

}  // namespace

absl::Status BearerTokens::Check(std::string_view authorization) const {
  if (tokens_.empty()) return absl::OkStatus();
  if (!absl::StartsWithIgnoreCase(base::ToAbsl(authorization), base::ToAbsl(kScheme))) {
    return absl::UnauthenticatedError(kMissing);
  }
  authorization.remove_prefix(kScheme.size());
  bool accepted = false;
  for (const std::string& token : tokens_) accepted |= IsSame(authorization, token);
  return accepted ? absl::OkStatus() : absl::UnauthenticatedError(kInvalid);
}

}  // namespace bqcdc::emulator::handlers
