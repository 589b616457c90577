// Two texts divided by a blank, as NUMERIC and BIGNUMERIC; the same input as their bytes, and as a double.
// What a text or a double is worth is worked out a second time, digit by digit on paper's rules; the
// reference knows nothing of the parsers.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/numeric.h"

namespace {

using bqcdc::values::BigNumeric;
using bqcdc::values::Numeric;
using bqcdc::values::ValueError;

void Require(bool condition) {
  if (!condition) std::abort();
}

// What differs between the two types: the digits of the largest value in units, with and without a sign.
template <typename Decimal>
constexpr std::string_view kUnitsMax = "";
template <>
constexpr std::string_view kUnitsMax<Numeric> = "99999999999999999999999999999999999999";
template <>
constexpr std::string_view kUnitsMax<BigNumeric> =
    "57896044618658097711785492504343953926634992332820282019728792003956564819967";
template <typename Decimal>
constexpr std::string_view kNegativeUnitsMax = kUnitsMax<Decimal>;
template <>
constexpr std::string_view kNegativeUnitsMax<BigNumeric> =
    "57896044618658097711785492504343953926634992332820282019728792003956564819968";

struct Expected {
  ValueError error = ValueError::kNone;
  std::string text;  // the canonical text, without an error
};

std::string_view TakeDigits(std::string_view* text) {
  const std::string_view digits = text->substr(0, text->find_first_not_of("0123456789"));
  text->remove_prefix(digits.size());
  return digits;
}

bool TakeOneOf(std::string_view characters, std::string_view* text, char* taken) {
  if (text->empty() || characters.find(text->front()) == std::string_view::npos) return false;
  *taken = text->front();
  text->remove_prefix(1);
  return true;
}

// Digits without leading zeros, as numbers are ordered: the longer one is larger.
bool Larger(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

template <typename Decimal>
Expected Reference(std::string_view text) {
  constexpr auto kScale = static_cast<int64_t>(Decimal::kScale);
  // More places than this decide nothing any more, and inputs are shorter.
  constexpr int64_t kPlacesMax = 1'000'000;
  char sign = '+';
  char taken = 0;
  TakeOneOf("+-", &text, &sign);
  std::string digits(TakeDigits(&text));
  auto point = static_cast<int64_t>(digits.size());
  if (TakeOneOf(".", &text, &taken)) digits += TakeDigits(&text);
  if (digits.empty()) return {ValueError::kMalformed, ""};
  if (TakeOneOf("eE", &text, &taken)) {
    char exponent_sign = '+';
    TakeOneOf("+-", &text, &exponent_sign);
    const std::string_view exponent = TakeDigits(&text);
    if (exponent.empty()) return {ValueError::kMalformed, ""};
    int64_t places = 0;
    for (const char digit : exponent) places = std::min(kPlacesMax, places * 10 + (digit - '0'));
    point += exponent_sign == '-' ? -places : places;
  }
  if (!text.empty()) return {ValueError::kMalformed, ""};

  const size_t leading = digits.find_first_not_of('0');
  if (leading == std::string::npos) return {ValueError::kNone, "0"};
  digits.erase(0, leading);
  point -= static_cast<int64_t>(leading);
  const int64_t kept = point + kScale;
  if (kept < 0) return {ValueError::kNone, "0"};
  if (kept > static_cast<int64_t>(kUnitsMax<Decimal>.size())) return {ValueError::kOutOfRange, ""};
  digits.resize(std::max(digits.size(), static_cast<size_t>(kept) + 1), '0');
  const bool up = digits[static_cast<size_t>(kept)] >= '5';
  std::string units = "0" + digits.substr(0, static_cast<size_t>(kept));
  if (up) {
    size_t at = units.size() - 1;
    while (units[at] == '9') units[at--] = '0';
    ++units[at];
  }
  units.erase(0, units.find_first_not_of('0'));
  if (units.empty()) return {ValueError::kNone, "0"};
  if (Larger(units, sign == '-' ? kNegativeUnitsMax<Decimal> : kUnitsMax<Decimal>))
    return {ValueError::kOutOfRange, ""};

  if (units.size() <= static_cast<size_t>(kScale))
    units.insert(0, static_cast<size_t>(kScale) + 1 - units.size(), '0');
  units.insert(units.size() - static_cast<size_t>(kScale), 1, '.');
  units.erase(units.find_last_not_of('0') + 1);
  if (units.back() == '.') units.pop_back();
  return {ValueError::kNone, (sign == '-' ? "-" : "") + units};
}

// Back from the canonical text and from the bytes it is equal.
template <typename Decimal>
void CheckForms(const Decimal& value) {
  Decimal back;
  Require(Decimal::Parse(value.ToString(), &back) == ValueError::kNone && back == value);
  char bytes[Decimal::kWireBytesMax];
  Require(Decimal::FromWireBytes({bytes, value.ToWireBytes(bytes)}, &back) == ValueError::kNone &&
          back == value);
}

template <typename Decimal>
std::optional<Decimal> CheckText(std::string_view text) {
  const Expected expected = Reference<Decimal>(text);
  Decimal value;
  Require(Decimal::Parse(text, &value) == expected.error);
  if (expected.error != ValueError::kNone) return std::nullopt;
  Require(value.ToString() == expected.text);
  CheckForms(value);
  return value;
}

template <typename Decimal>
void CheckPair(const Decimal& a, const Decimal& b) {
  Decimal sum;
  Decimal other;
  const ValueError error = Decimal::Add(a, b, &sum);
  Require(Decimal::Add(b, a, &other) == error);
  Require((a < b) == (b > a) && (a == b) == (a.ToString() == b.ToString()));
  if (error != ValueError::kNone) return;
  Require(sum == other);
  CheckForms(sum);
  Require((sum < a) == (b < Decimal()));
}

template <typename Decimal>
void CheckWire(std::string_view bytes) {
  Decimal value;
  if (Decimal::FromWireBytes(bytes, &value) == ValueError::kNone) CheckForms(value);
}

template <typename Decimal>
void CheckDouble(double number) {
  Decimal value;
  const ValueError error = Decimal::FromDouble(number, &value);
  // All digits of any double in range, and then some: printf writes the exact value.
  char exact[1500];
  if (!std::isfinite(number) || std::fabs(number) > 1e60) {
    Require(error == ValueError::kOutOfRange);
    return;
  }
  std::snprintf(exact, sizeof exact, "%.1100f", number);
  const Expected expected = Reference<Decimal>(exact);
  Require(error == expected.error);
  if (error == ValueError::kNone) Require(value.ToString() == expected.text);
}

void CheckBlob(const BigNumeric& a, const BigNumeric& b) {
  BigNumeric back;
  Require(BigNumeric::FromBlob(a.ToBlob(), &back) == ValueError::kNone && back == a);
  Require((a < b) == (a.ToBlob() < b.ToBlob()));
}

// Rounded to a NUMERIC's places it is what the text of it gives.
void CheckToNumeric(const BigNumeric& value) {
  Numeric numeric;
  const ValueError error = value.ToNumeric(&numeric);
  const Expected expected = Reference<Numeric>(value.ToString());
  Require(error == expected.error);
  if (error != ValueError::kNone) return;
  Require(numeric.ToString() == expected.text);
  Require(BigNumeric::FromNumeric(numeric).ToString() == expected.text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckWire<Numeric>(text);
  CheckWire<BigNumeric>(text);
  double number = 0;
  if (size >= sizeof number) {
    std::memcpy(&number, data, sizeof number);
    CheckDouble<Numeric>(number);
    CheckDouble<BigNumeric>(number);
  }

  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);  // Corpus files end like all text files.
  const size_t blank = text.find(' ');
  const std::string_view second = blank == std::string_view::npos ? "1" : text.substr(blank + 1);
  const auto numeric_a = CheckText<Numeric>(text.substr(0, blank));
  const auto numeric_b = CheckText<Numeric>(second);
  if (numeric_a && numeric_b) CheckPair(*numeric_a, *numeric_b);
  const auto big_a = CheckText<BigNumeric>(text.substr(0, blank));
  const auto big_b = CheckText<BigNumeric>(second);
  if (big_a) CheckToNumeric(*big_a);
  if (big_a && big_b) {
    CheckPair(*big_a, *big_b);
    CheckBlob(*big_a, *big_b);
  }
  return 0;
}
