#include "bqcdc/encode/json_scalar_encoder.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <system_error>
#include <type_traits>

#include "bqcdc/encode/base64.h"
#include "bqcdc/encode/json_string.h"
#include "bqcdc/encode/text_length.h"
#include "bqcdc/schema/ascii_case.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/json_text.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"

namespace bqcdc::encode {
namespace {

using values::CivilForm;
using values::ValueError;

// Room for a tag and the longest varint, length or fixed-size value behind it.
constexpr size_t kScalarBytesMax = kTagBytesMax + kVarintBytesMax + values::BigNumeric::kWireBytesMax;

bool IsText(std::string_view token) {
  return token.size() >= 2 && token.front() == '"' && token.back() == '"';
}

bool IsNumberStart(char c) { return c == '-' || (c >= '0' && c <= '9'); }

std::string_view Inner(std::string_view token) { return token.substr(1, token.size() - 2); }

EncodeError FromValueError(ValueError error) {
  switch (error) {
    case ValueError::kNone:
      return EncodeError::kNone;
    case ValueError::kMalformed:
      return EncodeError::kMalformed;
    case ValueError::kOutOfRange:
      return EncodeError::kOutOfRange;
    case ValueError::kTooPrecise:
      return EncodeError::kTooPrecise;
  }
  return EncodeError::kMalformed;
}

EncodeError WriteInteger(const ColumnPlan& column, int64_t value, RowOutput* output) {
  output->Ensure(kScalarBytesMax);
  output->WriteTag(column);
  output->set_cursor(WriteSignedVarint(value, output->cursor()));
  return EncodeError::kNone;
}

EncodeError WriteFloat(const ColumnPlan& column, double value, RowOutput* output) {
  output->Ensure(kScalarBytesMax);
  output->WriteTag(column);
  output->set_cursor(WriteDouble(value, output->cursor()));
  return EncodeError::kNone;
}

EncodeError WriteText(const ColumnPlan& column, std::string_view text, RowOutput* output) {
  output->Ensure(kScalarBytesMax + text.size());
  output->WriteTag(column);
  output->set_cursor(WriteVarint(text.size(), output->cursor()));
  output->WriteText(text);
  return EncodeError::kNone;
}

// Copies the text of a JSON string by words, looking for escapes on the way; false, and nothing is written,
// where there is one. Reads up to 7 bytes behind the text, within the line's padding.
bool WriteIfPlain(const ColumnPlan& column, std::string_view inner, RowOutput* output) {
  constexpr uint64_t kOnes = 0x0101010101010101ULL;
  constexpr uint64_t kBackslashes = kOnes * '\\';
  const size_t begin = output->position();
  output->Ensure(kScalarBytesMax + inner.size() + sizeof(uint64_t));
  output->WriteTag(column);
  char* out = WriteVarint(inner.size(), output->cursor());
  char* const end = out + inner.size();
  uint64_t found = 0;
  for (const char* in = inner.data(); out < end; in += sizeof(uint64_t), out += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, in, sizeof word);
    std::memcpy(out, &word, sizeof word);
    // A byte's highest bit is set where it is a backslash (and perhaps in bytes above such a one).
    const uint64_t other = word ^ kBackslashes;
    const uint64_t hits = (other - kOnes) & ~other & (kOnes << 7);
    const auto left = static_cast<size_t>(end - out);
    found |= left >= sizeof word ? hits : hits & ~(~uint64_t{0} << (8 * left));
  }
  if (found != 0) {
    output->Rewind(begin);
    return false;
  }
  output->set_cursor(end);
  return true;
}

// Reads a JSON integer of at most 18 digits, which is nearly every one that is met; false where the token is
// anything else, valid or not.
bool ReadShortInteger(std::string_view token, int64_t* value) {
  constexpr size_t kDigitsMax = 18;
  const bool negative = token.front() == '-';
  const std::string_view digits = token.substr(negative ? 1 : 0);
  if (digits.empty() || digits.size() > kDigitsMax || (digits.front() == '0' && digits.size() > 1))
    return false;
  int64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  *value = negative ? -number : number;
  return true;
}

// Digits and how many of them stand behind the point.
struct ShortDecimal {
  int64_t digits = 0;
  int scale = 0;
};

// Reads a JSON number without exponent of at most `digits_max` digits (up to 18), which is nearly every one
// that is met; false where the text is anything else, valid or not.
bool ReadShortDecimal(std::string_view text, size_t digits_max, ShortDecimal* number) {
  const bool negative = !text.empty() && text.front() == '-';
  const char* at = text.data() + (negative ? 1 : 0);
  const char* const end = text.data() + text.size();
  const char* const begin = at;
  if (static_cast<size_t>(end - begin) > digits_max + 1) return false;
  int64_t digits = 0;
  for (; at != end && *at >= '0' && *at <= '9'; ++at) digits = digits * 10 + (*at - '0');
  if (at == begin || (*begin == '0' && at - begin > 1)) return false;
  if (at != end) {
    const char* const point = at;
    if (*at++ != '.' || at == end) return false;
    for (; at != end && *at >= '0' && *at <= '9'; ++at) digits = digits * 10 + (*at - '0');
    number->scale = static_cast<int>(at - point) - 1;
  } else if (static_cast<size_t>(end - begin) > digits_max) {
    return false;
  }
  // A double tells -0 from 0.
  if (at != end || (negative && digits == 0)) return false;
  number->digits = negative ? -digits : digits;
  return true;
}

constexpr std::array<int64_t, 19> kPowersOfTen = [] {
  std::array<int64_t, 19> powers = {1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// Reads a decimal integer; false where the text is none. `overflow` tells one beyond 64 bits.
bool ReadInteger(std::string_view text, int64_t* value, bool* overflow) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  *overflow = error == std::errc::result_out_of_range;
  return end == text.data() + text.size() && error != std::errc::invalid_argument;
}

EncodeError ReadDouble(std::string_view text, double* value) {
  const std::string_view digits = text.substr(!text.empty() && text.front() == '-' ? 1 : 0);
  if (digits.empty() || !(digits.front() == '.' || (digits.front() >= '0' && digits.front() <= '9'))) {
    return EncodeError::kMalformed;  // from_chars would take "nan(1)" and "inf" in other spellings.
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument)
    return EncodeError::kMalformed;
  if (error == std::errc::result_out_of_range) {
    // Too small is zero or nearly so, only too large is no double. strtod tells them apart.
    *value = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(*value)) return EncodeError::kOutOfRange;
  }
  return EncodeError::kNone;
}

// Not-a-number and infinities as the service's own texts and those of JSON writers spell them.
bool ReadSpecialDouble(std::string_view text, double* value) {
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  if (schema::EqualsIgnoreCase(text, "nan")) {
    *value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (!schema::EqualsIgnoreCase(text, "infinity") && !schema::EqualsIgnoreCase(text, "inf")) return false;
  const double infinity = std::numeric_limits<double>::infinity();
  *value = negative ? -infinity : infinity;
  return true;
}

}  // namespace

EncodeError JsonScalarEncoder::Encode(const ColumnPlan& column, std::string_view token, RowOutput* output) {
  if (token.empty()) return EncodeError::kJsonSyntax;
  switch (column.encoder) {
    case ValueEncoder::kBool:
      return EncodeBool(column, token, output);
    case ValueEncoder::kInt64:
      return EncodeInt64(column, token, output);
    case ValueEncoder::kFloat64:
      return EncodeFloat64(column, token, output);
    case ValueEncoder::kNumeric:
      return EncodeDecimal<values::Numeric>(column, token, output);
    case ValueEncoder::kBigNumeric:
      return EncodeDecimal<values::BigNumeric>(column, token, output);
    case ValueEncoder::kString:
      return EncodeString(column, token, output);
    case ValueEncoder::kBytes:
      return EncodeBytes(column, token, output);
    case ValueEncoder::kDate:
      return EncodeDate(column, token, output);
    case ValueEncoder::kTime:
      return EncodeTime(column, token, output);
    case ValueEncoder::kDatetime:
      return EncodeDatetime(column, token, output);
    case ValueEncoder::kTimestamp:
      return EncodeTimestamp(column, token, output);
    case ValueEncoder::kTimestampText:
      return EncodeTimestampText(column, token, output);
    case ValueEncoder::kJson:
      return EncodeJson(column, token, output);
    case ValueEncoder::kInterval:
      return EncodeInterval(column, token, output);
    case ValueEncoder::kGeography:
      return EncodeGeography(column, token, output);
    case ValueEncoder::kRange:
    case ValueEncoder::kStruct:
    case ValueEncoder::kChangeType:
    case ValueEncoder::kChangeSequenceNumber:
      break;
  }
  return EncodeError::kWrongKind;
}

EncodeError JsonScalarEncoder::EncodeVerbatim(const ColumnPlan& column, std::string_view text,
                                              RowOutput* output) {
  return WriteText(column, text, output);
}

EncodeError JsonScalarEncoder::Text(std::string_view token, std::string_view* text) {
  if (!IsText(token)) return EncodeError::kWrongKind;
  const std::string_view inner = Inner(token);
  if (inner.find('\\') == std::string_view::npos) {
    *text = inner;
    return EncodeError::kNone;
  }
  if (scratch_.size() < inner.size()) scratch_.resize(inner.size() * 2);
  const char* const end = UnescapeJson(inner, scratch_.data());
  if (end == nullptr) return EncodeError::kInvalidEscape;
  *text = std::string_view(scratch_.data(), static_cast<size_t>(end - scratch_.data()));
  return EncodeError::kNone;
}

EncodeError JsonScalarEncoder::EncodeBool(const ColumnPlan& column, std::string_view token,
                                          RowOutput* output) {
  if (token == "true") return WriteInteger(column, 1, output);
  if (token == "false") return WriteInteger(column, 0, output);
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  if (schema::EqualsIgnoreCase(text, "true")) return WriteInteger(column, 1, output);
  if (schema::EqualsIgnoreCase(text, "false")) return WriteInteger(column, 0, output);
  return EncodeError::kMalformed;
}

EncodeError JsonScalarEncoder::EncodeInt64(const ColumnPlan& column, std::string_view token,
                                           RowOutput* output) {
  int64_t value = 0;
  if (ReadShortInteger(token, &value)) return WriteInteger(column, value, output);
  std::string_view digits = token;
  if (IsNumberStart(token.front())) {
    if (!values::IsJsonNumber(token)) return EncodeError::kJsonSyntax;
  } else if (const EncodeError error = Text(token, &digits); error != EncodeError::kNone) {
    return error;
  }
  bool overflow = false;
  if (!ReadInteger(digits, &value, &overflow)) return EncodeError::kMalformed;
  return overflow ? EncodeError::kOutOfRange : WriteInteger(column, value, output);
}

EncodeError JsonScalarEncoder::EncodeFloat64(const ColumnPlan& column, std::string_view token,
                                             RowOutput* output) {
  // Both are doubles without loss, so that their quotient is the nearest one.
  constexpr size_t kExactDigitsMax = 15;
  double value = 0;
  std::string_view text = token;
  const bool is_number = IsNumberStart(token.front());
  if (ShortDecimal number; is_number && ReadShortDecimal(token, kExactDigitsMax, &number)) {
    value = static_cast<double>(number.digits) /
            static_cast<double>(kPowersOfTen[static_cast<size_t>(number.scale)]);
    return WriteFloat(column, value, output);
  }
  if (is_number) {
    if (!values::IsJsonNumber(token)) return EncodeError::kJsonSyntax;
  } else if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) {
    return error;
  }
  if (is_number || !ReadSpecialDouble(text, &value)) {
    if (const EncodeError error = ReadDouble(text, &value); error != EncodeError::kNone) return error;
  }
  return WriteFloat(column, value, output);
}

