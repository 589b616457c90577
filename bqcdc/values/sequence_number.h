#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bqcdc::values {

// A value of _CHANGE_SEQUENCE_NUMBER: four unsigned 64-bit sections that are compared from left to right.
//
// Grammar of the text: 1 to 4 sections of 1 to 16 hexadecimal digits, upper or lower case, divided by '/'
// (https://cloud.google.com/bigquery/docs/change-data-capture#manage_custom_ordering). Missing sections are
// 0, leading zeros have no effect.
struct SequenceNumber {
  static constexpr size_t kSectionCount = 4;
  static constexpr size_t kSectionDigitsMax = 16;
  // Longest text: four full sections and three dividers.
  static constexpr size_t kTextBytesMax = kSectionCount * kSectionDigitsMax + kSectionCount - 1;

  std::array<uint64_t, kSectionCount> sections = {};

  // Parses the text; nullopt where it does not follow the grammar.
  static std::optional<SequenceNumber> Parse(std::string_view text);

  // A number of one section, as an integer field of a row message gives it.
  static constexpr SequenceNumber FromInteger(uint64_t value) { return {{value, 0, 0, 0}}; }

  // For storage: the first two sections and the last two, each as one unsigned integer of 128 bits.
  static constexpr SequenceNumber FromHighLow(unsigned __int128 high, unsigned __int128 low) {
    return {{static_cast<uint64_t>(high >> 64), static_cast<uint64_t>(high), static_cast<uint64_t>(low >> 64),
             static_cast<uint64_t>(low)}};
  }
  constexpr unsigned __int128 high() const {
    return (static_cast<unsigned __int128>(sections[0]) << 64) | sections[1];
  }
  constexpr unsigned __int128 low() const {
    return (static_cast<unsigned __int128>(sections[2]) << 64) | sections[3];
  }

  // Four sections in upper-case hexadecimal without leading zeros, zero written "0": "1F/0/A/0".
  std::string ToString() const;

  // Writes the same text to `out`, which has room for kTextBytesMax bytes; returns the end of the text.
  char* AppendTo(char* out) const;
  // Of one section, kSectionDigitsMax bytes.
  static char* AppendSection(uint64_t section, char* out) {
    if (section > 0xF) return AppendLongSection(section, out);
    *out = "0123456789ABCDEF"[section];
    return out + 1;
  }

  friend constexpr auto operator<=>(const SequenceNumber&, const SequenceNumber&) = default;

 private:
  static char* AppendLongSection(uint64_t section, char* out);
};

}  // namespace bqcdc::values
