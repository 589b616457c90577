#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace bqcdc::emulator::server {

struct FreeX509 {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Certificate = std::unique_ptr<X509, FreeX509>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeKey>;

// All certificates of a PEM text, in its order.
std::vector<Certificate> ReadCertificates(const std::string& pem);
// Null where the text holds none, or one with a passphrase.
PrivateKey ReadPrivateKey(const std::string& pem);

}  // namespace bqcdc::emulator::server
