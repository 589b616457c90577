// A text given to every parser of values: what is taken must come back equal from its canonical text and its
// bytes.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bqcdc/encode/base64.h"
#include "bqcdc/encode/json_string.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/json_text.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"
#include "bqcdc/values/range_text.h"
#include "bqcdc/values/sequence_number.h"

namespace {

using namespace bqcdc::values;  // NOLINT: a target names them all.

void Require(bool condition) {
  if (!condition) std::abort();
}

template <typename Decimal>
void CheckDecimal(std::string_view text) {
  Decimal value;
  Decimal back;
  if (Decimal::Parse(text, &value) != ValueError::kNone) return;
  Require(Decimal::Parse(value.ToString(), &back) == ValueError::kNone && back == value);
  char bytes[Decimal::kWireBytesMax];
  Require(Decimal::FromWireBytes({bytes, value.ToWireBytes(bytes)}, &back) == ValueError::kNone &&
          back == value);
}

void CheckTimes(std::string_view text) {
  int64_t micros = 0;
  int64_t back = 0;
  int32_t days = 0;
  int32_t days_back = 0;
  if (ParseDate(text, &days) == ValueError::kNone) {
    Require(ParseDate(FormatDate(days), &days_back) == ValueError::kNone && days == days_back);
  }
  if (ParseTime(text, &micros) == ValueError::kNone) {
    Require(UnpackTime(PackTime(micros), &back) == ValueError::kNone && back == micros);
  }
  if (ParseDatetime(text, &micros, CivilForm::kJson) == ValueError::kNone) {
    Require(UnpackDatetime(PackDatetime(micros), &back) == ValueError::kNone && back == micros);
  }
  if (ParseTimestamp(text, &micros, CivilForm::kJson) == ValueError::kNone) {
    Require(ParseTimestamp(FormatTimestamp(micros), &back) == ValueError::kNone && back == micros);
  }
  Interval interval;
  Interval interval_back;
  if (ParseSqlInterval(text, &interval) == ValueError::kNone) {
    Require(ParseInterval(FormatInterval(interval), &interval_back) == ValueError::kNone &&
            interval == interval_back);
  }
  __int128 picos = 0;
  __int128 picos_back = 0;
  if (ParseTimestampPicos(text, &picos, CivilForm::kJson) == ValueError::kNone) {
    Require(ParseTimestampPicos(FormatTimestampPicos(picos), &picos_back) == ValueError::kNone &&
            picos == picos_back);
    Require(PicosFromText(PicosToText(picos), &picos_back) && picos == picos_back);
  }
}

void CheckGeography(std::string_view text) {
  Geography geography;
  Geography back;
  if (ParseGeography(text, &geography) != ValueError::kNone) return;
  const std::string shown = FormatWkt(geography);
  Require(ParseWkt(shown, &back) == ValueError::kNone && FormatWkt(back) == shown &&
          CountPoints(back) == CountPoints(geography));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);  // Corpus files end like all text files.
  CheckDecimal<Numeric>(text);
  CheckDecimal<BigNumeric>(text);
  CheckTimes(text);
  CheckGeography(text);
  (void)SplitRange(text);
  if (const auto number = SequenceNumber::Parse(text))
    Require(SequenceNumber::Parse(number->ToString()) == number);
  (void)IsJson(text);
  std::string out(size + 4, '\0');
  (void)bqcdc::encode::UnescapeJson(text, out.data());
  (void)bqcdc::encode::DecodeBase64(text, out.data());
  return 0;
}
