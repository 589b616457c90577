#include "bqcdc/values/interval.h"

#include <array>
#include <cstdlib>
#include <optional>

#include "bqcdc/values/civil_time.h"

namespace bqcdc::values {
namespace {

constexpr int kMonthsPerYear = 12;
// Digits that are read of one field; more are out of range in every field.
constexpr int kFieldDigitsMax = 18;

// One part of the interval: what its unit counts.
struct Unit {
  std::string_view name;
  int64_t months;
  int64_t days;
  int64_t micros;
};

constexpr std::array<Unit, 11> kUnits = {{{"YEAR", 12, 0, 0},
                                          {"QUARTER", 3, 0, 0},
                                          {"MONTH", 1, 0, 0},
                                          {"WEEK", 0, 7, 0},
                                          {"DAY", 0, 1, 0},
                                          {"HOUR", 0, 0, kMicrosPerHour},
                                          {"MINUTE", 0, 0, kMicrosPerMinute},
                                          {"SECOND", 0, 0, kMicrosPerSecond},
                                          {"MILLISECOND", 0, 0, 1000},
                                          {"MICROSECOND", 0, 0, 1},
                                          {"", 0, 0, 0}}};

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Upper(a[i]) != Upper(b[i])) return false;
  }
  return true;
}

std::string_view TakeWord(std::string_view* text) {
  while (!text->empty() && text->front() == ' ') text->remove_prefix(1);
  const size_t size = std::min(text->find(' '), text->size());
  const std::string_view word = text->substr(0, size);
  text->remove_prefix(size);
  return word;
}

bool TakeSign(std::string_view* text) {
  if (text->empty() || (text->front() != '-' && text->front() != '+')) return false;
  const bool negative = text->front() == '-';
  text->remove_prefix(1);
  return negative;
}

