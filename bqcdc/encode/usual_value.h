#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/base/attributes.h"
#include "bqcdc/encode/byte_block.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/row_output.h"
#include "bqcdc/encode/short_civil.h"
#include "bqcdc/encode/short_number.h"
#include "bqcdc/encode/wire.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/utf8.h"

// The short way for values of the form in which nearly all of a type are met: integers and decimals of up to
// 16 digits, texts without escapes, dates and times with all their digits. What is refused here goes to
// JsonScalarEncoder, which alone says what is right and wrong.
namespace bqcdc::encode {

// Bytes that must be readable from where a value ends or is expected on, of any content. A line's padding has
// room for them.
inline constexpr size_t kValuePaddingBytes = 48;

inline bool IsTextToken(std::string_view token) {
  return token.size() >= 2 && token.front() == '"' && token.back() == '"';
}
// What stands between the quotes of such a token.
inline std::string_view TextBetweenQuotes(std::string_view token) {
  return token.substr(1, token.size() - 2);
}

// Nearly every value tells by its first byte.
inline bool IsNullToken(std::string_view token) {
  return !token.empty() && token.front() == 'n' && token == "null";
}

// Where a value ends in the line, and its bytes in the row; both null where it was refused.
struct TakenValue {
  const char* in = nullptr;
  char* out = nullptr;
};

// Who makes sure that a text is UTF-8.
enum class Utf8 : bool { kIsChecked, kIsToBeChecked };

namespace usual_value {

// Longest text of a date and time here, with its quotes: two blocks behind the first quote are looked at.
inline constexpr size_t kCivilBytesMax = 1 + 2 * ByteBlock::kSize;
static_assert(kCivilBytesMax <= kValuePaddingBytes && 1 + kShortNumberPaddingBytes <= kValuePaddingBytes &&
              kShortCivilPaddingBytes <= kValuePaddingBytes);

// Room for a tag, and for a number or the length of a text and what is copied behind it.
inline constexpr size_t kBytesMax = kTagBytesMax + kVarintBytesMax + ByteBlock::kSize;
static_assert(kBytesMax >= kTagBytesMax + 1 + values::Numeric::kWireBytesMax);

inline char* WriteTag(const ColumnPlan& column, char* out) {
  std::memcpy(out, column.tag, kTagBytesMax);  // A fixed size is one store; the rest is overwritten.
  return out + column.tag_size;
}

// Copies the text behind an opening quote to `out` and returns where its closing quote stands; nullptr where
// an escape, a control character or malformed UTF-8 comes before that, or `end`. Reads up to
// ByteBlock::kSize - 1 bytes behind `end`, and writes up to ByteBlock::kSize behind the text.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline const char* CopyPlainText(const char* text, const char* end, char* out,
                                                              Utf8 utf8) {
  uint32_t not_ascii = 0;
  for (const char* in = text; in < end; in += ByteBlock::kSize, out += ByteBlock::kSize) {
    const ByteBlock block(in);
    block.CopyTo(out);
    const uint32_t stops = block.TextStops();
    if (stops == 0) {
      not_ascii |= block.NotAscii();
      continue;
    }
    not_ascii |= block.NotAscii() & (stops - 1) & ~stops;  // before the first stop
    in += std::countr_zero(stops);
    if (in >= end || *in != '"') return nullptr;
    if (utf8 == Utf8::kIsToBeChecked && not_ascii != 0 &&
        !values::IsUtf8({text, static_cast<size_t>(in - text)}))
      return nullptr;
    return in;
  }
  return nullptr;
}

// All functions below take a value that begins at `in`, and write its tag and bytes to `out`.

ABSL_ATTRIBUTE_ALWAYS_INLINE inline TakenValue TakeInteger(const ColumnPlan& column, const char* in,
                                                           char* out) {
  int64_t value = 0;
  const char* const end = TakeShortInteger(in, &value);
  if (end == nullptr || short_number::GoesOn(*end)) return {};
  if (column.encoder == ValueEncoder::kDate && !values::IsDate(value)) return {};
  static_assert(values::IsTimestamp(9'999'999'999'999'999) && values::IsTimestamp(-9'999'999'999'999'999));
  return {end, WriteVarintByWord(static_cast<uint64_t>(value), WriteTag(column, out))};
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline TakenValue TakeFloat(const ColumnPlan& column, const char* in,
                                                         char* out) {
  // With a point there are at most 15 digits. They and the power of ten are doubles without loss, so that
  // their quotient is the nearest one.
  static_assert(kShortNumberBytesMax == 16);
  ShortDecimal number;
  const char* const end = TakeShortDecimal(in, &number);
  if (end == nullptr) return {};
  const auto unit = static_cast<double>(kPowersOfTen[static_cast<size_t>(number.scale)]);
  return {end, WriteDouble(static_cast<double>(number.digits) / unit, WriteTag(column, out))};
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline TakenValue TakeNumeric(const ColumnPlan& column, const char* in,
                                                           char* out) {
  if (column.precision >= 0) return {};
  const bool quoted = *in == '"';
  ShortDecimal number;
  const char* end = TakeShortDecimal(in + (quoted ? 1 : 0), &number);
  if (end == nullptr || number.scale > values::Numeric::kScale || (quoted && *end != '"')) return {};
  values::Numeric value;
  const __int128 unscaled = static_cast<__int128>(number.digits) *
                            kPowersOfTen[static_cast<size_t>(values::Numeric::kScale - number.scale)];
  if (values::Numeric::FromUnscaled(unscaled, &value) != values::ValueError::kNone) return {};
  char* const length = WriteTag(column, out);
  const size_t size = value.ToWireBytes(length + 1);
  *length = static_cast<char>(size);
  return {end + (quoted ? 1 : 0), length + 1 + size};
}

// `end` is behind the last byte that may be the text's closing quote. What it becomes is as long as the text
// and kBytesMax, at most.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline TakenValue TakeText(const ColumnPlan& column, const char* in,
                                                        const char* end, char* out, Utf8 utf8) {
  if (*in != '"') return {};
  const char* const text = in + 1;
  char* const length = WriteTag(column, out);
  const char* const quote = CopyPlainText(text, end, length + 1, utf8);  // Most lengths take one byte.
  if (quote == nullptr) return {};
  const auto size = static_cast<size_t>(quote - text);
  // A text has no more characters than bytes.
  if (column.max_length >= 0 && static_cast<int64_t>(size) > column.max_length) return {};
  if (size < 0x80) {
    *length = static_cast<char>(size);
    return {quote + 1, length + 1 + size};
  }
  char* const moved = length + VarintSize(size);
  std::memmove(moved, length + 1, size);
  WriteVarint(size, length);
  return {quote + 1, moved + size};
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline TakenValue TakeBool(const ColumnPlan& column, const char* in, char* out) {
  const bool value = *in == 't';
  if (std::memcmp(in, value ? "true" : "fals", 4) != 0 || (!value && in[4] != 'e')) return {};
  out = WriteTag(column, out);
  *out = static_cast<char>(value);
  return {in + (value ? 4 : 5), out + 1};
}

// Apart from the others, for these have little to keep in registers.
ABSL_ATTRIBUTE_NOINLINE inline TakenValue TakeCivilText(const ColumnPlan& column, const char* in, char* out) {
  if (*in != '"') return {};
  const char* const begin = in + 1;
  const uint32_t quotes = ByteBlock(begin).Equal('"') | ByteBlock(begin + ByteBlock::kSize).Equal('"')
                                                            << ByteBlock::kSize;
  if (quotes == 0) return {};
  const std::string_view text(begin, static_cast<size_t>(std::countr_zero(quotes)));
  int64_t value = 0;
  values::CivilFields fields;
  std::string_view rest;
  switch (column.encoder) {
    case ValueEncoder::kDate: {
      int32_t days = 0;
      if (!ReadShortDate(text, &days)) return {};
      value = days;
      break;
    }
    case ValueEncoder::kTime:
      if (!ReadShortTime(text, &fields)) return {};
      value = values::PackTime(fields);
      break;
    case ValueEncoder::kDatetime:
      if (!ReadShortDatetime(text, &fields, &rest) || !rest.empty()) return {};
      value = values::PackDatetime(fields);
      break;
    default:
      if (!ReadShortTimestamp(text, &fields)) return {};
      value = values::ToDatetime(fields);
  }
  return {text.data() + text.size() + 1,
          WriteVarintByWord(static_cast<uint64_t>(value), WriteTag(column, out))};
}

}  // namespace usual_value

// Whether TakeUsualValue takes values of the column.
inline bool HasUsualValues(const ColumnPlan& column) {
  switch (column.encoder) {
    case ValueEncoder::kBool:
    case ValueEncoder::kInt64:
    case ValueEncoder::kFloat64:
    case ValueEncoder::kString:
    case ValueEncoder::kDate:
    case ValueEncoder::kDatetime:
    case ValueEncoder::kTime:
    case ValueEncoder::kTimestamp:
      return true;
    case ValueEncoder::kNumeric:
      return column.precision < 0;
    default:
      return false;
  }
}

// Takes a value of the column, or an element where that is REPEATED, and writes its tag and bytes. It is
// refused where it has another form, and a text where it does not end before `end`. Whether other values go
// on behind `end` is the caller's business, and so is what follows a value, but that a number does not go on.
// kValuePaddingBytes are readable behind `in` and `end`, and usual_value::kBytesMax writable beside the
// value's own.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline TakenValue TakeUsualValue(const ColumnPlan& column, const char* in,
                                                              const char* end, char* out, Utf8 utf8) {
  switch (column.encoder) {
    case ValueEncoder::kInt64:
      return usual_value::TakeInteger(column, in, out);
    case ValueEncoder::kTimestamp:
    case ValueEncoder::kDate:
      return *in == '"' ? usual_value::TakeCivilText(column, in, out)
                        : usual_value::TakeInteger(column, in, out);
    case ValueEncoder::kDatetime:
    case ValueEncoder::kTime:
      return usual_value::TakeCivilText(column, in, out);
    case ValueEncoder::kFloat64:
      return usual_value::TakeFloat(column, in, out);
    case ValueEncoder::kNumeric:
      return usual_value::TakeNumeric(column, in, out);
    case ValueEncoder::kString:
      return usual_value::TakeText(column, in, end, out, utf8);
    case ValueEncoder::kBool:
      return usual_value::TakeBool(column, in, out);
    default:
      return {};
  }
}

// The same of a whole token, which is UTF-8; false, with the cursor where it was, where it is refused.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool WriteUsualValue(const ColumnPlan& column, std::string_view token,
                                                         RowOutput* output) {
  if (token.empty()) return false;
  output->Ensure(usual_value::kBytesMax + token.size());
  const char* const end = token.data() + token.size();
  const TakenValue taken = TakeUsualValue(column, token.data(), end, output->cursor(), Utf8::kIsChecked);
  if (taken.in != end) return false;
  output->set_cursor(taken.out);
  return true;
}

}  // namespace bqcdc::encode
