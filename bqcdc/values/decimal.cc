#include "bqcdc/values/decimal.h"

#include <algorithm>

namespace bqcdc::values {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits from the front of `text`.
std::string_view TakeDigits(std::string_view* text) {
  size_t count = 0;
  while (count < text->size() && IsDigit((*text)[count])) ++count;
  const std::string_view digits = text->substr(0, count);
  text->remove_prefix(count);
  return digits;
}

// Takes a sign from the front of `text`; true for '-'.
bool TakeSign(std::string_view* text) {
  if (text->empty() || (text->front() != '-' && text->front() != '+')) return false;
  const bool negative = text->front() == '-';
  text->remove_prefix(1);
  return negative;
}

}  // namespace

ValueError SplitDecimal(std::string_view text, DecimalText* out) {
  out->negative = TakeSign(&text);
  out->integer = TakeDigits(&text);
  out->fraction = {};
  out->exponent = 0;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    out->fraction = TakeDigits(&text);
  }
  if (out->integer.empty() && out->fraction.empty()) return ValueError::kMalformed;
  if (text.empty()) return ValueError::kNone;

  if (text.front() != 'e' && text.front() != 'E') return ValueError::kMalformed;
  text.remove_prefix(1);
  const bool negative_exponent = TakeSign(&text);
  const std::string_view digits = TakeDigits(&text);
  if (digits.empty() || !text.empty()) return ValueError::kMalformed;
  int32_t exponent = 0;
  for (const char c : digits) exponent = std::min(kExponentMax, exponent * 10 + (c - '0'));
  out->exponent = negative_exponent ? -exponent : exponent;
  return ValueError::kNone;
}

ScaledDigits::ScaledDigits(const DecimalText& text, int scale) : text_(text) {
  const auto written = static_cast<int64_t>(text.integer.size() + text.fraction.size());
  while (first_ < written && DigitAt(first_) == 0) ++first_;
  if (first_ == written) return;  // Zero.
  const int64_t kept = static_cast<int64_t>(text.integer.size()) + text.exponent + scale;
  if (kept < first_) return;  // Below half a unit.
  count_ = kept - first_;
  round_up_ = DigitAt(kept) >= 5;
}

unsigned ScaledDigits::DigitAt(int64_t position) const {
  const auto index = static_cast<size_t>(position);
  if (index < text_.integer.size()) return static_cast<unsigned>(text_.integer[index] - '0');
  const size_t in_fraction = index - text_.integer.size();
  if (in_fraction < text_.fraction.size()) return static_cast<unsigned>(text_.fraction[in_fraction] - '0');
  return 0;  // Behind the written digits.
}

}  // namespace bqcdc::values
