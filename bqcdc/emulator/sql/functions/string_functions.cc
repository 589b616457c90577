// https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/functions/text_units.h"

namespace bqcdc::emulator::sql {
namespace {

using TextResult = absl::StatusOr<std::string>;

std::string Initcap(std::string_view text) {
  std::string result;
  bool start = true;
  constexpr std::string_view kDelimiters = " \t\n\v\f\r[](){}/|<>!?@\"^#$&~_,.:;*%+-";
  for (const char32_t c : ToCodePoints(text)) {
    std::string one;
    AppendUtf8(c, &one);
    result += start ? ToUpper(one) : ToLower(one);
    start = c < 0x80 && kDelimiters.find(static_cast<char>(c)) != std::string_view::npos;
  }
  return result;
}

std::string Soundex(std::string_view text) {
  static constexpr std::string_view kCodes = "01230120022455012623010202";
  std::string result;
  char last = '0';
  for (const char raw : text) {
    const char c = absl::ascii_toupper(static_cast<unsigned char>(raw));
    if (c < 'A' || c > 'Z') continue;
    const char code = kCodes[c - 'A'];
    if (result.empty()) {
      result += c;
      last = code;
      continue;
    }
    if (c == 'H' || c == 'W') continue;
    if (code != '0' && code != last) result += code;
    last = code;
    if (result.size() == 4) break;
  }
  if (!result.empty()) result.resize(4, '0');
  return result;
}

bool IsCodePoint(int64_t value) {
  return value >= 0 && value <= 0x10FFFF && !(value >= 0xD800 && value <= 0xDFFF);
}

void AddCodePointFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_ascii", +[](std::string_view a) -> absl::StatusOr<int64_t> {
        if (a.empty()) return 0;
        if (static_cast<unsigned char>(a[0]) >= 0x80) {
          return base::InvalidArgument("Non-ASCII code point found in ASCII function");
        }
        return a[0];
      });
  AddFunction(
      f, "bq_chr", +[](int64_t a) -> TextResult {
        if (!IsCodePoint(a)) return base::InvalidArgument("Invalid codepoint ", a);
        std::string text;
        if (a != 0) AppendUtf8(static_cast<char32_t>(a), &text);
        return text;
      });
  AddFunction(
      f, "bq_unicode", +[](std::string_view a) -> int64_t { return a.empty() ? 0 : ToCodePoints(a)[0]; });
  AddFunction(
      f, "bq_to_code_points", +[](std::string_view a) -> absl::StatusOr<std::vector<int64_t>> {
        if (static_cast<size_t>(CountCodePoints(a)) > kOutputElementsMax) return TooManyElements();
        const std::vector<char32_t> points = ToCodePoints(a);
        return std::vector<int64_t>(points.begin(), points.end());
      });
  AddFunction(
      f, "bq_to_code_points_bytes", +[](Bytes a) -> absl::StatusOr<std::vector<int64_t>> {
        if (a.value.size() > kOutputElementsMax) return TooManyElements();
        std::vector<int64_t> result;
        for (const char c : a.value) result.push_back(static_cast<unsigned char>(c));
        return result;
      });
  AddFunction(
      f, "bq_code_points_to_string", +[](List<int64_t> a) -> absl::StatusOr<std::optional<std::string>> {
        std::string text;
        for (const auto& point : a.elements) {
          if (!point) return std::optional<std::string>();
          if (!IsCodePoint(*point)) return base::InvalidArgument("Invalid codepoint ", *point);
          AppendUtf8(static_cast<char32_t>(*point), &text);
        }
        return std::optional<std::string>(std::move(text));
      });
  AddFunction(
      f, "bq_code_points_to_bytes", +[](List<int64_t> a) -> absl::StatusOr<std::optional<BytesValue>> {
        BytesValue bytes;
        for (const auto& point : a.elements) {
          if (!point) return std::optional<BytesValue>();
          if (*point < 0 || *point > 255)
            return base::InvalidArgument("Invalid extended ASCII code point ", *point);
          bytes.value.push_back(static_cast<char>(*point));
        }
        return std::optional<BytesValue>(std::move(bytes));
      });
}

// CONCAT, || and the texts of JSON: NULL where a part is.
template <typename Units>
absl::StatusOr<std::optional<typename Units::Value>> Concatenate(Variadic<typename Units::Argument> parts) {
  OutputText text("CONCAT");
  for (const auto& part : parts.values) {
    if (!part) return std::optional<typename Units::Value>();
    BQCDC_RETURN_IF_ERROR(text.Append(View(*part)));
  }
  return typename Units::Value{std::move(text).Take()};
}

void AddEncodingFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_to_hex", +[](Bytes a) -> std::string { return absl::BytesToHexString(base::ToAbsl(a.value)); });
  AddFunction(
      f, "bq_from_hex", +[](std::string_view a) -> absl::StatusOr<BytesValue> {
        std::string digits(a);
        if (digits.size() % 2 != 0) digits.insert(digits.begin(), '0');
        for (const char c : digits) {
          if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) {
            return base::InvalidArgument("Failed to decode invalid hexadecimal string due to character '",
                                         std::string(1, c), "'");
          }
        }
        return BytesValue{absl::HexStringToBytes(digits)};
      });
  AddFunction(
      f, "bq_to_base64", +[](Bytes a) -> std::string { return absl::Base64Escape(base::ToAbsl(a.value)); });
  AddFunction(
      f, "bq_from_base64", +[](std::string_view a) -> absl::StatusOr<BytesValue> {
        BytesValue result;
        if (!absl::Base64Unescape(base::ToAbsl(a), &result.value)) {
          return base::InvalidArgument("Failed to decode invalid base64 string");
        }
        return result;
      });
  AddFunction(
      f, "bq_safe_convert_bytes_to_string", +[](Bytes a) -> std::string {
        if (IsUtf8(a.value)) return std::string(a.value);
        std::string text;
        for (const char32_t c : ToCodePoints(a.value)) AppendUtf8(c, &text);
        return text;
      });
}

}  // namespace

void AddStringFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_char_length", +[](std::string_view a) -> int64_t { return CountCodePoints(a); });
  AddFunction(
      f, "bq_byte_length", +[](std::string_view a) -> int64_t { return static_cast<int64_t>(a.size()); });
  AddFunction(
      f, "bq_byte_length_bytes", +[](Bytes a) -> int64_t { return static_cast<int64_t>(a.value.size()); });
  AddFunction(f, "bq_concat", &Concatenate<CodePoints>);
  AddFunction(f, "bq_concat_bytes", &Concatenate<SingleBytes>);
  AddFunction(f, "bq_upper", &ToUpper);
  AddFunction(f, "bq_lower", &ToLower);
  // Of BYTES the letters of ASCII alone.
  AddFunction(
      f, "bq_upper_bytes",
      +[](Bytes a) -> BytesValue { return {absl::AsciiStrToUpper(base::ToAbsl(a.value))}; });
  AddFunction(
      f, "bq_lower_bytes",
      +[](Bytes a) -> BytesValue { return {absl::AsciiStrToLower(base::ToAbsl(a.value))}; });
  AddFunction(f, "bq_initcap", &Initcap);
  AddFunction(f, "bq_soundex", &Soundex);
  AddFunction(
      f, "bq_contains_substr", +[](std::string_view a, std::string_view b) -> bool {
        return ToLower(ToUpper(a)).find(ToLower(ToUpper(b))) != std::string::npos;
      });
  AddCodePointFunctions(f);
  AddEncodingFunctions(f);
}

}  // namespace bqcdc::emulator::sql
