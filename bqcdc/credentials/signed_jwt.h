#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::credentials {

// A private RSA key that signs JSON web tokens by RS256 (RFC 7515, RFC 7518).
class JwtSigner {
 public:
  // Reads a key in PEM form. `key_id` becomes the header's kid unless it is empty. Errors: InvalidArgument
  // where it is none, or has a passphrase.
  static absl::StatusOr<std::unique_ptr<JwtSigner>> Make(const std::string& pem, std::string key_id);
  virtual ~JwtSigner() = default;

  virtual absl::StatusOr<std::string> Sign(const nlohmann::json& claims) const = 0;
};

}  // namespace bqcdc::credentials
