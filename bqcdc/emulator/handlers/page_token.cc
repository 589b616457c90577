#include "bqcdc/emulator/handlers/page_token.h"

#include <cinttypes>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::handlers {
namespace {

// FNV-1a, 64 bits: the same in every run, so that tokens of tables outlive a restart.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

std::string Checksum(std::string_view listing, std::string_view index) {
  return TextHash(base::StrCat(listing, "\n", index));
}

}  // namespace

std::string TextHash(std::string_view text) {
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016" PRIx64, Hash(text));
  return digits;
}

std::string MakePageToken(std::string_view listing, int64_t next_index) {
  const std::string index = std::to_string(next_index);
  return absl::WebSafeBase64Escape(base::StrCat(Checksum(listing, index), index));
}

absl::StatusOr<int64_t> ParsePageToken(std::string_view listing, std::string_view token) {
  const absl::Status invalid =
      errors::WithLocation(errors::Invalid("Invalid value for pageToken"), "pageToken");
  std::string text;
  constexpr size_t kChecksumBytes = 16;
  if (!absl::WebSafeBase64Unescape(base::ToAbsl(token), &text) || text.size() <= kChecksumBytes)
    return invalid;
  const std::string index = text.substr(kChecksumBytes);
  int64_t next_index = 0;
  if (text.substr(0, kChecksumBytes) != Checksum(listing, index) || !absl::SimpleAtoi(index, &next_index))
    return invalid;
  return next_index;
}

}  // namespace bqcdc::emulator::handlers
