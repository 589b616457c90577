#include "bqcdc/emulator/convert/float_text.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace bqcdc::emulator::convert {
namespace {

// The range of Double.toString's plain form
// (https://docs.oracle.com/javase/8/docs/api/java/lang/Double.html#toString-double-): 10^-3 <= |x| < 10^7.
constexpr int kPlainExponentMin = -3;
constexpr int kPlainExponentMax = 6;

// `digits` without a point is d.ddd * 10^exponent.
void AppendPlain(std::string_view digits, int exponent, std::string* out) {
  if (exponent < 0) {
    out->append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
    return;
  }
  const size_t integer_digits = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= integer_digits) {
    out->append(digits).append(integer_digits - digits.size(), '0').append(".0");
    return;
  }
  out->append(digits.substr(0, integer_digits)).push_back('.');
  out->append(digits.substr(integer_digits));
}

}  // namespace

void AppendFloatText(double value, std::string* out) {
  if (std::isnan(value)) {
    out->append("NaN");
    return;
  }
  if (std::signbit(value)) out->push_back('-');
  value = std::fabs(value);
  if (std::isinf(value)) {
    out->append("Infinity");
    return;
  }
  if (value == 0) {
    out->append("0.0");
    return;
  }
  char text[32];
  const auto written = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  const std::string_view scientific(text, static_cast<size_t>(written.ptr - text));  // d[.ddd]e[+-]dd
  const size_t e = scientific.find('e');
  int exponent = 0;
  const char* exponent_text = scientific.data() + e + 1;
  std::from_chars(exponent_text + (*exponent_text == '+'), written.ptr, exponent);
  std::string digits(scientific.substr(0, 1));
  if (e > 2) digits.append(scientific.substr(2, e - 2));
  if (exponent >= kPlainExponentMin && exponent <= kPlainExponentMax) {
    AppendPlain(digits, exponent, out);
    return;
  }
  out->append(digits, 0, 1).push_back('.');
  out->append(digits.size() > 1 ? digits.substr(1) : "0").push_back('E');
  out->append(std::to_string(exponent));
}

void AppendFloatSeconds(int64_t micros, std::string* out) {
  AppendFloatText(static_cast<double>(micros) / 1e6, out);
}

}  // namespace bqcdc::emulator::convert
