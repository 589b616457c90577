#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/functions/own_function.h"

// What functions that STRING and BYTES share count in: positions, lengths and sets of characters are of code
// points in a STRING and of bytes in BYTES.
namespace bqcdc::emulator::sql {

struct CodePoints {
  using Argument = std::string_view;
  using Value = std::string;

  static std::vector<char32_t> Of(std::string_view text) { return ToCodePoints(text); }
  static void Append(char32_t unit, std::string* text) { AppendUtf8(unit, text); }
  static int64_t Count(std::string_view text) { return CountCodePoints(text); }
  // In bytes, of unit `index` (from 0), or text.size() where there are fewer.
  static size_t OffsetOf(std::string_view text, int64_t index) { return OffsetOfCodePoint(text, index); }
  // In bytes, of the unit that begins with `lead`.
  static size_t Length(char lead) { return Utf8Length(static_cast<unsigned char>(lead)); }
};

struct SingleBytes {
  using Argument = Bytes;
  using Value = BytesValue;

  static std::vector<char32_t> Of(std::string_view bytes) {
    std::vector<char32_t> units(bytes.size());
    std::transform(bytes.begin(), bytes.end(), units.begin(),
                   [](char byte) { return static_cast<unsigned char>(byte); });
    return units;
  }
  static void Append(char32_t unit, std::string* bytes) { bytes->push_back(static_cast<char>(unit)); }
  static int64_t Count(std::string_view bytes) { return static_cast<int64_t>(bytes.size()); }
  static size_t OffsetOf(std::string_view bytes, int64_t index) {
    return std::min(bytes.size(), static_cast<size_t>(index));
  }
  static size_t Length(char /*lead*/) { return 1; }
};

inline std::string_view View(std::string_view text) { return text; }
inline std::string_view View(Bytes bytes) { return bytes.value; }

// As the STRING or BYTES that the units make.
template <typename Units>
absl::StatusOr<typename Units::Value> As(absl::StatusOr<std::string> result) {
  if (!result.ok()) return result.status();
  return typename Units::Value{*std::move(result)};
}

}  // namespace bqcdc::emulator::sql
