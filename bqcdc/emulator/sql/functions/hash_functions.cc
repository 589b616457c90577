// https://cloud.google.com/bigquery/docs/reference/standard-sql/hash_functions

#include <openssl/evp.h>

#include "bqcdc/emulator/sql/functions/farm_fingerprint.h"
#include "bqcdc/emulator/sql/functions/own_function.h"

namespace bqcdc::emulator::sql {
namespace {

BytesValue Digest(const EVP_MD* algorithm, std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest, &length, algorithm, nullptr);
  return {std::string(reinterpret_cast<const char*>(digest), length)};
}

}  // namespace

void AddHashFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_md5", +[](std::string_view a) { return Digest(EVP_md5(), a); });
  AddFunction(
      f, "bq_md5_bytes", +[](Bytes a) { return Digest(EVP_md5(), a.value); });
  AddFunction(
      f, "bq_sha1", +[](std::string_view a) { return Digest(EVP_sha1(), a); });
  AddFunction(
      f, "bq_sha1_bytes", +[](Bytes a) { return Digest(EVP_sha1(), a.value); });
  AddFunction(
      f, "bq_sha256", +[](std::string_view a) { return Digest(EVP_sha256(), a); });
  AddFunction(
      f, "bq_sha256_bytes", +[](Bytes a) { return Digest(EVP_sha256(), a.value); });
  AddFunction(
      f, "bq_sha512", +[](std::string_view a) { return Digest(EVP_sha512(), a); });
  AddFunction(
      f, "bq_sha512_bytes", +[](Bytes a) { return Digest(EVP_sha512(), a.value); });
  AddFunction(
      f, "bq_farm_fingerprint", +[](std::string_view a) -> int64_t { return FarmFingerprint(a); });
  AddFunction(
      f, "bq_farm_fingerprint_bytes", +[](Bytes a) -> int64_t { return FarmFingerprint(a.value); });
}

}  // namespace bqcdc::emulator::sql