template <typename Decimal>
EncodeError JsonScalarEncoder::ReadDecimal(std::string_view token, Decimal* value) {
  if constexpr (std::is_same_v<Decimal, values::Numeric>) {
    ShortDecimal number;
    if (ReadShortDecimal(IsText(token) ? Inner(token) : token, 18, &number) &&
        number.scale <= values::Numeric::kScale) {
      const __int128 unscaled = static_cast<__int128>(number.digits) *
                                kPowersOfTen[static_cast<size_t>(values::Numeric::kScale - number.scale)];
      return FromValueError(values::Numeric::FromUnscaled(unscaled, value));
    }
  }
  std::string_view text = token;
  if (IsNumberStart(token.front())) {
    if (!values::IsJsonNumber(token)) return EncodeError::kJsonSyntax;
  } else if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) {
    return error;
  }
  return FromValueError(Decimal::Parse(text, value));
}

template <typename Decimal>
EncodeError JsonScalarEncoder::EncodeDecimal(const ColumnPlan& column, std::string_view token,
                                             RowOutput* output) {
  Decimal value;
  if (const EncodeError error = ReadDecimal(token, &value); error != EncodeError::kNone) return error;
  if (column.precision >= 0) {
    // Only what the service would refuse: fractional digits beyond the scale are rounded there.
    Decimal stored;
    if (value.Constrain(column.precision, column.scale, &stored) != ValueError::kNone) {
      return EncodeError::kPrecisionExceeded;
    }
  }
  output->Ensure(kScalarBytesMax);
  output->WriteTag(column);
  char* const cursor = output->cursor();
  const size_t size = value.ToWireBytes(cursor + 1);  // At most 32 bytes, so the length is one byte.
  *cursor = static_cast<char>(size);
  output->set_cursor(cursor + 1 + size);
  return EncodeError::kNone;
}

