#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "bqcdc/encode/byte_block.h"
#include "bqcdc/encode/short_number.h"
#include "bqcdc/values/civil_time.h"

// Texts of DATE, TIME, DATETIME and TIMESTAMP in the form in which nearly all are written, each field with
// all its digits: YYYY-MM-DD, HH:MM:SS[.F], and both divided by T or a space. What is refused here goes to
// values/civil_time.h, which alone says what is right and wrong.
namespace bqcdc::encode {

// Bytes behind a text that must be readable, of any content.
inline constexpr size_t kShortCivilPaddingBytes = 1 + ByteBlock::kSize;

namespace short_civil {

using Block = unsigned char __attribute__((vector_size(16)));

// Signs of a form: '0' stands for a digit, '?' for anything.
struct Form {
  std::array<unsigned char, sizeof(Block)> least = {};
  std::array<unsigned char, sizeof(Block)> range = {};  // how much a sign may be above its least
};

consteval Form FormOf(std::string_view signs) {
  Form form;
  for (size_t i = 0; i < sizeof(Block); ++i) {
    const char sign = i < signs.size() ? signs[i] : '?';
    form.least[i] = sign == '?' ? '\0' : static_cast<unsigned char>(sign);
    form.range[i] = sign == '0' ? 9 : sign == '?' ? 255 : 0;
  }
  return form;
}

// The first 16 bytes of a text of that form; digits are 0 to 9.
class Signs {
 public:
  // False where the text has another form.
  bool Read(const char* text, const Form& form) {
    Block least, range;
    std::memcpy(&signs_, text, sizeof signs_);
    std::memcpy(&least, form.least.data(), sizeof least);
    std::memcpy(&range, form.range.data(), sizeof range);
    signs_ -= least;
    const auto others = signs_ > range;
    uint64_t halves[2];
    std::memcpy(halves, &others, sizeof halves);
    return (halves[0] | halves[1]) == 0;
  }
  int TwoDigits(size_t place) const { return signs_[place] * 10 + signs_[place + 1]; }

 private:
  Block signs_ = {};
};

// What stands behind the seconds: up to six digits behind a point, then perhaps more.
inline bool ReadFraction(std::string_view* rest, int* microsecond) {
  constexpr size_t kDigitsMax = 6;
  constexpr std::array<int, kDigitsMax + 1> kUnits = {1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  *microsecond = 0;
  if (rest->empty() || rest->front() != '.') return true;
  const char* const digits = rest->data() + 1;
  const auto count =
      static_cast<size_t>(std::countr_zero(ByteBlock(digits).NoDigits() | 1U << (kDigitsMax + 1)));
  if (count == 0 || count > kDigitsMax || count > rest->size() - 1) return false;
  *microsecond = static_cast<int>(short_number::ReadDigits(digits, count)) * kUnits[count];
  rest->remove_prefix(1 + count);
  return true;
}

inline bool IsTimeOfDay(const values::CivilFields& fields) {
  return fields.hour <= 23 && fields.minute <= 59 && fields.second <= 59;
}

}  // namespace short_civil

inline bool ReadShortDate(std::string_view text, int32_t* days) {
  constexpr short_civil::Form kForm = short_civil::FormOf("0000-00-00");
  short_civil::Signs signs;
  if (text.size() != 10 || !signs.Read(text.data(), kForm)) return false;
  const int year = signs.TwoDigits(0) * 100 + signs.TwoDigits(2);
  if (!values::IsCivilDate(year, signs.TwoDigits(5), signs.TwoDigits(8))) return false;
  *days = values::ToDate(year, signs.TwoDigits(5), signs.TwoDigits(8));
  return true;
}

inline bool ReadShortTime(std::string_view text, values::CivilFields* fields) {
  constexpr short_civil::Form kForm = short_civil::FormOf("00:00:00");
  short_civil::Signs signs;
  if (text.size() < 8 || !signs.Read(text.data(), kForm)) return false;
  fields->hour = signs.TwoDigits(0);
  fields->minute = signs.TwoDigits(3);
  fields->second = signs.TwoDigits(6);
  std::string_view rest = text.substr(8);
  return short_civil::IsTimeOfDay(*fields) && short_civil::ReadFraction(&rest, &fields->microsecond) &&
         rest.empty();
}

// Gives also what stands behind date and time.
inline bool ReadShortDatetime(std::string_view text, values::CivilFields* fields, std::string_view* rest) {
  constexpr short_civil::Form kForm = short_civil::FormOf("0000-00-00?00:00");
  constexpr short_civil::Form kSeconds = short_civil::FormOf(":00");
  short_civil::Signs signs, seconds;
  if (text.size() < 19 || !signs.Read(text.data(), kForm) || !seconds.Read(text.data() + 16, kSeconds))
    return false;
  if (text[10] != 'T' && text[10] != ' ') return false;
  fields->year = signs.TwoDigits(0) * 100 + signs.TwoDigits(2);
  fields->month = signs.TwoDigits(5);
  fields->day = signs.TwoDigits(8);
  fields->hour = signs.TwoDigits(11);
  fields->minute = signs.TwoDigits(14);
  fields->second = seconds.TwoDigits(1);
  *rest = text.substr(19);
  return values::IsCivilDate(fields->year, fields->month, fields->day) && short_civil::IsTimeOfDay(*fields) &&
         short_civil::ReadFraction(rest, &fields->microsecond);
}

// Of an instant in UTC, that says so or names no zone.
inline bool ReadShortTimestamp(std::string_view text, values::CivilFields* fields) {
  std::string_view zone;
  return ReadShortDatetime(text, fields, &zone) &&
         (zone.empty() || zone == "Z" || zone == "+00" || zone == "+00:00" || zone == " UTC");
}

}  // namespace bqcdc::encode
