#include "bqcdc/credentials/signed_jwt.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace bqcdc::credentials {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

// Without one OpenSSL would ask at the terminal for the passphrase of an encrypted key.
int NoPassphrase(char*, int, int, void*) { return -1; }

// Base64 for URLs has no padding in a JWT (RFC 7515, 2).
std::string Encode(const std::string& bytes) {
  std::string text = absl::WebSafeBase64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

class RsaSigner final : public JwtSigner {
 public:
  RsaSigner(Key key, std::string key_id) : key_(std::move(key)), key_id_(std::move(key_id)) {}

  absl::StatusOr<std::string> Sign(const nlohmann::json& claims) const override {
    nlohmann::json header = {{"alg", "RS256"}, {"typ", "JWT"}};
    if (!key_id_.empty()) header["kid"] = key_id_;
    const std::string text = absl::StrCat(Encode(header.dump()), ".", Encode(claims.dump()));
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
    std::size_t length = 0;
    std::string signature;
    bool signed_well = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
                       EVP_DigestSign(context.get(), nullptr, &length, bytes, text.size()) == 1;
    if (signed_well) {
      signature.resize(length);
      signed_well = EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                                   bytes, text.size()) == 1;
    }
    ERR_clear_error();
    if (!signed_well) return absl::InternalError("OpenSSL cannot sign with the private key");
    signature.resize(length);
    return absl::StrCat(text, ".", Encode(signature));
  }

 private:
  const Key key_;
  const std::string key_id_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<JwtSigner>> JwtSigner::Make(const std::string& pem, std::string key_id) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free);
  ERR_clear_error();
  if (key == nullptr || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA) {
    return absl::InvalidArgumentError(
        "field private_key is not an RSA key in PEM form without passphrase; create a new key of the service "
        "account");
  }
  return std::unique_ptr<JwtSigner>(std::make_unique<RsaSigner>(std::move(key), std::move(key_id)));
}

}  // namespace bqcdc::credentials
