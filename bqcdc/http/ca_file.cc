#include "bqcdc/http/ca_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::http {
namespace {

// The first one tells: those that follow are read where they are used, hundreds of them on some machines.
bool HasCertificate(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();  // The end of the file is an "error" to OpenSSL.
  return certificate != nullptr;
}

absl::StatusOr<std::string> ReadCaFile(const std::string& given_by, const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text;
  std::array<char, 64 * 1024> buffer;
  while (stream && text.size() <= kCaFileBytesMax) {
    stream.read(buffer.data(), buffer.size());
    text.append(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (!stream.is_open() || stream.bad()) {
    return base::InvalidArgument(given_by, " '", path, "' cannot be read: ", std::strerror(errno));
  }
  if (text.size() > kCaFileBytesMax) {
    return base::InvalidArgument(given_by, " '", path, "' is larger than the limit of ", kCaFileBytesMax,
                                 " bytes");
  }
  if (!HasCertificate(text)) {
    return base::InvalidArgument(given_by, " '", path,
                                 "' holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  }
  return text;
}

}  // namespace

absl::StatusOr<CertificateAuthorities> ChooseCertificateAuthorities(
    const std::string& flag, const std::function<std::string(const char*)>& environment) {
  CertificateAuthorities chosen;
  std::string given_by = "--ca-file";
  chosen.file = flag;
  for (const char* variable : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    if (!chosen.file.empty()) break;
    given_by = variable;
    chosen.file = environment(variable);
  }
  if (!chosen.file.empty()) {
    BQCDC_ASSIGN_OR_RETURN(chosen.grpc_pem, ReadCaFile(given_by, chosen.file));
  }
  const char* const grpc_variable = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";
  if (const std::string grpc_file = environment(grpc_variable); flag.empty() && !grpc_file.empty()) {
    BQCDC_ASSIGN_OR_RETURN(chosen.grpc_pem, ReadCaFile(grpc_variable, grpc_file));
  }
  return chosen;
}

}  // namespace bqcdc::http
