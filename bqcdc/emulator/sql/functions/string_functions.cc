// https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/functions/own_function.h"

namespace bqcdc::emulator::sql {
namespace {

using TextResult = absl::StatusOr<std::string>;
// Text that a function may make, as the service limits a row.
constexpr int64_t kTextBytesMax = 100 * 1024 * 1024;

// SUBSTR over units that `count` and `offset_of` define; positions from 1, negative from the end, 0 as 1.
template <typename OffsetOf>
absl::StatusOr<std::string_view> Substring(std::string_view text, int64_t count, int64_t position,
                                           int64_t length, OffsetOf offset_of) {
  if (length < 0) return base::InvalidArgument("Third argument in SUBSTR() cannot be negative");
  int64_t begin = position > 0 ? position - 1 : position == 0 ? 0 : count + position;
  if (begin < 0) begin = 0;
  if (begin >= count) return std::string_view();
  const int64_t end = length > count - begin ? count : begin + length;
  const size_t from = offset_of(begin);
  return text.substr(from, offset_of(end) - from);
}

TextResult SubstrText(std::string_view text, int64_t position, int64_t length) {
  auto part = Substring(text, CountCodePoints(text), position, length,
                        [&](int64_t index) { return OffsetOfCodePoint(text, index); });
  if (!part.ok()) return part.status();
  return std::string(*part);
}

bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

template <typename InSet>
std::string Trimmed(std::string_view text, bool left, bool right, InSet in_set) {
  const std::vector<char32_t> points = ToCodePoints(text);
  size_t begin = 0;
  size_t end = points.size();
  while (left && begin < end && in_set(points[begin])) ++begin;
  while (right && end > begin && in_set(points[end - 1])) --end;
  std::string result;
  for (size_t i = begin; i < end; ++i) AppendUtf8(points[i], &result);
  return result;
}

std::string TrimSet(std::string_view text, std::string_view characters, bool left, bool right) {
  const std::vector<char32_t> points = ToCodePoints(characters);
  const std::set<char32_t> set(points.begin(), points.end());
  return Trimmed(text, left, right, [&](char32_t c) { return set.contains(c); });
}

TextResult Pad(std::string_view text, int64_t length, std::string_view pattern, bool left) {
  if (length < 0)
    return base::InvalidArgument("Second argument (output size) for LPAD/RPAD cannot be negative");
  if (pattern.empty())
    return base::InvalidArgument("Third argument (pad pattern) for LPAD/RPAD cannot be empty");
  if (length > kTextBytesMax)
    return base::InvalidArgument("Output of LPAD/RPAD exceeds max allowed output size");
  const int64_t count = CountCodePoints(text);
  if (length <= count) return std::string(text.substr(0, OffsetOfCodePoint(text, length)));
  const std::vector<char32_t> points = ToCodePoints(pattern);
  std::string padding;
  for (int64_t i = 0; i < length - count; ++i) AppendUtf8(points[i % points.size()], &padding);
  return left ? padding + std::string(text) : std::string(text) + padding;
}

TextResult Replace(std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) return std::string(text);
  std::string result;
  size_t begin = 0;
  for (size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, begin)) {
    result.append(text.substr(begin, at - begin)).append(to);
    begin = at + from.size();
    if (static_cast<int64_t>(result.size()) > kTextBytesMax) {
      return base::InvalidArgument("Output of REPLACE exceeds max allowed output size");
    }
  }
  return result.append(text.substr(begin));
}

// LIKE: % any text, _ one character, \ takes the next character as it is.
absl::StatusOr<bool> Like(std::string_view text, std::string_view pattern) {
  struct Item {
    char32_t c = 0;
    enum { kChar, kOne, kMany } kind = kChar;
  };
  std::vector<Item> items;
  const std::vector<char32_t> points = ToCodePoints(pattern);
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i] == '\\') {
      if (++i == points.size()) return base::InvalidArgument("LIKE pattern ends with a backslash");
      items.push_back({points[i], Item::kChar});
    } else if (points[i] == '%') {
      items.push_back({0, Item::kMany});
    } else if (points[i] == '_') {
      items.push_back({0, Item::kOne});
    } else {
      items.push_back({points[i], Item::kChar});
    }
  }
  const std::vector<char32_t> value = ToCodePoints(text);
  size_t v = 0, p = 0, star = std::string::npos, mark = 0;
  while (v < value.size()) {
    if (p < items.size() && items[p].kind == Item::kMany) {
      star = p++;
      mark = v;
    } else if (p < items.size() && (items[p].kind == Item::kOne || items[p].c == value[v])) {
      ++p;
      ++v;
    } else if (star != std::string::npos) {
      p = star + 1;
      v = ++mark;
    } else {
      return false;
    }
  }
  while (p < items.size() && items[p].kind == Item::kMany) ++p;
  return p == items.size();
}

