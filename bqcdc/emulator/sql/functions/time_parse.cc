#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/date_part.h"
#include "bqcdc/emulator/sql/functions/time_format.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

constexpr std::string_view kDays[] = {"sunday",   "monday", "tuesday", "wednesday",
                                      "thursday", "friday", "saturday"};
constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};

class Parser {
 public:
  Parser(std::string_view text, const FormatScope& scope) : text_(text), scope_(scope) {}

  absl::Status Run(std::string_view format);
  absl::StatusOr<ParsedTime> Finish();
  bool AtEnd() {
    SkipSpace();
    return text_.empty();
  }

 private:
  absl::Status Mismatch() const { return base::InvalidArgument("Failed to parse input string"); }
  absl::Status Element(char element);
  absl::Status Extended(std::string_view* format);
  absl::Status Number(int digits_max, int low, int high, int* out);
  absl::Status Fraction(int digits_max);
  absl::Status Name(const std::string_view* names, size_t count, int* index);
  absl::Status Offset();
  void SkipSpace() {
    while (!text_.empty() && absl::ascii_isspace(static_cast<unsigned char>(text_.front())))
      text_.remove_prefix(1);
  }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string_view text_;
  const FormatScope& scope_;
  int year_ = 1970, month_ = 1, day_ = 1, hour_ = 0, minute_ = 0, second_ = 0, micros_ = 0;
  std::optional<bool> afternoon_;
  std::optional<int64_t> unix_seconds_;
  std::optional<int64_t> offset_;
  std::string zone_;  // by name, of %Z
};

absl::Status Parser::Number(int digits_max, int low, int high, int* out) {
  int value = 0;
  int digits = 0;
  while (digits < digits_max && !text_.empty() &&
         absl::ascii_isdigit(static_cast<unsigned char>(text_.front()))) {
    value = value * 10 + (text_.front() - '0');
    text_.remove_prefix(1);
    ++digits;
  }
  if (digits == 0 || value < low || value > high) return Mismatch();
  *out = value;
  return absl::OkStatus();
}

absl::Status Parser::Fraction(int digits_max) {
  BQCDC_RETURN_IF_ERROR(Number(2, 0, 59, &second_));
  if (digits_max == 0 || !Take('.')) return absl::OkStatus();
  int scale = 100'000;
  micros_ = 0;
  for (int i = 0;
       i < digits_max && !text_.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text_.front()));
       ++i) {
    micros_ += (text_.front() - '0') * scale;
    scale /= 10;
    text_.remove_prefix(1);
  }
  return absl::OkStatus();
}

absl::Status Parser::Name(const std::string_view* names, size_t count, int* index) {
  for (const bool whole : {true, false}) {
    for (size_t i = 0; i < count; ++i) {
      const std::string_view name = whole ? names[i] : names[i].substr(0, 3);
      if (!absl::StartsWithIgnoreCase(base::ToAbsl(text_), base::ToAbsl(name))) continue;
      text_.remove_prefix(name.size());
      *index = static_cast<int>(i);
      return absl::OkStatus();
    }
  }
  return Mismatch();
}

absl::Status Parser::Offset() {
  if (scope_.zone.empty()) return Mismatch();
  if (Take('Z') || Take('z')) {
    offset_ = 0;
    return absl::OkStatus();
  }
  const bool negative = !text_.empty() && text_.front() == '-';
  if (!Take('+') && !Take('-')) return Mismatch();
  int hours = 0;
  int minutes = 0;
  BQCDC_RETURN_IF_ERROR(Number(2, 0, 14, &hours));
  const bool colon = Take(':');
  const bool more = !text_.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text_.front()));
  if (colon || more) BQCDC_RETURN_IF_ERROR(Number(2, 0, 59, &minutes));
  const int64_t offset = (hours * 60 + minutes) * values::kMicrosPerMinute;
  offset_ = negative ? -offset : offset;
  return absl::OkStatus();
}

