#include "bqcdc/encode/json_scalar_encoder.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>

#include "bqcdc/encode/base64.h"
#include "bqcdc/encode/json_string.h"
#include "bqcdc/encode/text_length.h"
#include "bqcdc/encode/usual_value.h"
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

bool IsNumberStart(char c) { return c == '-' || (c >= '0' && c <= '9'); }

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

// Reads a decimal integer; false where the text is none. `overflow` tells one beyond 64 bits.
bool ReadInteger(std::string_view text, int64_t* value, bool* overflow) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  *overflow = error == std::errc::result_out_of_range;
  return end == text.data() + text.size() && error != std::errc::invalid_argument;
}

// Whether the valid text of a TIMESTAMP is as values::FormatTimestampPicos() writes it, which would allocate.
bool IsCanonicalTimestamp(std::string_view text) {
  constexpr size_t kSeconds = 19;  // YYYY-MM-DD HH:MM:SS
  if (!text.ends_with("+00") || text.size() < kSeconds + 3 || text[4] != '-' || text[7] != '-' ||
      text[10] != ' ' || text[13] != ':' || text[16] != ':')
    return false;
  const std::string_view fraction = text.substr(kSeconds, text.size() - kSeconds - 3);
  if (fraction.empty()) return true;
  // As many digits as are needed of 3, 6 and 12.
  if (fraction.size() == 1 + 3 || fraction.size() == 1 + 6) return !fraction.ends_with("000");
  return fraction.size() == 1 + 12 && !fraction.ends_with("000000");
}

// The same of any JSON number without a fraction, as 12.0 and 1e3 are.
bool ReadWholeNumber(std::string_view text, int64_t* value, bool* overflow) {
  if (ReadInteger(text, value, overflow)) return true;
  values::Numeric number;
  const ValueError error = values::Numeric::Parse(text, &number);
  *overflow = error == ValueError::kOutOfRange;
  if (*overflow) return true;
  if (error != ValueError::kNone || number.unscaled() % values::Numeric::kUnit != 0) return false;
  const __int128 whole = number.unscaled() / values::Numeric::kUnit;
  *value = static_cast<int64_t>(whole);
  *overflow = *value != whole;
  return true;
}