absl::StatusOr<int64_t> Instr(std::string_view text, std::string_view part, int64_t position,
                              int64_t occurrence) {
  if (position == 0) return base::InvalidArgument("Third argument (position) of INSTR must not be 0");
  if (occurrence < 1) return base::InvalidArgument("Fourth argument (occurrence) of INSTR must be positive");
  const std::vector<char32_t> value = ToCodePoints(text);
  const std::vector<char32_t> wanted = ToCodePoints(part);
  const int64_t size = static_cast<int64_t>(wanted.size());
  // Where a match may begin: an empty one behind the last character, too.
  const int64_t count = static_cast<int64_t>(value.size());
  const int64_t places = count + (size == 0 ? 1 : 0);
  const int64_t step = position > 0 ? 1 : -1;
  for (int64_t at = position > 0 ? position - 1 : places + position; at >= 0 && at < places; at += step) {
    if (at + size > count) continue;
    if (!std::equal(wanted.begin(), wanted.end(), value.begin() + at)) continue;
    if (--occurrence == 0) return at + 1;
  }
  return 0;
}

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

int64_t EditDistance(std::string_view a, std::string_view b) {
  const std::vector<char32_t> x = ToCodePoints(a);
  const std::vector<char32_t> y = ToCodePoints(b);
  std::vector<int64_t> row(y.size() + 1);
  for (size_t k = 0; k <= y.size(); ++k) row[k] = static_cast<int64_t>(k);
  for (size_t i = 1; i <= x.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t k = 1; k <= y.size(); ++k) {
      const int64_t change = diagonal + (x[i - 1] == y[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, change});
    }
  }
  return row.back();
}

TextResult Translate(std::string_view text, std::string_view from, std::string_view to) {
  const std::vector<char32_t> source = ToCodePoints(from);
  const std::vector<char32_t> target = ToCodePoints(to);
  if (std::set<char32_t>(source.begin(), source.end()).size() != source.size()) {
    return base::InvalidArgument("Duplicate character in TRANSLATE source characters");
  }
  std::string result;
  for (const char32_t c : ToCodePoints(text)) {
    const size_t at = std::find(source.begin(), source.end(), c) - source.begin();
    if (at == source.size()) {
      AppendUtf8(c, &result);
    } else if (at < target.size()) {
      AppendUtf8(target[at], &result);
    }
  }
  return result;
}

