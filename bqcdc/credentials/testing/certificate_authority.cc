#include "bqcdc/credentials/testing/certificate_authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bqcdc::credentials {
namespace {

// A test cannot go on without them.
void Require(bool good) {
  if (!good) std::abort();
}

std::string Pem(const std::function<void(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

std::string KeyPem(EVP_PKEY* key) {
  return Pem([key](BIO* bio) {
    Require(PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  });
}

std::string CertificatePem(X509* certificate) {
  return Pem([certificate](BIO* bio) { Require(PEM_write_bio_X509(bio, certificate) == 1); });
}

void AddExtension(X509* certificate, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  Require(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509* NewCertificate(EVP_PKEY* key, const std::string& name, X509* issuer, long serial,
                     absl::Duration lifetime) {
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), static_cast<long>(absl::ToInt64Seconds(lifetime)));
  X509_set_pubkey(certificate, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer == nullptr ? certificate : issuer));
  return certificate;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  Require(file.good());
}

}  // namespace

CertificateAuthority::CertificateAuthority(std::string directory)
    : directory_(std::move(directory)), file_(directory_ + "/authority.pem"), key_(EVP_EC_gen("P-256")) {
  certificate_ = NewCertificate(
      key_, absl::StrCat("authority of ", std::filesystem::path(directory_).filename().string()), nullptr,
      serial_++, absl::Hours(24));
  AddExtension(certificate_, certificate_, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(certificate_, certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate_, certificate_, NID_subject_key_identifier, "hash");
  Require(X509_sign(certificate_, key_, EVP_sha256()) > 0);
  Write(file_, CertificatePem(certificate_));
}

CertificateAuthority::~CertificateAuthority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
}

IssuedCertificate CertificateAuthority::Issue(const std::string& name, absl::Duration lifetime) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = NewCertificate(key, name, certificate_, serial_++, lifetime);
  AddExtension(certificate, certificate_, NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate, certificate_, NID_ext_key_usage, "serverAuth");
  AddExtension(certificate, certificate_, NID_subject_alt_name,
               "DNS:localhost,DNS:service.test,IP:127.0.0.1");
  Require(X509_sign(certificate, key_, EVP_sha256()) > 0);
  const IssuedCertificate issued = {absl::StrCat(directory_, "/", name, ".pem"),
                                    absl::StrCat(directory_, "/", name, ".key"), CertificatePem(certificate),
                                    KeyPem(key)};
  Write(issued.certificate_file, issued.certificate_pem);
  Write(issued.key_file, issued.key_pem);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return issued;
}

RsaKey MakeRsaKey() {
  EVP_PKEY* const key = EVP_RSA_gen(2048);
  const RsaKey made = {KeyPem(key), Pem([key](BIO* bio) { Require(PEM_write_bio_PUBKEY(bio, key) == 1); })};
  EVP_PKEY_free(key);
  return made;
}

bool VerifyJwt(const std::string& jwt, const std::string& public_pem, std::string* header,
               std::string* claims) {
  const std::vector<std::string> parts = absl::StrSplit(jwt, '.');
  std::string signature;
  if (parts.size() != 3 || !absl::WebSafeBase64Unescape(parts[0], header) ||
      !absl::WebSafeBase64Unescape(parts[1], claims) || !absl::WebSafeBase64Unescape(parts[2], &signature)) {
    return false;
  }
  const std::string text = absl::StrCat(parts[0], ".", parts[1]);
  BIO* bio = BIO_new_mem_buf(public_pem.data(), static_cast<int>(public_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PUBKEY(bio, nullptr, nullptr, nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool good =
      key != nullptr && EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return good;
}

}  // namespace bqcdc::credentials