// Digits alone are microseconds in text too, as Google's JsonStreamWriter takes them.
bool IsDigits(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
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

EncodeError ReadText(std::string_view token, std::string* scratch, std::string_view* text) {
  if (!IsTextToken(token)) return EncodeError::kWrongKind;
  const std::string_view inner = TextBetweenQuotes(token);
  if (inner.find('\\') == std::string_view::npos) {
    *text = inner;
    return EncodeError::kNone;
  }
  if (scratch->size() < inner.size()) scratch->resize(inner.size() * 2);
  const char* const end = UnescapeJson(inner, scratch->data());
  if (end == nullptr) return EncodeError::kInvalidEscape;
  *text = std::string_view(scratch->data(), static_cast<size_t>(end - scratch->data()));
  return EncodeError::kNone;
}

// One call of JsonScalarEncoder::Encode(). In the unnamed namespace for the reason that LineEncoder gives.
class ScalarToken {
 public:
  ScalarToken(const ColumnPlan& column, std::string_view token, std::string* scratch, RowOutput* output)
      : column_(column), token_(token), scratch_(scratch), output_(output) {}

  EncodeError Encode();

 private:
  EncodeError EncodeBool();
  EncodeError EncodeInt64();
  EncodeError EncodeFloat64();
  template <typename Decimal>
  EncodeError ReadDecimal(Decimal* value);
  template <typename Decimal>
  EncodeError EncodeDecimal();
  EncodeError EncodeString();
  EncodeError EncodeBytes();
  EncodeError EncodeDate();
  EncodeError EncodeTime();
  EncodeError EncodeDatetime();
  EncodeError EncodePackedDatetime();
  EncodeError ReadMicros(std::optional<int64_t>* micros, std::string_view* text);
  EncodeError EncodeTimestamp();
  EncodeError EncodeTimestampText();
  EncodeError EncodeJson();
  EncodeError EncodeInterval();
  EncodeError EncodeGeography();
  EncodeError Text(std::string_view* text) { return ReadText(token_, scratch_, text); }

  const ColumnPlan& column_;
  const std::string_view token_;
  std::string* const scratch_;
  RowOutput* const output_;
};

EncodeError ScalarToken::Encode() {
  if (token_.empty()) return EncodeError::kJsonSyntax;
  switch (column_.encoder) {
    case ValueEncoder::kBool:
      return EncodeBool();
    case ValueEncoder::kInt64:
      return EncodeInt64();
    case ValueEncoder::kFloat64:
      return EncodeFloat64();
    case ValueEncoder::kNumeric:
      return EncodeDecimal<values::Numeric>();
    case ValueEncoder::kBigNumeric:
      return EncodeDecimal<values::BigNumeric>();
    case ValueEncoder::kString:
      return EncodeString();
    case ValueEncoder::kBytes:
      return EncodeBytes();
    case ValueEncoder::kDate:
      return EncodeDate();
    case ValueEncoder::kTime:
      return EncodeTime();
    case ValueEncoder::kDatetime:
      return EncodeDatetime();
    case ValueEncoder::kTimestamp:
      return EncodeTimestamp();
    case ValueEncoder::kTimestampText:
      return EncodeTimestampText();
    case ValueEncoder::kJson:
      return EncodeJson();
    case ValueEncoder::kInterval:
      return EncodeInterval();
    case ValueEncoder::kGeography:
      return EncodeGeography();
    case ValueEncoder::kRange:
    case ValueEncoder::kStruct:
    case ValueEncoder::kChangeType:
    case ValueEncoder::kChangeSequenceNumber:
      break;
  }
  return EncodeError::kWrongKind;
}

EncodeError ScalarToken::EncodeBool() {
  if (token_ == "true") return WriteInteger(column_, 1, output_);
  if (token_ == "false") return WriteInteger(column_, 0, output_);
  std::string_view text;
  if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  if (schema::EqualsIgnoreCase(text, "true")) return WriteInteger(column_, 1, output_);
  if (schema::EqualsIgnoreCase(text, "false")) return WriteInteger(column_, 0, output_);
  return EncodeError::kMalformed;
}

EncodeError ScalarToken::EncodeInt64() {
  int64_t value = 0;
  std::string_view digits = token_;
  if (IsNumberStart(token_.front())) {
    if (!values::IsJsonNumber(token_)) return EncodeError::kJsonSyntax;
  } else if (const EncodeError error = Text(&digits); error != EncodeError::kNone) {
    return error;
  }
  bool overflow = false;
  if (!ReadInteger(digits, &value, &overflow)) return EncodeError::kMalformed;
  return overflow ? EncodeError::kOutOfRange : WriteInteger(column_, value, output_);
}

EncodeError ScalarToken::EncodeFloat64() {
  double value = 0;
  std::string_view text = token_;
  const bool is_number = IsNumberStart(token_.front());
  if (is_number) {
    if (!values::IsJsonNumber(token_)) return EncodeError::kJsonSyntax;
  } else if (const EncodeError error = Text(&text); error != EncodeError::kNone) {
    return error;
  }
  if (is_number || !ReadSpecialDouble(text, &value)) {
    if (const EncodeError error = ReadDouble(text, &value); error != EncodeError::kNone) return error;
  }
  return WriteFloat(column_, value, output_);
}

template <typename Decimal>
EncodeError ScalarToken::ReadDecimal(Decimal* value) {
  std::string_view text = token_;
  if (IsNumberStart(token_.front())) {
    if (!values::IsJsonNumber(token_)) return EncodeError::kJsonSyntax;
  } else if (const EncodeError error = Text(&text); error != EncodeError::kNone) {
    return error;
  }
  return FromValueError(Decimal::Parse(text, value));
}

template <typename Decimal>
EncodeError ScalarToken::EncodeDecimal() {
  Decimal value;
  if (const EncodeError error = ReadDecimal(&value); error != EncodeError::kNone) return error;
  if (column_.precision >= 0) {
    // Only what the service would refuse: fractional digits beyond the scale are rounded there.
    Decimal stored;
    if (value.Constrain(column_.precision, column_.scale, &stored) != ValueError::kNone) {
      return EncodeError::kPrecisionExceeded;
    }
  }
  output_->Ensure(kScalarBytesMax);
  output_->WriteTag(column_);
  char* const cursor = output_->cursor();
  const size_t size = value.ToWireBytes(cursor + 1);  // At most 32 bytes, so the length is one byte.
  *cursor = static_cast<char>(size);
  output_->set_cursor(cursor + 1 + size);
  return EncodeError::kNone;
}

EncodeError ScalarToken::EncodeString() {
  std::string_view text = token_;
  if (IsTextToken(token_)) {
    if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  } else if (IsNumberStart(token_.front())) {
    if (!values::IsJsonNumber(token_)) return EncodeError::kJsonSyntax;
  } else if (token_ != "true" && token_ != "false") {
    return EncodeError::kWrongKind;
  }
  if (IsLongerThan(text, column_.max_length)) return EncodeError::kTooLong;
  return WriteText(column_, text, output_);
}

EncodeError ScalarToken::EncodeBytes() {
  std::string_view text;
  if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  const size_t bytes_max = text.size() / 4 * 3 + 3;
  output_->Ensure(kScalarBytesMax + bytes_max);
  output_->WriteTag(column_);
  const size_t begin = output_->BeginLength();
  char* const end = DecodeBase64(text, output_->cursor());
  if (end == nullptr) return EncodeError::kInvalidBase64;
  if (column_.max_length >= 0 && end - output_->cursor() > column_.max_length) return EncodeError::kTooLong;
  output_->set_cursor(end);
  output_->EndLength(begin);
  return EncodeError::kNone;
}

EncodeError ScalarToken::EncodeDate() {
  if (IsNumberStart(token_.front())) {
    int64_t days = 0;
    bool overflow = false;
    if (!values::IsJsonNumber(token_)) return EncodeError::kJsonSyntax;
    if (!ReadInteger(token_, &days, &overflow)) return EncodeError::kMalformed;
    if (overflow || !values::IsDate(days)) return EncodeError::kOutOfRange;
    return WriteInteger(column_, days, output_);
  }
  std::string_view text;
  if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  int32_t days = 0;
  if (const ValueError error = values::ParseDate(text, &days, CivilForm::kJson); error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteInteger(column_, days, output_);
}

// Numbers are refused: they could mean microseconds or the packed form, and a wrong guess is a wrong value
// that nobody sees.
EncodeError ScalarToken::EncodeTime() {
  std::string_view text;
  if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  int64_t micros = 0;
  if (const ValueError error = values::ParseTime(text, &micros, CivilForm::kJson);
      error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteInteger(column_, values::PackTime(micros), output_);
}

// An integer is the packed form, as Google's JsonStreamWriter takes it. Of earlier years it could be a number
// of microseconds as well, and that is not guessed at.
EncodeError ScalarToken::EncodePackedDatetime() {
  constexpr int64_t kPackedMin = int64_t{1000} << 46;  // The microseconds of year 4199.
  int64_t packed = 0, micros = 0;
  bool overflow = false;
  if (!values::IsJsonNumber(token_)) return EncodeError::kJsonSyntax;
  if (!ReadInteger(token_, &packed, &overflow) || overflow || packed < kPackedMin)
    return EncodeError::kMalformed;
  const ValueError error = values::UnpackDatetime(packed, &micros);
  return error == ValueError::kNone ? WriteInteger(column_, packed, output_) : FromValueError(error);
}

EncodeError ScalarToken::EncodeDatetime() {
  if (IsNumberStart(token_.front())) return EncodePackedDatetime();
  std::string_view text;
  if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  int64_t micros = 0;
  if (const ValueError error = values::ParseDatetime(text, &micros, CivilForm::kJson);
      error != ValueError::kNone) {
    return FromValueError(error);
  }
  return WriteInteger(column_, values::PackDatetime(micros), output_);
}

// A number, or digits as text, is microseconds; any other text is left for its parser in `text`.
EncodeError ScalarToken::ReadMicros(std::optional<int64_t>* micros, std::string_view* text) {
  *text = token_;
  const bool is_number = IsNumberStart(token_.front());
  if (is_number) {
    if (!values::IsJsonNumber(token_)) return EncodeError::kJsonSyntax;
  } else if (const EncodeError error = Text(text); error != EncodeError::kNone) {
    return error;
  }
  if (!is_number && !IsDigits(*text)) return EncodeError::kNone;
  int64_t value = 0;
  bool overflow = false;
  if (!ReadWholeNumber(*text, &value, &overflow)) return EncodeError::kMalformed;
  if (overflow || !values::IsTimestamp(value)) return EncodeError::kOutOfRange;
  *micros = value;
  return EncodeError::kNone;
}

EncodeError ScalarToken::EncodeTimestamp() {
  std::optional<int64_t> number;
  std::string_view text;
  if (const EncodeError error = ReadMicros(&number, &text); error != EncodeError::kNone) return error;
  if (number.has_value()) return WriteInteger(column_, *number, output_);
  int64_t micros = 0;
  const ValueError error = values::ParseTimestamp(text, &micros, CivilForm::kJson);
  return error == ValueError::kNone ? WriteInteger(column_, micros, output_) : FromValueError(error);
}

// In one form whatever the line has: a key has one encoding.
EncodeError ScalarToken::EncodeTimestampText() {
  std::optional<int64_t> number;
  std::string_view text;
  if (const EncodeError error = ReadMicros(&number, &text); error != EncodeError::kNone) return error;
  __int128 picos = 0;
  if (number.has_value()) {
    picos = static_cast<__int128>(*number) * values::kPicosPerMicro;
  } else if (const ValueError error = values::ParseTimestampPicos(text, &picos, CivilForm::kJson);
             error != ValueError::kNone) {
    return FromValueError(error);
  }
  return IsCanonicalTimestamp(text) ? WriteText(column_, text, output_)
                                    : WriteText(column_, values::FormatTimestampPicos(picos), output_);
}

EncodeError ScalarToken::EncodeJson() {
  std::string_view text = token_;
  if (IsTextToken(token_)) {
    if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
    if (!values::IsJson(text)) return EncodeError::kInvalidJsonText;
  } else if (!values::IsJson(token_)) {
    return EncodeError::kJsonSyntax;
  }
  return WriteText(column_, text, output_);
}

EncodeError ScalarToken::EncodeInterval() {
  std::string_view text;
  if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  values::Interval interval;
  if (const ValueError error = values::ParseInterval(text, &interval); error != ValueError::kNone) {
    return FromValueError(error);
  }
  // A duration travels in the form that every reader of the service takes.
  if (text.front() == 'P') return WriteText(column_, values::FormatInterval(interval), output_);
  return WriteText(column_, text, output_);
}

// Only text that is neither WKT nor GeoJSON is kept back: which shapes make a geography the service decides.
EncodeError ScalarToken::EncodeGeography() {
  std::string_view text;
  if (const EncodeError error = Text(&text); error != EncodeError::kNone) return error;
  if (!IsGeographyText(text)) return EncodeError::kMalformed;
  return WriteText(column_, text, output_);
}

}  // namespace

EncodeError JsonScalarEncoder::Encode(const ColumnPlan& column, std::string_view token, RowOutput* output) {
  return ScalarToken(column, token, &scratch_, output).Encode();
}

EncodeError JsonScalarEncoder::EncodeVerbatim(const ColumnPlan& column, std::string_view text,
                                              RowOutput* output) {
  return WriteText(column, text, output);
}

EncodeError JsonScalarEncoder::Text(std::string_view token, std::string_view* text) {
  return ReadText(token, &scratch_, text);
}

bool IsGeographyText(std::string_view text) {
  values::Geography geography;
  return values::ParseGeography(text, &geography) != ValueError::kMalformed;
}

}  // namespace bqcdc::encode