std::vector<std::string> Split(std::string_view text, std::string_view delimiter) {
  std::vector<std::string> parts;
  if (delimiter.empty()) {
    for (const char32_t c : ToCodePoints(text)) {
      parts.emplace_back();
      AppendUtf8(c, &parts.back());
    }
    if (parts.empty()) parts.emplace_back();
    return parts;
  }
  size_t begin = 0;
  for (size_t at = text.find(delimiter); at != std::string_view::npos; at = text.find(delimiter, begin)) {
    parts.emplace_back(text.substr(begin, at - begin));
    begin = at + delimiter.size();
  }
  parts.emplace_back(text.substr(begin));
  return parts;
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
      f, "bq_to_code_points", +[](std::string_view a) -> std::vector<int64_t> {
        const std::vector<char32_t> points = ToCodePoints(a);
        return {points.begin(), points.end()};
      });
  AddFunction(
      f, "bq_to_code_points_bytes", +[](Bytes a) -> std::vector<int64_t> {
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

void AddPartFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_substr", &SubstrText);
  AddFunction(
      f, "bq_substr_bytes", +[](Bytes a, int64_t position, int64_t length) -> absl::StatusOr<BytesValue> {
        auto part = Substring(a.value, static_cast<int64_t>(a.value.size()), position, length,
                              [](int64_t index) { return static_cast<size_t>(index); });
        if (!part.ok()) return part.status();
        return BytesValue{std::string(*part)};
      });
  AddFunction(
      f, "bq_left", +[](std::string_view a, int64_t length) -> TextResult {
        if (length < 0) return base::InvalidArgument("Second argument in LEFT() cannot be negative");
        return std::string(a.substr(0, OffsetOfCodePoint(a, length)));
      });
  AddFunction(
      f, "bq_right", +[](std::string_view a, int64_t length) -> TextResult {
        if (length < 0) return base::InvalidArgument("Second argument in RIGHT() cannot be negative");
        const int64_t count = CountCodePoints(a);
        return std::string(length >= count ? a : a.substr(OffsetOfCodePoint(a, count - length)));
      });
  AddFunction(
      f, "bq_trim_space", +[](std::string_view a) { return Trimmed(a, true, true, IsSpace); });
  AddFunction(
      f, "bq_ltrim_space", +[](std::string_view a) { return Trimmed(a, true, false, IsSpace); });
  AddFunction(
      f, "bq_rtrim_space", +[](std::string_view a) { return Trimmed(a, false, true, IsSpace); });
  AddFunction(
      f, "bq_trim", +[](std::string_view a, std::string_view b) { return TrimSet(a, b, true, true); });
  AddFunction(
      f, "bq_ltrim", +[](std::string_view a, std::string_view b) { return TrimSet(a, b, true, false); });
  AddFunction(
      f, "bq_rtrim", +[](std::string_view a, std::string_view b) { return TrimSet(a, b, false, true); });
  AddFunction(
      f, "bq_lpad",
      +[](std::string_view a, int64_t length, std::string_view b) { return Pad(a, length, b, true); });
  AddFunction(
      f, "bq_rpad",
      +[](std::string_view a, int64_t length, std::string_view b) { return Pad(a, length, b, false); });
  AddFunction(f, "bq_replace", &Replace);
  AddFunction(
      f, "bq_repeat", +[](std::string_view a, int64_t count) -> TextResult {
        if (count < 0) return base::InvalidArgument("Second argument in REPEAT() cannot be negative");
        if (!a.empty() && count > kTextBytesMax / static_cast<int64_t>(a.size())) {
          return base::InvalidArgument("Output of REPEAT exceeds max allowed output size");
        }
        std::string text;
        for (int64_t i = 0; i < count && !a.empty(); ++i) text.append(a);
        return text;
      });
  AddFunction(
      f, "bq_reverse", +[](std::string_view a) -> std::string {
        std::vector<char32_t> points = ToCodePoints(a);
        std::string text;
        for (auto point = points.rbegin(); point != points.rend(); ++point) AppendUtf8(*point, &text);
        return text;
      });
}

void AddSearchFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_starts_with",
      +[](std::string_view a, std::string_view b) -> bool { return a.substr(0, b.size()) == b; });
  AddFunction(
      f, "bq_ends_with", +[](std::string_view a, std::string_view b) -> bool {
        return a.size() >= b.size() && a.substr(a.size() - b.size()) == b;
      });
  AddFunction(
      f, "bq_strpos", +[](std::string_view a, std::string_view b) -> int64_t {
        const size_t at = a.find(b);
        return at == std::string_view::npos ? 0 : CountCodePoints(a.substr(0, at)) + 1;
      });
  AddFunction(f, "bq_instr", &Instr);
  AddFunction(
      f, "bq_contains_substr", +[](std::string_view a, std::string_view b) -> bool {
        return ToLower(ToUpper(a)).find(ToLower(ToUpper(b))) != std::string::npos;
      });
  AddFunction(f, "bq_like", &Like);
}

}  // namespace

void AddStringFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_char_length", +[](std::string_view a) -> int64_t { return CountCodePoints(a); });
  AddFunction(
      f, "bq_byte_length", +[](std::string_view a) -> int64_t { return static_cast<int64_t>(a.size()); });
  AddFunction(
      f, "bq_byte_length_bytes", +[](Bytes a) -> int64_t { return static_cast<int64_t>(a.value.size()); });
  AddFunction(f, "bq_upper", &ToUpper);
  AddFunction(f, "bq_lower", &ToLower);
  AddFunction(f, "bq_initcap", &Initcap);
  AddFunction(f, "bq_soundex", &Soundex);
  AddFunction(f, "bq_edit_distance", &EditDistance);
  AddFunction(f, "bq_translate", &Translate);
  AddFunction(f, "bq_split", &Split);
  AddPartFunctions(f);
  AddSearchFunctions(f);
  AddCodePointFunctions(f);
  AddEncodingFunctions(f);
}

}  // namespace bqcdc::emulator::sql