EncodeError JsonScalarEncoder::EncodeString(const ColumnPlan& column, std::string_view token,
                                            RowOutput* output) {
  std::string_view text = token;
  if (IsText(token)) {
    if (column.max_length < 0 && WriteIfPlain(column, Inner(token), output)) return EncodeError::kNone;
    if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  } else if (IsNumberStart(token.front())) {
    if (!values::IsJsonNumber(token)) return EncodeError::kJsonSyntax;
  } else if (token != "true" && token != "false") {
    return EncodeError::kWrongKind;
  }
  if (IsLongerThan(text, column.max_length)) return EncodeError::kTooLong;
  return WriteText(column, text, output);
}

EncodeError JsonScalarEncoder::EncodeBytes(const ColumnPlan& column, std::string_view token,
                                           RowOutput* output) {
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  const size_t bytes_max = text.size() / 4 * 3 + 3;
  output->Ensure(kScalarBytesMax + bytes_max);
  output->WriteTag(column);
  const size_t begin = output->BeginLength();
  char* const end = DecodeBase64(text, output->cursor());
  if (end == nullptr) return EncodeError::kInvalidBase64;
  if (column.max_length >= 0 && end - output->cursor() > column.max_length) return EncodeError::kTooLong;
  output->set_cursor(end);
  output->EndLength(begin);
  return EncodeError::kNone;
}