absl::Status Parser::Element(char element) {
  int ignored = 0;
  const auto sequence = [&](std::string_view format) { return Run(format); };
  if (scope_.date) {
    switch (element) {
      case 'Y':
        return Number(4, 1, 9999, &year_);
      case 'y':
        BQCDC_RETURN_IF_ERROR(Number(2, 0, 99, &year_));
        year_ += year_ < 69 ? 2000 : 1900;
        return absl::OkStatus();
      case 'm':
        return Number(2, 1, 12, &month_);
      case 'd':
        return Number(2, 1, 31, &day_);
      case 'e':
        SkipSpace();
        return Number(2, 1, 31, &day_);
      case 'b':
      case 'h':
      case 'B': {
        BQCDC_RETURN_IF_ERROR(Name(kMonths, 12, &month_));
        ++month_;
        return absl::OkStatus();
      }
      case 'a':
      case 'A':
        return Name(kDays, 7, &ignored);
      case 'F':
        return sequence("%Y-%m-%d");
      case 'D':
      case 'x':
        return sequence("%m/%d/%y");
      default:
        break;
    }
  }
  if (scope_.time) {
    switch (element) {
      case 'H':
        return Number(2, 0, 23, &hour_);
      case 'k':
        SkipSpace();
        return Number(2, 0, 23, &hour_);
      case 'I':
        return Number(2, 1, 12, &hour_);
      case 'l':
        SkipSpace();
        return Number(2, 1, 12, &hour_);
      case 'M':
        return Number(2, 0, 59, &minute_);
      case 'S':
        return Number(2, 0, 59, &second_);
      case 'T':
      case 'X':
        return sequence("%H:%M:%S");
      case 'R':
        return sequence("%H:%M");
      case 'p':
      case 'P': {
        const bool pm = absl::StartsWithIgnoreCase(base::ToAbsl(text_), "pm");
        if (!pm && !absl::StartsWithIgnoreCase(base::ToAbsl(text_), "am")) return Mismatch();
        text_.remove_prefix(2);
        afternoon_ = pm;
        return absl::OkStatus();
      }
      default:
        break;
    }
  }
  if (scope_.date && scope_.time && element == 'c') return sequence("%a %b %e %H:%M:%S %Y");
  if (element == 'z' && !scope_.zone.empty()) return Offset();
  if (element == 'Z' && !scope_.zone.empty()) {
    size_t end = 0;
    while (end < text_.size() && !absl::ascii_isspace(static_cast<unsigned char>(text_[end]))) ++end;
    zone_ = std::string(text_.substr(0, end));
    text_.remove_prefix(end);
    return zone_.empty() ? Mismatch() : absl::OkStatus();
  }
  return base::InvalidArgument("Not supported by this server: format element %", std::string(1, element),
                               " for parsing this type");
}

absl::Status Parser::Extended(std::string_view* format) {
  const auto takes = [&](std::string_view word) {
    if (format->substr(0, word.size()) != word) return false;
    format->remove_prefix(word.size());
    return true;
  };
  if (scope_.date && takes("4Y")) return Number(4, 1, 9999, &year_);
  if (!scope_.zone.empty() && takes("z")) return Offset();
  if (scope_.time && takes("*S")) return Fraction(6);
  if (scope_.time && format->size() >= 2 && (*format)[1] == 'S' && (*format)[0] >= '0' &&
      (*format)[0] <= '6') {
    const int digits = (*format)[0] - '0';
    format->remove_prefix(2);
    return Fraction(digits);
  }
  return base::InvalidArgument("Not supported by this server: format element %E for parsing this type");
}

absl::Status Parser::Run(std::string_view format) {
  while (!format.empty()) {
    const char c = format.front();
    format.remove_prefix(1);
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) {
      SkipSpace();
      continue;
    }
    if (c != '%') {
      if (!Take(c)) return Mismatch();
      continue;
    }
    if (format.empty()) return base::InvalidArgument("Format string ends with a single %");
    const char element = format.front();
    format.remove_prefix(1);
    if (element == 'n' || element == 't') {
      SkipSpace();
    } else if (element == '%') {
      if (!Take('%')) return Mismatch();
    } else if (element == 'E') {
      BQCDC_RETURN_IF_ERROR(Extended(&format));
    } else {
      BQCDC_RETURN_IF_ERROR(Element(element));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ParsedTime> Parser::Finish() {
  if (!AtEnd()) return Mismatch();
  if (!values::IsCivilDate(year_, month_, day_)) return Mismatch();
  if (afternoon_) {
    if (hour_ > 12 || hour_ == 0) return Mismatch();
    hour_ = hour_ % 12 + (*afternoon_ ? 12 : 0);
  }
  ParsedTime result;
  result.local_micros = values::ToDate(year_, month_, day_) * values::kMicrosPerDay +
                        ((hour_ * 60LL + minute_) * 60 + second_) * values::kMicrosPerSecond + micros_;
  int64_t utc = 0;
  if (!zone_.empty() && !offset_) {
    if (!values::LocalToUtc(zone_ == "Z" ? "UTC" : zone_, result.local_micros, &utc)) return Mismatch();
    offset_ = result.local_micros - utc;
  }
  result.has_offset = offset_.has_value();
  result.offset_micros = offset_.value_or(0);
  return result;
}

}  // namespace

absl::StatusOr<ParsedTime> ParseTime(std::string_view format, std::string_view text,
                                     const FormatScope& scope) {
  Parser parser(text, scope);
  const absl::Status status = parser.Run(format);
  if (status.ok()) {
    auto result = parser.Finish();
    if (result.ok()) return result;
  }
  if (!status.ok() && !absl::StartsWith(status.message(), "Failed")) return status;
  return base::InvalidArgument("Failed to parse input string \"", text, "\"");
}

}  // namespace bqcdc::emulator::sql
