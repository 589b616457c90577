#include "bqcdc/emulator/sql/functions/time_format.h"

#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/date_part.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

// The value with what its elements need.
class Formatter {
 public:
  Formatter(int64_t local_micros, int64_t utc_micros, const FormatScope& scope)
      : scope_(scope),
        local_(local_micros),
        utc_(utc_micros),
        days_(FloorDivide(local_micros, values::kMicrosPerDay)),
        fields_(values::DatetimeFields(local_micros)) {}

  absl::StatusOr<std::string> Format(std::string_view format);

 private:
  bool Append(char element, std::string* out) const;
  bool AppendDate(char element, std::string* out) const;
  bool AppendTime(char element, std::string* out) const;
  bool AppendExtended(std::string_view* rest, std::string* out) const;
  void Number(std::string* out, const char* form, int64_t value) const {
    char text[32];
    std::snprintf(text, sizeof(text), form, static_cast<long long>(value));
    *out += text;
  }
  int64_t Extract(DatePartKind kind, int week_start = 0) const {
    return *ExtractFromDate(days_, Part{kind, week_start}, "DATE");
  }
  void AppendOffset(std::string* out, bool colon) const {
    const int64_t minutes = (local_ - utc_) / values::kMicrosPerMinute;
    const int64_t magnitude = minutes < 0 ? -minutes : minutes;
    *out += minutes < 0 ? '-' : '+';
    Number(out, "%02lld", magnitude / 60);
    if (colon) *out += ':';
    Number(out, "%02lld", magnitude % 60);
  }
  void AppendSeconds(std::string* out, int digits) const {
    Number(out, "%02lld", fields_.second);
    if (digits == 0) return;
    char text[24];
    std::snprintf(text, sizeof(text), "%06d%06d", fields_.microsecond, scope_.picos);
    std::string fraction(text);
    fraction.resize(digits, '0');
    base::StrAppend(out, ".", fraction);
  }

  const FormatScope& scope_;
  const int64_t local_;
  const int64_t utc_;
  const int64_t days_;
  const values::CivilFields fields_;
};

bool Formatter::AppendDate(char element, std::string* out) const {
  const std::string_view day = kDays[WeekdayOf(days_)];
  const std::string_view month = kMonths[fields_.month - 1];
  switch (element) {
    case 'A':
      base::StrAppend(out, day);
      return true;
    case 'a':
      base::StrAppend(out, day.substr(0, 3));
      return true;
    case 'B':
      base::StrAppend(out, month);
      return true;
    case 'b':
    case 'h':
      base::StrAppend(out, month.substr(0, 3));
      return true;
    case 'C':
      Number(out, "%02lld", fields_.year / 100);
      return true;
    case 'D':
    case 'x': {
      Number(out, "%02lld/", fields_.month);
      Number(out, "%02lld/", fields_.day);
      Number(out, "%02lld", fields_.year % 100);
      return true;
    }
    case 'd':
      Number(out, "%02lld", fields_.day);
      return true;
    case 'e':
      Number(out, "%2lld", fields_.day);
      return true;
    case 'F':
      base::StrAppend(out, values::FormatDate(static_cast<int32_t>(days_)));
      return true;
    case 'G':
      Number(out, "%04lld", Extract(DatePartKind::kIsoYear));
      return true;
    case 'g':
      Number(out, "%02lld", Extract(DatePartKind::kIsoYear) % 100);
      return true;
    case 'j':
      Number(out, "%03lld", Extract(DatePartKind::kDayOfYear));
      return true;
    case 'm':
      Number(out, "%02lld", fields_.month);
      return true;
    case 'Q':
      Number(out, "%lld", (fields_.month - 1) / 3 + 1);
      return true;
    case 'U':
      Number(out, "%02lld", Extract(DatePartKind::kWeek, 0));
      return true;
    case 'u':
      Number(out, "%lld", WeekdayOf(days_) == 0 ? 7 : WeekdayOf(days_));
      return true;
    case 'V':
      Number(out, "%02lld", Extract(DatePartKind::kIsoWeek));
      return true;
    case 'W':
      Number(out, "%02lld", Extract(DatePartKind::kWeek, 1));
      return true;
    case 'w':
      Number(out, "%lld", WeekdayOf(days_));
      return true;
    case 'Y':
      Number(out, "%lld", fields_.year);
      return true;
    case 'y':
      Number(out, "%02lld", fields_.year % 100);
      return true;
    default:
      return false;
  }
}

