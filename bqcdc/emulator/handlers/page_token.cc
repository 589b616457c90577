#include "bqcdc/emulator/handlers/page_token.h"

#include <cinttypes>
#include <cstdio>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
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

std::string Checksum(std::string_view listing, std::string_view position) {
  return TextHash(base::StrCat(listing, "\n", position));
}

absl::Status InvalidToken() {
  return errors::WithLocation(errors::Invalid("Invalid value for pageToken"), "pageToken");
}

}  // namespace

std::string TextHash(std::string_view text) {
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016" PRIx64, Hash(text));
  return digits;
}

std::string MakePageToken(std::string_view listing, std::string_view position) {
  return absl::WebSafeBase64Escape(base::StrCat(Checksum(listing, position), position));
}

absl::StatusOr<std::string> ParsePageToken(std::string_view listing, std::string_view token) {
  std::string text;
  constexpr size_t kChecksumBytes = 16;
  if (!absl::WebSafeBase64Unescape(base::ToAbsl(token), &text) || text.size() <= kChecksumBytes)
    return InvalidToken();
  std::string position = text.substr(kChecksumBytes);
  if (text.substr(0, kChecksumBytes) != Checksum(listing, position)) return InvalidToken();
  return position;
}

std::string MakeRowToken(std::string_view listing, int64_t next_row) {
  return MakePageToken(listing, std::to_string(next_row));
}

absl::StatusOr<int64_t> ParseRowToken(std::string_view listing, std::string_view token) {
  BQCDC_ASSIGN_OR_RETURN(const std::string position, ParsePageToken(listing, token));
  int64_t row = 0;
  if (!absl::SimpleAtoi(position, &row)) return InvalidToken();
  return row;
}

}  // namespace bqcdc::emulator::handlers
