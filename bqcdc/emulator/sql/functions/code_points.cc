#include "bqcdc/emulator/sql/functions/code_points.h"

#include <locale.h>
#include <clocale>
#include <cwctype>

#include <algorithm>
#include <iterator>

namespace bqcdc::emulator::sql {
namespace {

struct SpecialCase {
  char32_t from;
  const char32_t* to;
};
constexpr SpecialCase kUpperCases[] = {
#include "bqcdc/emulator/sql/functions/special_casing.inc"
};

// Unicode's simple mappings, whatever the process's locale is.
locale_t UnicodeLocale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// Length of the well-formed sequence at `offset`, 0 where there is none.
size_t SequenceAt(std::string_view text, size_t offset, char32_t* code_point) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[offset + i]); };
  const size_t length = values::Utf8SequenceLength(text.substr(offset));
  if (length == 0) return 0;
  *code_point = length == 1 ? byte(0) : byte(0) & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) *code_point = (*code_point << 6) | (byte(i) & 0x3F);
  return length;
}

}  // namespace

std::vector<char32_t> ToCodePoints(std::string_view text) {
  std::vector<char32_t> result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    char32_t code_point = 0xFFFD;
    const size_t length = SequenceAt(text, i, &code_point);
    result.push_back(length == 0 ? 0xFFFD : code_point);
    i += std::max<size_t>(length, 1);
  }
  return result;
}

size_t Utf8Length(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

size_t OffsetOfCodePoint(std::string_view text, int64_t index) {
  size_t offset = 0;
  while (index > 0 && offset < text.size()) {
    offset += Utf8Length(static_cast<unsigned char>(text[offset]));
    --index;
  }
  return std::min(offset, text.size());
}

std::string ToUpper(std::string_view text) {
  std::string result;
  for (const char32_t c : ToCodePoints(text)) {
    const auto* special =
        std::lower_bound(std::begin(kUpperCases), std::end(kUpperCases), c,
                         [](const SpecialCase& entry, char32_t key) { return entry.from < key; });
    if (special != std::end(kUpperCases) && special->from == c) {
      for (const char32_t* to = special->to; *to != 0; ++to) AppendUtf8(*to, &result);
    } else {
      AppendUtf8(static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), UnicodeLocale())), &result);
    }
  }
  return result;
}

std::string ToLower(std::string_view text) {
  std::string result;
  for (const char32_t c : ToCodePoints(text)) {
    // The only character whose lower case has two code points.
    constexpr char32_t kCapitalIWithDot = 0x130;
    if (c == kCapitalIWithDot) {
      AppendUtf8('i', &result);
      AppendUtf8(0x307, &result);
    } else {
      AppendUtf8(static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), UnicodeLocale())), &result);
    }
  }
  return result;
}

bool IsLetter(char32_t c) { return iswalpha_l(static_cast<wint_t>(c), UnicodeLocale()) != 0; }

}  // namespace bqcdc::emulator::sql
