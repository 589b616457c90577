// A text given to every parser of civil time, and its first bytes as the packed form, as an instant and as a
// span. What is taken is a date of the calendar (the standard library's), and comes back equal from each of
// its canonical texts.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/picoseconds.h"

namespace {

using namespace bqcdc::values;  // NOLINT: a target names them all.

constexpr FractionDigits kDigits[] = {FractionDigits::kShortest, FractionDigits::kMilliMicro,
                                      FractionDigits::kMicroOrNone};

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckDate(int32_t days) {
  Require(IsDate(days));
  const std::chrono::year_month_day day{std::chrono::sys_days{std::chrono::days{days}}};
  const std::string text = FormatDate(days);
  Require(text.size() == 10 && std::stoi(text) == static_cast<int>(day.year()) &&
          std::stoul(text.substr(5)) == static_cast<unsigned>(day.month()) &&
          std::stoul(text.substr(8)) == static_cast<unsigned>(day.day()));
  int32_t back = 0;
  Require(ParseDate(text, &back) == ValueError::kNone && back == days);
}

void CheckTime(int64_t micros) {
  Require(IsTime(micros));
  int64_t back = 0;
  for (const FractionDigits digits : kDigits)
    Require(ParseTime(FormatTime(micros, digits), &back) == ValueError::kNone && back == micros);
  Require(UnpackTime(PackTime(micros), &back) == ValueError::kNone && back == micros);
}

void CheckDatetime(int64_t micros) {
  Require(IsDatetime(micros));
  int64_t back = 0;
  for (const FractionDigits digits : kDigits) {
    for (const char divider : {' ', 'T'})
      Require(ParseDatetime(FormatDatetime(micros, divider, digits), &back) == ValueError::kNone &&
              back == micros);
  }
  Require(UnpackDatetime(PackDatetime(micros), &back) == ValueError::kNone && back == micros);
  Require(ToDatetime(DatetimeFields(micros)) == micros);
}

void CheckTimestamp(int64_t micros) {
  Require(IsTimestamp(micros));
  int64_t back = 0;
  for (const FractionDigits digits : kDigits) {
    for (const std::string_view suffix : {"+00", "Z", " UTC"})
      Require(ParseTimestamp(FormatTimestamp(micros, suffix, digits), &back) == ValueError::kNone &&
              back == micros);
  }
}

void CheckPicos(__int128 picos) {
  __int128 back = 0;
  Require(IsTimestamp(MicrosOfPicos(picos)));
  Require(ParseTimestampPicos(FormatTimestampPicos(picos), &back) == ValueError::kNone && back == picos);
  Require(PicosFromText(PicosToText(picos), &back) && back == picos);
}

void CheckInterval(const Interval& interval) {
  Interval back;
  Require(ParseInterval(FormatInterval(interval), &back) == ValueError::kNone && back == interval);
}

// A wider form takes all that the narrow one takes, and as the same value.
template <typename Value>
ValueError ParseBoth(ValueError (*parse)(std::string_view, Value*, CivilForm), std::string_view text,
                     Value* value) {
  Value narrow = 0;
  const ValueError literal = parse(text, &narrow, CivilForm::kLiteral);
  const ValueError json = parse(text, value, CivilForm::kJson);
  if (literal == ValueError::kNone) Require(json == ValueError::kNone && *value == narrow);
  return json;
}

void CheckTexts(std::string_view text) {
  int32_t days = 0;
  int64_t micros = 0;
  __int128 picos = 0;
  Interval interval;
  if (ParseBoth(ParseDate, text, &days) == ValueError::kNone) CheckDate(days);
  if (ParseTime(text, &micros) == ValueError::kNone) CheckTime(micros);
  if (ParseBoth(ParseDatetime, text, &micros) == ValueError::kNone) CheckDatetime(micros);
  const ValueError in_micros = ParseBoth(ParseTimestamp, text, &micros);
  const ValueError in_picos = ParseBoth(ParseTimestampPicos, text, &picos);
  if (in_picos == ValueError::kNone) CheckPicos(picos);
  // Twelve digits take what six take, as the same instant.
  if (in_micros == ValueError::kNone) {
    CheckTimestamp(micros);
    Require(in_picos == ValueError::kNone && picos == static_cast<__int128>(micros) * kPicosPerMicro);
  }
  if (ParseInterval(text, &interval) == ValueError::kNone) CheckInterval(interval);
  if (ParseSqlInterval(text, &interval) == ValueError::kNone) CheckInterval(interval);
}

// A text as a zone: its local time of an instant is less than a day away, and leads back to the instant or to
// the other one that the clock showed the same (it was put back in between).
void CheckZone(std::string_view zone, int64_t instant) {
  int64_t local = 0;
  int64_t back = 0;
  int64_t again = 0;
  if (!IsTimestamp(instant) || !UtcToLocal(zone, instant, &local)) return;
  Require(std::llabs(local - instant) < kMicrosPerDay);
  Require(LocalToUtc(zone, local, &back) && std::llabs(back - instant) < kMicrosPerDay);
  Require(UtcToLocal(zone, back, &again) && again == local);
}

void CheckNumbers(int64_t number, std::string_view zone) {
  int64_t micros = 0;
  if (UnpackTime(number, &micros) == ValueError::kNone) {
    CheckTime(micros);
    Require(PackTime(micros) == number);
  }
  if (UnpackDatetime(number, &micros) == ValueError::kNone) {
    CheckDatetime(micros);
    Require(PackDatetime(micros) == number);
  }
  if (IsDate(number)) CheckDate(static_cast<int32_t>(number));
  if (IsTimestamp(number)) CheckTimestamp(number);
  CheckZone(zone, number);
  Interval interval;
  for (const std::string_view unit :
       {"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}) {
    if (MakeInterval(number, unit, &interval) == ValueError::kNone) CheckInterval(interval);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  int64_t number = 0;
  if (size >= sizeof number) std::memcpy(&number, data, sizeof number);
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);  // Corpus files end like all text files.
  CheckTexts(text);
  CheckNumbers(number, text.substr(std::min(text.size(), sizeof number)));
  return 0;
}