// Takes digits; false where there are none or too many.
bool TakeNumber(std::string_view* text, int64_t* value) {
  int count = 0;
  *value = 0;
  while (!text->empty() && text->front() >= '0' && text->front() <= '9') {
    if (++count > kFieldDigitsMax) return false;
    *value = *value * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  return count > 0;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

ValueError Checked(__int128 months, __int128 days, __int128 micros, Interval* out) {
  const auto within = [](__int128 value, __int128 limit) { return value <= limit && value >= -limit; };
  if (!within(months, Interval::kMonthsMax) || !within(days, Interval::kDaysMax) ||
      !within(micros, Interval::kMicrosMax)) {
    return ValueError::kOutOfRange;
  }
  *out = {static_cast<int32_t>(months), static_cast<int32_t>(days), static_cast<int64_t>(micros)};
  return ValueError::kNone;
}

// [-]Y-M
bool ParseYearMonth(std::string_view text, __int128* months) {
  const bool negative = TakeSign(&text);
  int64_t years = 0;
  int64_t rest = 0;
  if (!TakeNumber(&text, &years) || !Take(&text, '-') || !TakeNumber(&text, &rest) || !text.empty())
    return false;
  *months = static_cast<__int128>(years) * kMonthsPerYear + rest;
  if (negative) *months = -*months;
  return true;
}

// [-]D
bool ParseDays(std::string_view text, __int128* days) {
  const bool negative = TakeSign(&text);
  int64_t count = 0;
  if (!TakeNumber(&text, &count) || !text.empty()) return false;
  *days = negative ? -count : count;
  return true;
}

// [.F] behind whole seconds, in microseconds.
ValueError TakeFraction(std::string_view* text, int64_t* micros) {
  *micros = 0;
  if (!Take(text, '.')) return ValueError::kNone;
  if (text->empty() || text->front() < '0' || text->front() > '9') return ValueError::kMalformed;
  int64_t unit = kMicrosPerSecond / 10;
  for (; !text->empty() && text->front() >= '0' && text->front() <= '9'; text->remove_prefix(1), unit /= 10) {
    if (unit == 0) return ValueError::kTooPrecise;
    *micros += (text->front() - '0') * unit;
  }
  return ValueError::kNone;
}

// [-]H:M:S[.F]
ValueError ParseClock(std::string_view text, __int128* micros) {
  const bool negative = TakeSign(&text);
  int64_t hours = 0;
  int64_t minutes = 0;
  int64_t seconds = 0;
  if (!TakeNumber(&text, &hours) || !Take(&text, ':') || !TakeNumber(&text, &minutes) || !Take(&text, ':') ||
      !TakeNumber(&text, &seconds)) {
    return ValueError::kMalformed;
  }
  *micros = static_cast<__int128>(hours) * kMicrosPerHour +
            static_cast<__int128>(minutes) * kMicrosPerMinute +
            static_cast<__int128>(seconds) * kMicrosPerSecond;
  int64_t fraction = 0;
  if (const ValueError error = TakeFraction(&text, &fraction); error != ValueError::kNone) return error;
  *micros += fraction;
  if (negative) *micros = -*micros;
  return text.empty() ? ValueError::kNone : ValueError::kMalformed;
}

// Names of the fields in the order in which a text between two units gives them: Y-M D H:M:S.
constexpr std::array<std::string_view, 6> kFieldOrder = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};

std::optional<size_t> FieldIndex(std::string_view name) {
  for (size_t i = 0; i < kFieldOrder.size(); ++i) {
    if (EqualsIgnoreCase(kFieldOrder[i], name)) return i;
  }
  return std::nullopt;
}

// Completes 'text' FROM-unit TO-unit to a canonical text, then parses that: missing fields are 0.
ValueError ParseRange(std::string_view text, size_t from, size_t to, Interval* out) {
  std::string full;
  for (size_t field = 0; field < from; ++field) full.append(field == 0 ? "0-" : field < 3 ? "0 " : "0:");
  // A sign belongs to the whole clock or year-month part, so it moves before the zeros that were put there.
  const size_t part_begin = from == 1 ? 0 : from >= 4 ? full.rfind(' ') + 1 : full.size();
  if (TakeSign(&text)) full.insert(part_begin, 1, '-');
  full.append(text);
  for (size_t field = to + 1; field < kFieldOrder.size(); ++field) {
    full.append(field == 1 ? "-0" : field <= 3 ? " 0" : ":0");
  }
  return ParseInterval(full, out);
}

// The designators of a duration in the order in which they may come; those from kTimeParts on stand behind
// the T.
struct DurationPart {
  char designator;
  std::string_view unit;
};
constexpr std::array<DurationPart, 7> kDurationParts = {{{'Y', "YEAR"},
                                                         {'M', "MONTH"},
                                                         {'W', "WEEK"},
                                                         {'D', "DAY"},
                                                         {'H', "HOUR"},
                                                         {'M', "MINUTE"},
                                                         {'S', "SECOND"}}};
constexpr size_t kTimeParts = 4;

// What follows the P.
ValueError ParseDuration(std::string_view text, Interval* out) {
  __int128 months = 0;
  __int128 days = 0;
  __int128 micros = 0;
  size_t next = 0;
  bool in_time = false;
  bool any = false;
  while (!text.empty()) {
    if (!in_time && Take(&text, 'T')) {
      next = kTimeParts;
      in_time = true;
      any = false;  // something must follow it
      continue;
    }
    const bool negative = TakeSign(&text);
    int64_t amount = 0;
    int64_t fraction = 0;
    if (!TakeNumber(&text, &amount)) return ValueError::kMalformed;
    const bool has_fraction = !text.empty() && text.front() == '.';
    if (const ValueError error = TakeFraction(&text, &fraction); error != ValueError::kNone) return error;
    const size_t end = in_time ? kDurationParts.size() : kTimeParts;
    while (next < end && (text.empty() || kDurationParts[next].designator != text.front())) ++next;
    if (next == end || (has_fraction && kDurationParts[next].designator != 'S'))
      return ValueError::kMalformed;
    text.remove_prefix(1);
    for (const Unit& unit : kUnits) {
      if (unit.name != kDurationParts[next].unit) continue;
      const __int128 signed_amount = negative ? -static_cast<__int128>(amount) : amount;
      months += signed_amount * unit.months;
      days += signed_amount * unit.days;
      micros += signed_amount * unit.micros + (negative ? -fraction : fraction);
    }
    ++next;
    any = true;
  }
  return any ? Checked(months, days, micros, out) : ValueError::kMalformed;
}

}  // namespace