EncodeError JsonScalarEncoder::EncodeDate(const ColumnPlan& column, std::string_view token,
                                          RowOutput* output) {
  if (IsNumberStart(token.front())) {
    int64_t days = 0;
    bool overflow = false;
    if (!values::IsJsonNumber(token)) return EncodeError::kJsonSyntax;
    if (!ReadInteger(token, &days, &overflow)) return EncodeError::kMalformed;
    if (overflow || !values::IsDate(days)) return EncodeError::kOutOfRange;
    return WriteInteger(column, days, output);
  }
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  int32_t days = 0;
  if (const ValueError error = values::ParseDate(text, &days, CivilForm::kJson); error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteInteger(column, days, output);
}

// Numbers are refused for TIME and DATETIME: they could mean microseconds or the packed form, and a wrong
// guess is a wrong value that nobody sees.
EncodeError JsonScalarEncoder::EncodeTime(const ColumnPlan& column, std::string_view token,
                                          RowOutput* output) {
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  int64_t micros = 0;
  if (const ValueError error = values::ParseTime(text, &micros); error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteInteger(column, values::PackTime(micros), output);
}

EncodeError JsonScalarEncoder::EncodeDatetime(const ColumnPlan& column, std::string_view token,
                                              RowOutput* output) {
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  int64_t micros = 0;
  if (const ValueError error = values::ParseDatetime(text, &micros, CivilForm::kJson);
      error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteInteger(column, values::PackDatetime(micros), output);
}

EncodeError JsonScalarEncoder::EncodeTimestamp(const ColumnPlan& column, std::string_view token,
                                               RowOutput* output) {
  int64_t micros = 0;
  if (IsNumberStart(token.front())) {
    bool overflow = false;
    if (!ReadShortInteger(token, &micros)) {
      if (!values::IsJsonNumber(token)) return EncodeError::kJsonSyntax;
      if (!ReadInteger(token, &micros, &overflow)) return EncodeError::kMalformed;
    }
    if (overflow || !values::IsTimestamp(micros)) return EncodeError::kOutOfRange;
    return WriteInteger(column, micros, output);
  }
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  if (const ValueError error = values::ParseTimestamp(text, &micros, CivilForm::kJson);
      error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteInteger(column, micros, output);
}

EncodeError JsonScalarEncoder::EncodeTimestampText(const ColumnPlan& column, std::string_view token,
                                                   RowOutput* output) {
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  __int128 picos = 0;
  if (const ValueError error = values::ParseTimestampPicos(text, &picos); error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteText(column, text, output);
}

EncodeError JsonScalarEncoder::EncodeJson(const ColumnPlan& column, std::string_view token,
                                          RowOutput* output) {
  std::string_view text = token;
  if (IsText(token)) {
    if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
    if (!values::IsJson(text)) return EncodeError::kInvalidJsonText;
  } else if (!values::IsJson(token)) {
    return EncodeError::kJsonSyntax;
  }
  return WriteText(column, text, output);
}

EncodeError JsonScalarEncoder::EncodeInterval(const ColumnPlan& column, std::string_view token,
                                              RowOutput* output) {
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  values::Interval interval;
  if (const ValueError error = values::ParseInterval(text, &interval); error != ValueError::kNone) {
    return FromValueError(error);
  }
  // A duration travels in the form that every reader of the service takes.
  if (text.front() == 'P') return WriteText(column, values::FormatInterval(interval), output);
  return WriteText(column, text, output);
}

// Only text that is neither WKT nor GeoJSON is kept back: which shapes make a geography the service decides.
EncodeError JsonScalarEncoder::EncodeGeography(const ColumnPlan& column, std::string_view token,
                                               RowOutput* output) {
  std::string_view text;
  if (const EncodeError error = Text(token, &text); error != EncodeError::kNone) return error;
  if (!IsGeographyText(text)) return EncodeError::kMalformed;
  return WriteText(column, text, output);
}

bool IsGeographyText(std::string_view text) {
  values::Geography geography;
  return values::ParseGeography(text, &geography) != ValueError::kMalformed;
}

}  // namespace bqcdc::encode