bool Formatter::AppendTime(char element, std::string* out) const {
  const int hour12 = fields_.hour % 12 == 0 ? 12 : fields_.hour % 12;
  switch (element) {
    case 'H':
      Number(out, "%02lld", fields_.hour);
      return true;
    case 'I':
      Number(out, "%02lld", hour12);
      return true;
    case 'k':
      Number(out, "%2lld", fields_.hour);
      return true;
    case 'l':
      Number(out, "%2lld", hour12);
      return true;
    case 'M':
      Number(out, "%02lld", fields_.minute);
      return true;
    case 'P':
      *out += fields_.hour < 12 ? "am" : "pm";
      return true;
    case 'p':
      *out += fields_.hour < 12 ? "AM" : "PM";
      return true;
    case 'R':
    case 'T':
    case 'X':
      Number(out, "%02lld:", fields_.hour);
      Number(out, "%02lld", fields_.minute);
      if (element != 'R') Number(out, ":%02lld", fields_.second);
      return true;
    case 'S':
      Number(out, "%02lld", fields_.second);
      return true;
    default:
      return false;
  }
}

bool Formatter::Append(char element, std::string* out) const {
  if (element == '%') {
    *out += '%';
    return true;
  }
  if (element == 'n' || element == 't') {
    *out += element == 'n' ? '\n' : '\t';
    return true;
  }
  if (scope_.date && AppendDate(element, out)) return true;
  if (scope_.time && AppendTime(element, out)) return true;
  if (element == 'c' && scope_.date && scope_.time) {
    for (const char part : {'a', ' ', 'b', ' ', 'e', ' ', 'T', ' ', 'Y'}) {
      if (part == ' ') {
        *out += ' ';
      } else if (!AppendDate(part, out)) {
        AppendTime(part, out);
      }
    }
    return true;
  }
  if (scope_.zone.empty()) return false;
  if (element == 's') {
    Number(out, "%lld", FloorDivide(utc_, values::kMicrosPerSecond));
    return true;
  }
  if (element == 'z') {
    AppendOffset(out, false);
    return true;
  }
  if (element == 'Z' && (scope_.zone == "UTC" || scope_.zone == "Etc/UTC")) {
    *out += "UTC";
    return true;
  }
  return false;
}

// %E...: `rest` begins behind the E.
bool Formatter::AppendExtended(std::string_view* rest, std::string* out) const {
  const auto takes = [&](std::string_view word) {
    if (rest->substr(0, word.size()) != word) return false;
    rest->remove_prefix(word.size());
    return true;
  };
  if (takes("4Y")) {
    if (!scope_.date) return false;
    Number(out, "%04lld", fields_.year);
    return true;
  }
  if (takes("z")) {
    if (scope_.zone.empty()) return false;
    AppendOffset(out, true);
    return true;
  }
  if (!scope_.time) return false;
  if (takes("*S")) {
    int digits = 12;
    int64_t value = int64_t{fields_.microsecond} * 1'000'000 + scope_.picos;
    while (digits > 0 && value % 10 == 0) {
      value /= 10;
      --digits;
    }
    AppendSeconds(out, digits);
    return true;
  }
  const size_t end = rest->find_first_not_of("0123456789");
  int digits = 0;
  if (end != 0 && end != rest->npos && (*rest)[end] == 'S' &&
      absl::SimpleAtoi(base::ToAbsl(rest->substr(0, end)), &digits) &&
      digits <= (scope_.picoseconds ? 12 : 6)) {
    AppendSeconds(out, digits);
    rest->remove_prefix(end + 1);
    return true;
  }
  return false;
}

absl::StatusOr<std::string> Formatter::Format(std::string_view format) {
  std::string out;
  while (!format.empty()) {
    const char c = format.front();
    format.remove_prefix(1);
    if (c != '%') {
      out += c;
      continue;
    }
    if (format.empty()) return base::InvalidArgument("Format string ends with a single %");
    const char element = format.front();
    format.remove_prefix(1);
    const bool known = element == 'E' ? AppendExtended(&format, &out) : Append(element, &out);
    if (!known) {
      return base::InvalidArgument("Not supported by this server: format element %", std::string(1, element),
                                   " for this type");
    }
  }
  return out;
}

}  // namespace

absl::StatusOr<int64_t> LocalTimeIn(std::string_view zone, int64_t utc_micros) {
  int64_t local = 0;
  if (!values::UtcToLocal(zone, utc_micros, &local))
    return base::InvalidArgument("Invalid time zone: ", zone);
  if (local < values::kDatetimeMin || local > values::kDatetimeMax) {
    return base::InvalidArgument("Timestamp is out of range in time zone ", zone);
  }
  return local;
}

absl::StatusOr<std::string> FormatTime(std::string_view format, int64_t local_micros, int64_t utc_micros,
                                       const FormatScope& scope) {
  return Formatter(local_micros, utc_micros, scope).Format(format);
}

}  // namespace bqcdc::emulator::sql