__int128 Interval::TotalMicros() const {
  return (static_cast<__int128>(months) * 30 + days) * kMicrosPerDay + micros;
}

ValueError ParseInterval(std::string_view text, Interval* out) {
  if (Take(&text, 'P')) return ParseDuration(text, out);
  std::array<std::string_view, 3> words;
  size_t count = 0;
  for (std::string_view word = TakeWord(&text); !word.empty(); word = TakeWord(&text)) {
    if (count == words.size()) return ValueError::kMalformed;
    words[count++] = word;
  }
  if (count == 0) return ValueError::kMalformed;
  __int128 months = 0;
  __int128 days = 0;
  __int128 micros = 0;
  if (count == 3 && !ParseYearMonth(words[0], &months)) return ValueError::kMalformed;
  if (count >= 2 && !ParseDays(words[count - 2], &days)) return ValueError::kMalformed;
  if (const ValueError error = ParseClock(words[count - 1], &micros); error != ValueError::kNone)
    return error;
  return Checked(months, days, micros, out);
}

ValueError MakeInterval(int64_t amount, std::string_view unit_name, Interval* out) {
  for (const Unit& unit : kUnits) {
    if (unit.name.empty() || !EqualsIgnoreCase(unit.name, unit_name)) continue;
    const auto wide = static_cast<__int128>(amount);
    return Checked(wide * unit.months, wide * unit.days, wide * unit.micros, out);
  }
  return ValueError::kMalformed;
}

ValueError ParseSqlInterval(std::string_view text, Interval* out) {
  std::string_view rest = text;
  if (EqualsIgnoreCase(TakeWord(&rest), "INTERVAL")) text = rest;
  rest = text;
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  if (!rest.empty() && (rest.front() == '\'' || rest.front() == '"')) {
    const char quote = rest.front();
    rest.remove_prefix(1);
    const size_t end = rest.find(quote);
    if (end == std::string_view::npos) return ValueError::kMalformed;
    const std::string_view quoted = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    const std::optional<size_t> from = FieldIndex(TakeWord(&rest));
    const std::string_view to_word = TakeWord(&rest);
    if (!from.has_value()) return ValueError::kMalformed;
    if (to_word.empty()) return ParseRange(quoted, *from, *from, out);
    const std::optional<size_t> to = FieldIndex(TakeWord(&rest));
    if (!EqualsIgnoreCase(to_word, "TO") || !to.has_value() || *to <= *from || !TakeWord(&rest).empty()) {
      return ValueError::kMalformed;
    }
    return ParseRange(quoted, *from, *to, out);
  }
  std::string_view amount_text = TakeWord(&rest);
  const std::string_view unit = TakeWord(&rest);
  if (unit.empty()) return ParseInterval(text, out);
  const bool negative = TakeSign(&amount_text);
  int64_t amount = 0;
  if (!TakeNumber(&amount_text, &amount) || !amount_text.empty() || !TakeWord(&rest).empty()) {
    return ParseInterval(text, out);
  }
  const ValueError error = MakeInterval(negative ? -amount : amount, unit, out);
  return error == ValueError::kMalformed ? ParseInterval(text, out) : error;
}

std::string FormatInterval(const Interval& interval) {
  std::string text;
  const auto append_sign = [&text](int64_t value) {
    if (value < 0) text.push_back('-');
  };
  append_sign(interval.months);
  const int months = std::abs(interval.months);
  text += std::to_string(months / kMonthsPerYear) + "-" + std::to_string(months % kMonthsPerYear) + " " +
          std::to_string(interval.days) + " ";
  append_sign(interval.micros);
  const int64_t micros = std::abs(interval.micros);
  text += std::to_string(micros / kMicrosPerHour) + ":" + std::to_string(micros / kMicrosPerMinute % 60) +
          ":" + std::to_string(micros / kMicrosPerSecond % 60);
  if (const int64_t fraction = micros % kMicrosPerSecond; fraction != 0) {
    std::string digits = std::to_string(fraction + kMicrosPerSecond);  // Leading zeros behind a 1.
    if (fraction % 1000 == 0) digits.resize(digits.size() - 3);
    text += "." + digits.substr(1);
  }
  return text;
}

}  // namespace bqcdc::values
