#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::server {

inline constexpr std::size_t kTlsFileBytesMax = 1024 * 1024;

// Who a server is by TLS, in PEM form.
struct TlsIdentity {
  std::string certificates;  // its own, then those between it and the authority
  std::string private_key;   // without a passphrase
};

// Reads --tls-cert and --tls-key. Errors: FailedPrecondition, one line naming flag and file, where one cannot
// be read, is not of its kind, or they do not belong together.
absl::StatusOr<TlsIdentity> ReadTlsIdentity(const std::string& certificate_file, const std::string& key_file);

}  // namespace bqcdc::emulator::server
