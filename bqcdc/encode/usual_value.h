#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "absl/base/attributes.h"
#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/row_output.h"
#include "bqcdc/encode/short_civil.h"
#include "bqcdc/encode/short_number.h"
#include "bqcdc/encode/wire.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/numeric.h"

// The short way for tokens of the form in which nearly all values of a type are met: integers and decimals of
// up to 16 digits, texts without escapes, dates and times with all their digits. Nearly all of it is one
// function, so that the reader of a row keeps what it knows in registers. What is refused here goes to
// JsonScalarEncoder, which alone says what is right and wrong.
namespace bqcdc::encode {

// Bytes behind a token that must be readable, of any content. A line's padding has room for it.
inline constexpr size_t kTokenPaddingBytes = 32;

inline bool IsTextToken(std::string_view token) {
  return token.size() >= 2 && token.front() == '"' && token.back() == '"';
}
// What stands between the quotes of such a token.
inline std::string_view TextBetweenQuotes(std::string_view token) {
  return token.substr(1, token.size() - 2);
}

namespace usual_value {

// Bytes that are copied and looked at together.
using TextBlock = unsigned char __attribute__((vector_size(16)));
inline constexpr size_t kTextStep = 2 * sizeof(TextBlock);
static_assert(kTextStep <= kTokenPaddingBytes && kShortNumberBytesMax <= kTokenPaddingBytes &&
              kShortCivilPaddingBytes <= kTokenPaddingBytes);

// Room for a tag, and for a number or the length of a text and what is copied behind it.
inline constexpr size_t kBytesMax = kTagBytesMax + kVarintBytesMax + kTextStep;
static_assert(kBytesMax >= kTagBytesMax + 1 + values::Numeric::kWireBytesMax);

// Copies a block and adds the bytes that are backslashes to `found`.
inline void CopyBlock(const char* in, char* out, TextBlock* found) {
  TextBlock block;
  std::memcpy(&block, in, sizeof block);
  std::memcpy(out, &block, sizeof block);
  *found |= block == '\\';
}

// Copies a text to `out`; false where there is an escape in it. Most texts are shorter than a step, and those
// take no branch that depends on their length.
inline bool CopyIfPlain(std::string_view text, char* out) {
  TextBlock found = {};
  size_t copied = 0;
  do {
    CopyBlock(text.data() + copied, out + copied, &found);
    CopyBlock(text.data() + copied + sizeof(TextBlock), out + copied + sizeof(TextBlock), &found);
    copied += kTextStep;
  } while (copied < text.size());
  uint64_t halves[2];
  std::memcpy(halves, &found, sizeof found);
  // Those behind the text do not count.
  return (halves[0] | halves[1]) == 0 || text.find('\\') == std::string_view::npos;
}

inline constexpr std::array<int64_t, 19> kPowersOfTen = [] {
  std::array<int64_t, 19> powers = {1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool WriteInteger(const ColumnPlan& column, std::string_view token,
                                                      RowOutput* output) {
  int64_t value = 0;
  if (!ReadShortInteger(token, &value)) return false;
  if (column.encoder == ValueEncoder::kDate && !values::IsDate(value)) return false;
  static_assert(values::IsTimestamp(9'999'999'999'999'999) && values::IsTimestamp(-9'999'999'999'999'999));
  output->WriteTag(column);
  output->set_cursor(WriteVarintByWord(static_cast<uint64_t>(value), output->cursor()));
  return true;
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool WriteFloat(const ColumnPlan& column, std::string_view token,
                                                    RowOutput* output) {
  // With a point there are at most 15 digits. They and the power of ten are doubles without loss, so that
  // their quotient is the nearest one.
  static_assert(kShortNumberBytesMax == 16);
  ShortDecimal number;
  if (!ReadShortDecimal(token, &number)) return false;
  output->WriteTag(column);
  output->set_cursor(WriteDouble(static_cast<double>(number.digits) /
                                     static_cast<double>(kPowersOfTen[static_cast<size_t>(number.scale)]),
                                 output->cursor()));
  return true;
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool WriteNumeric(const ColumnPlan& column, std::string_view token,
                                                      RowOutput* output) {
  ShortDecimal number;
  if (column.precision >= 0) return false;
  if (IsTextToken(token)) token = TextBetweenQuotes(token);
  if (!ReadShortDecimal(token, &number) || number.scale > values::Numeric::kScale) return false;
  values::Numeric value;
  const __int128 unscaled = static_cast<__int128>(number.digits) *
                            kPowersOfTen[static_cast<size_t>(values::Numeric::kScale - number.scale)];
  if (values::Numeric::FromUnscaled(unscaled, &value) != values::ValueError::kNone) return false;
  output->WriteTag(column);
  char* const length = output->cursor();
  const size_t size = value.ToWireBytes(length + 1);
  *length = static_cast<char>(size);
  output->set_cursor(length + 1 + size);
  return true;
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool WriteText(const ColumnPlan& column, std::string_view token,
                                                   RowOutput* output) {
  if (!IsTextToken(token) || column.max_length >= 0) return false;
  const std::string_view text = TextBetweenQuotes(token);
  char* const begin = output->cursor();
  output->WriteTag(column);
  char* const out = WriteVarint(text.size(), output->cursor());
  if (!CopyIfPlain(text, out)) {
    output->set_cursor(begin);
    return false;
  }
  output->set_cursor(out + text.size());
  return true;
}

ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool WriteBool(const ColumnPlan& column, std::string_view token,
                                                   RowOutput* output) {
  const bool value = token.front() == 't';
  if (value ? token != "true" : token != "false") return false;
  output->WriteTag(column);
  *output->cursor() = static_cast<char>(value);
  output->set_cursor(output->cursor() + 1);
  return true;
}

// Apart from the others, for these have little to keep in registers.
ABSL_ATTRIBUTE_NOINLINE inline bool WriteCivilText(const ColumnPlan& column, std::string_view token,
                                                   RowOutput* output) {
  if (!IsTextToken(token)) return false;
  const std::string_view text = TextBetweenQuotes(token);
  int64_t value = 0;
  values::CivilFields fields;
  std::string_view rest;
  switch (column.encoder) {
    case ValueEncoder::kDate: {
      int32_t days = 0;
      if (!ReadShortDate(text, &days)) return false;
      value = days;
      break;
    }
    case ValueEncoder::kTime:
      if (!ReadShortTime(text, &fields)) return false;
      value = values::PackTime(fields);
      break;
    case ValueEncoder::kDatetime:
      if (!ReadShortDatetime(text, &fields, &rest) || !rest.empty()) return false;
      value = values::PackDatetime(fields);
      break;
    default:
      if (!ReadShortTimestamp(text, &fields)) return false;
      value = values::ToDatetime(fields);
  }
  output->WriteTag(column);
  output->set_cursor(WriteVarintByWord(static_cast<uint64_t>(value), output->cursor()));
  return true;
}

}  // namespace usual_value

// Writes tag and value of a column that is not REPEATED; false, and nothing is written, where the token has
// another form. kTokenPaddingBytes follow the token.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline bool WriteUsualValue(const ColumnPlan& column, std::string_view token,
                                                         RowOutput* output) {
  if (token.empty()) return false;
  output->Ensure(usual_value::kBytesMax + token.size());
  switch (column.encoder) {
    case ValueEncoder::kInt64:
      return usual_value::WriteInteger(column, token, output);
    case ValueEncoder::kTimestamp:
    case ValueEncoder::kDate:
      return token.front() == '"' ? usual_value::WriteCivilText(column, token, output)
                                  : usual_value::WriteInteger(column, token, output);
    case ValueEncoder::kDatetime:
    case ValueEncoder::kTime:
      return usual_value::WriteCivilText(column, token, output);
    case ValueEncoder::kFloat64:
      return usual_value::WriteFloat(column, token, output);
    case ValueEncoder::kNumeric:
      return usual_value::WriteNumeric(column, token, output);
    case ValueEncoder::kString:
      return usual_value::WriteText(column, token, output);
    case ValueEncoder::kBool:
      return usual_value::WriteBool(column, token, output);
    default:
      return false;
  }
}

}  // namespace bqcdc::encode
