#include "bqcdc/values/picoseconds.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace bqcdc::values {
namespace {

constexpr int kMicrosecondDigits = 6;
// A timestamp without what lies below a microsecond: date, time, and the longest name of a zone.
constexpr size_t kTextBytesMax = 128;
constexpr size_t kDecimalDigitsMax = 24;  // of the largest value

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

ValueError ParseTimestampPicos(std::string_view text, __int128* picos, CivilForm form) {
  // The digits beyond the sixth are taken out, so that the rest is the text of an ordinary TIMESTAMP.
  const size_t point = std::min(text.find('.'), text.size());
  size_t end = std::min(point + 1, text.size());
  while (end < text.size() && IsDigit(text[end])) ++end;
  const size_t kept = std::min(point + 1 + kMicrosecondDigits, end);
  int64_t below = 0;
  int digits = kMicrosecondDigits;
  for (size_t i = kept; i < end; ++i, ++digits) {
    if (digits == kPicosecondDigits) return ValueError::kTooPrecise;
    below = below * 10 + (text[i] - '0');
  }
  for (; digits < kPicosecondDigits; ++digits) below *= 10;
  const size_t tail = text.size() - end;
  std::array<char, kTextBytesMax> ordinary;
  if (kept + tail > ordinary.size()) return ValueError::kMalformed;
  std::memcpy(ordinary.data(), text.data(), kept);
  std::memcpy(ordinary.data() + kept, text.data() + end, tail);
  int64_t micros = 0;
  const ValueError error = ParseTimestamp(std::string_view(ordinary.data(), kept + tail), &micros, form);
  if (error != ValueError::kNone) return error;
  *picos = static_cast<__int128>(micros) * kPicosPerMicro + below;
  return ValueError::kNone;
}

int64_t MicrosOfPicos(__int128 picos) {
  const auto micros = static_cast<int64_t>(picos / kPicosPerMicro);
  return picos % kPicosPerMicro < 0 ? micros - 1 : micros;
}

std::string FormatTimestampPicos(__int128 picos, std::string_view suffix, char divider,
                                 FractionDigits digits) {
  const int64_t micros = MicrosOfPicos(picos);
  const auto below = static_cast<int64_t>(picos - static_cast<__int128>(micros) * kPicosPerMicro);
  if (below == 0) return FormatTimestamp(micros, suffix, digits, divider);
  const int64_t fraction = ((micros % kMicrosPerSecond) + kMicrosPerSecond) % kMicrosPerSecond;
  // The leading 1 keeps the zeros behind it.
  return FormatDatetime(micros - fraction, divider)
      .append(".")
      .append(std::to_string(kMicrosPerSecond + fraction).substr(1))
      .append(std::to_string(kPicosPerMicro + below).substr(1))
      .append(suffix);
}

std::string PicosToText(__int128 picos) {
  std::array<char, kDecimalDigitsMax + 2> digits;
  size_t at = digits.size();
  const bool negative = picos < 0;
  unsigned __int128 rest =
      negative ? -static_cast<unsigned __int128>(picos) : static_cast<unsigned __int128>(picos);
  do {
    digits[--at] = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0 && at > 1);
  if (negative) digits[--at] = '-';
  return std::string(digits.data() + at, digits.size() - at);
}

bool PicosFromText(std::string_view text, __int128* picos) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > kDecimalDigitsMax || !std::all_of(text.begin(), text.end(), &IsDigit))
    return false;
  __int128 value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  *picos = negative ? -value : value;
  return true;
}

}  // namespace bqcdc::values
