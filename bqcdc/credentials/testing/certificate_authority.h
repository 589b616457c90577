#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"

struct evp_pkey_st;
struct x509_st;

namespace bqcdc::credentials {

// A certificate with its key, as texts and as files.
struct IssuedCertificate {
  std::string certificate_file, key_file;
  std::string certificate_pem, key_pem;
};

// An authority of a test's own. Its files lie in a directory that the test removes.
class CertificateAuthority {
 public:
  explicit CertificateAuthority(std::string directory);
  ~CertificateAuthority();
  CertificateAuthority(const CertificateAuthority&) = delete;
  CertificateAuthority& operator=(const CertificateAuthority&) = delete;

  // What is to be trusted, PEM.
  const std::string& file() const { return file_; }
  // A server's certificate for localhost, 127.0.0.1 and service.test (which no resolver knows), as NAME.pem
  // and NAME.key, valid from an hour ago for `lifetime`.
  IssuedCertificate Issue(const std::string& name, absl::Duration lifetime = absl::Hours(24));

 private:
  const std::string directory_;
  std::string file_;
  evp_pkey_st* key_ = nullptr;
  x509_st* certificate_ = nullptr;
  long serial_ = 1;
};

// An RSA key for signing tokens.
struct RsaKey {
  std::string private_pem, public_pem;
};
RsaKey MakeRsaKey();

// Header and claims of a JWT whose RS256 signature `public_pem` verifies; false where it does not.
bool VerifyJwt(const std::string& jwt, const std::string& public_pem, std::string* header,
               std::string* claims);

}  // namespace bqcdc::credentials
