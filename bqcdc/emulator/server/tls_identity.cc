#include "bqcdc/emulator/server/tls_identity.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/server/pem_objects.h"
#include "bqcdc/emulator/server/secret_file.h"

namespace bqcdc::emulator::server {
namespace {

template <typename... Pieces>
absl::Status Unfit(const Pieces&... pieces) {
  return base::Error(absl::StatusCode::kFailedPrecondition, pieces...);
}

}  // namespace

absl::StatusOr<TlsIdentity> ReadTlsIdentity(const std::string& certificate_file,
                                            const std::string& key_file) {
  TlsIdentity identity;
  BQCDC_ASSIGN_OR_RETURN(identity.certificates,
                         ReadSmallFile("--tls-cert", certificate_file, kTlsFileBytesMax));
  BQCDC_ASSIGN_OR_RETURN(identity.private_key, ReadSmallFile("--tls-key", key_file, kTlsFileBytesMax));
  const auto certificates = ReadCertificates(identity.certificates);
  if (certificates.empty()) {
    return Unfit("--tls-cert ", certificate_file,
                 " holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  }
  const PrivateKey key = ReadPrivateKey(identity.private_key);
  if (key == nullptr) {
    return Unfit("--tls-key ", key_file, " holds no private key in PEM form without passphrase");
  }
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    return Unfit("--tls-key ", key_file, " is not the key of the first certificate in --tls-cert ",
                 certificate_file);
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificates.front().get())) < 0) {
    return Unfit("--tls-cert ", certificate_file, " has expired: no client would trust it");
  }
  return identity;
}

}  // namespace bqcdc::emulator::server
