#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace bqcdc::http {

inline constexpr std::size_t kCaFileBytesMax = 16 * 1024 * 1024;

// Which certificate authorities are trusted. Both empty: those of the system.
struct CertificateAuthorities {
  std::string file;      // PEM, for curl
  std::string grpc_pem;  // the text of such a file, for gRPC
};

// Decides by --ca-file (`flag`), else by the variables of the environment that the two libraries' own
// programs know:
//
//   curl   CURL_CA_BUNDLE, else SSL_CERT_FILE
//   gRPC   GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, else what curl takes
//
// `environment` gives "" for what is not set. Errors: InvalidArgument naming the flag or variable and the
// file, where it cannot be read or holds no certificate.
absl::StatusOr<CertificateAuthorities> ChooseCertificateAuthorities(
    const std::string& flag, const std::function<std::string(const char*)>& environment);

}  // namespace bqcdc::http
