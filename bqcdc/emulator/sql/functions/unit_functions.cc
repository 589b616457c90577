// What STRING and BYTES share of
// https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions, and LIKE.

#include <algorithm>
#include <set>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/functions/text_units.h"

namespace bqcdc::emulator::sql {
namespace {

using TextResult = absl::StatusOr<std::string>;

// Positions from 1, negative from the end, 0 as 1.
template <typename Units>
TextResult Substring(std::string_view text, int64_t position, int64_t length) {
  if (length < 0) return base::InvalidArgument("Third argument in SUBSTR() cannot be negative");
  const int64_t count = Units::Count(text);
  int64_t begin = position > 0 ? position - 1 : position == 0 ? 0 : count + position;
  if (begin < 0) begin = 0;
  if (begin >= count) return std::string();
  const int64_t end = length > count - begin ? count : begin + length;
  const size_t from = Units::OffsetOf(text, begin);
  return std::string(text.substr(from, Units::OffsetOf(text, end) - from));
}

bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

template <typename Units, typename InSet>
std::string Trimmed(std::string_view text, bool left, bool right, InSet in_set) {
  const std::vector<char32_t> units = Units::Of(text);
  size_t begin = 0;
  size_t end = units.size();
  while (left && begin < end && in_set(units[begin])) ++begin;
  while (right && end > begin && in_set(units[end - 1])) --end;
  std::string result;
  for (size_t i = begin; i < end; ++i) Units::Append(units[i], &result);
  return result;
}

template <typename Units>
std::string TrimSet(std::string_view text, std::string_view characters, bool left, bool right) {
  const std::vector<char32_t> units = Units::Of(characters);
  const std::set<char32_t> set(units.begin(), units.end());
  return Trimmed<Units>(text, left, right, [&](char32_t c) { return set.contains(c); });
}

template <typename Units>
TextResult Pad(std::string_view text, int64_t length, std::string_view pattern, bool left) {
  if (length < 0)
    return base::InvalidArgument("Second argument (output size) for LPAD/RPAD cannot be negative");
  if (pattern.empty())
    return base::InvalidArgument("Third argument (pad pattern) for LPAD/RPAD cannot be empty");
  const int64_t count = Units::Count(text);
  if (length <= count) return std::string(text.substr(0, Units::OffsetOf(text, length)));
  const int64_t units = Units::Count(pattern);
  const int64_t missing = length - count;
  if (static_cast<size_t>(missing / units) > kOutputBytesMax / pattern.size())
    return OutputTooLong("LPAD/RPAD");
  OutputText result("LPAD/RPAD");
  if (!left) BQCDC_RETURN_IF_ERROR(result.Append(text));
  for (int64_t i = 0; i < missing / units; ++i) BQCDC_RETURN_IF_ERROR(result.Append(pattern));
  BQCDC_RETURN_IF_ERROR(result.Append(pattern.substr(0, Units::OffsetOf(pattern, missing % units))));
  if (left) BQCDC_RETURN_IF_ERROR(result.Append(text));
  return std::move(result).Take();
}

TextResult Replace(std::string_view text, std::string_view from, std::string_view to) {
  if (from.empty()) return std::string(text);
  OutputText result("REPLACE");
  size_t begin = 0;
  for (size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, begin)) {
    BQCDC_RETURN_IF_ERROR(result.Append(text.substr(begin, at - begin)));
    BQCDC_RETURN_IF_ERROR(result.Append(to));
    begin = at + from.size();
  }
  BQCDC_RETURN_IF_ERROR(result.Append(text.substr(begin)));
  return std::move(result).Take();
}

TextResult Repeat(std::string_view text, int64_t count) {
  if (count < 0) return base::InvalidArgument("Second argument in REPEAT() cannot be negative");
  if (!text.empty() && static_cast<size_t>(count) > kOutputBytesMax / text.size())
    return OutputTooLong("REPEAT");
  std::string result;
  for (int64_t i = 0; i < count && !text.empty(); ++i) result.append(text);
  return result;
}

template <typename Units>
TextResult Left(std::string_view text, int64_t length) {
  if (length < 0) return base::InvalidArgument("Second argument in LEFT() cannot be negative");
  return std::string(text.substr(0, Units::OffsetOf(text, length)));
}

template <typename Units>
TextResult Right(std::string_view text, int64_t length) {
  if (length < 0) return base::InvalidArgument("Second argument in RIGHT() cannot be negative");
  const int64_t count = Units::Count(text);
  return std::string(length >= count ? text : text.substr(Units::OffsetOf(text, count - length)));
}

template <typename Units>
std::string Reverse(std::string_view text) {
  const std::vector<char32_t> units = Units::Of(text);
  std::string result;
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) Units::Append(*unit, &result);
  return result;
}

template <typename Units>
TextResult Translate(std::string_view text, std::string_view from, std::string_view to) {
  const std::vector<char32_t> source = Units::Of(from);
  const std::vector<char32_t> target = Units::Of(to);
  if (std::set<char32_t>(source.begin(), source.end()).size() != source.size()) {
    return base::InvalidArgument("Duplicate character in TRANSLATE source characters");
  }
  std::string result;
  for (const char32_t c : Units::Of(text)) {
    const size_t at = std::find(source.begin(), source.end(), c) - source.begin();
    if (at == source.size()) {
      Units::Append(c, &result);
    } else if (at < target.size()) {
      Units::Append(target[at], &result);
    }
  }
  return result;
}

// LIKE: % any text, _ one character, \ takes the next character as it is.
template <typename Units>
absl::StatusOr<bool> Like(std::string_view text, std::string_view pattern) {
  struct Item {
    char32_t c = 0;
    enum { kChar, kOne, kMany } kind = kChar;
  };
  std::vector<Item> items;
  const std::vector<char32_t> units = Units::Of(pattern);
  for (size_t i = 0; i < units.size(); ++i) {
    if (units[i] == '\\') {
      if (++i == units.size()) return base::InvalidArgument("LIKE pattern ends with a backslash");
      items.push_back({units[i], Item::kChar});
    } else if (units[i] == '%') {
      items.push_back({0, Item::kMany});
    } else if (units[i] == '_') {
      items.push_back({0, Item::kOne});
    } else {
      items.push_back({units[i], Item::kChar});
    }
  }
  const std::vector<char32_t> value = Units::Of(text);
  size_t v = 0, p = 0, star = std::string::npos, mark = 0;
  while (v < value.size()) {
    if (p < items.size() && items[p].kind == Item::kMany) {
      star = p++;
      mark = v;
    } else if (p < items.size() && (items[p].kind == Item::kOne || items[p].c == value[v])) {
      ++p;
      ++v;
    } else if (star != std::string::npos) {
      p = star + 1;
      v = ++mark;
    } else {
      return false;
    }
  }
  while (p < items.size() && items[p].kind == Item::kMany) ++p;
  return p == items.size();
}

template <typename Units>
absl::StatusOr<int64_t> Instr(std::string_view text, std::string_view part, int64_t position,
                              int64_t occurrence) {
  if (position == 0) return base::InvalidArgument("Third argument (position) of INSTR must not be 0");
  if (occurrence < 1) return base::InvalidArgument("Fourth argument (occurrence) of INSTR must be positive");
  const std::vector<char32_t> value = Units::Of(text);
  const std::vector<char32_t> wanted = Units::Of(part);
  const int64_t size = static_cast<int64_t>(wanted.size());
  // Where a match may begin: an empty one behind the last character, too.
  const int64_t count = static_cast<int64_t>(value.size());
  const int64_t places = count + (size == 0 ? 1 : 0);
  const int64_t step = position > 0 ? 1 : -1;
  for (int64_t at = position > 0 ? position - 1 : places + position; at >= 0 && at < places; at += step) {
    if (at + size > count) continue;
    if (!std::equal(wanted.begin(), wanted.end(), value.begin() + at)) continue;
    if (--occurrence == 0) return at + 1;
  }
  return 0;
}

template <typename Units>
int64_t EditDistance(std::string_view a, std::string_view b) {
  const std::vector<char32_t> x = Units::Of(a);
  const std::vector<char32_t> y = Units::Of(b);
  std::vector<int64_t> row(y.size() + 1);
  for (size_t k = 0; k <= y.size(); ++k) row[k] = static_cast<int64_t>(k);
  for (size_t i = 1; i <= x.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = static_cast<int64_t>(i);
    for (size_t k = 1; k <= y.size(); ++k) {
      const int64_t change = diagonal + (x[i - 1] == y[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, change});
    }
  }
  return row.back();
}

template <typename Units>
absl::StatusOr<std::vector<typename Units::Value>> Split(std::string_view text, std::string_view delimiter) {
  std::vector<typename Units::Value> parts;
  if (delimiter.empty()) {
    if (static_cast<size_t>(Units::Count(text)) > kOutputElementsMax) return TooManyElements();
    for (const char32_t c : Units::Of(text)) {
      std::string part;
      Units::Append(c, &part);
      parts.push_back({std::move(part)});
    }
    if (parts.empty()) parts.emplace_back();
    return parts;
  }
  size_t begin = 0;
  for (size_t at = text.find(delimiter); at != std::string_view::npos; at = text.find(delimiter, begin)) {
    // The last part comes behind these.
    if (parts.size() + 1 == kOutputElementsMax) return TooManyElements();
    parts.push_back({std::string(text.substr(begin, at - begin))});
    begin = at + delimiter.size();
  }
  parts.push_back({std::string(text.substr(begin))});
  return parts;
}

template <typename Units>
void AddTrims(OwnFunctions& f, const std::string& suffix) {
  using A = typename Units::Argument;
  using V = typename Units::Value;
  AddFunction(
      f, "bq_trim" + suffix, +[](A a, A b) { return V{TrimSet<Units>(View(a), View(b), true, true)}; });
  AddFunction(
      f, "bq_ltrim" + suffix, +[](A a, A b) { return V{TrimSet<Units>(View(a), View(b), true, false)}; });
  AddFunction(
      f, "bq_rtrim" + suffix, +[](A a, A b) { return V{TrimSet<Units>(View(a), View(b), false, true)}; });
}

template <typename Units>
void AddParts(OwnFunctions& f, const std::string& suffix) {
  using A = typename Units::Argument;
  AddFunction(
      f, "bq_substr" + suffix, +[](A a, int64_t position, int64_t length) {
        return As<Units>(Substring<Units>(View(a), position, length));
      });
  AddFunction(
      f, "bq_left" + suffix, +[](A a, int64_t length) { return As<Units>(Left<Units>(View(a), length)); });
  AddFunction(
      f, "bq_right" + suffix, +[](A a, int64_t length) { return As<Units>(Right<Units>(View(a), length)); });
  AddFunction(
      f, "bq_split" + suffix, +[](A a, A b) { return Split<Units>(View(a), View(b)); });
}

template <typename Units>
void AddChanges(OwnFunctions& f, const std::string& suffix) {
  using A = typename Units::Argument;
  using V = typename Units::Value;
  AddFunction(
      f, "bq_lpad" + suffix,
      +[](A a, int64_t length, A b) { return As<Units>(Pad<Units>(View(a), length, View(b), true)); });
  AddFunction(
      f, "bq_rpad" + suffix,
      +[](A a, int64_t length, A b) { return As<Units>(Pad<Units>(View(a), length, View(b), false)); });
  AddFunction(
      f, "bq_replace" + suffix,
      +[](A a, A from, A to) { return As<Units>(Replace(View(a), View(from), View(to))); });
  AddFunction(
      f, "bq_repeat" + suffix, +[](A a, int64_t count) { return As<Units>(Repeat(View(a), count)); });
  AddFunction(
      f, "bq_reverse" + suffix, +[](A a) { return V{Reverse<Units>(View(a))}; });
  AddFunction(
      f, "bq_translate" + suffix,
      +[](A a, A from, A to) { return As<Units>(Translate<Units>(View(a), View(from), View(to))); });
}

template <typename Units>
void AddSearches(OwnFunctions& f, const std::string& suffix) {
  using A = typename Units::Argument;
  AddFunction(
      f, "bq_starts_with" + suffix, +[](A a, A b) -> bool { return View(a).starts_with(View(b)); });
  AddFunction(
      f, "bq_ends_with" + suffix, +[](A a, A b) -> bool { return View(a).ends_with(View(b)); });
  AddFunction(
      f, "bq_strpos" + suffix, +[](A a, A b) -> int64_t {
        const size_t at = View(a).find(View(b));
        return at == std::string_view::npos ? 0 : Units::Count(View(a).substr(0, at)) + 1;
      });
  AddFunction(
      f, "bq_instr" + suffix, +[](A a, A b, int64_t position, int64_t occurrence) {
        return Instr<Units>(View(a), View(b), position, occurrence);
      });
  AddFunction(
      f, "bq_like" + suffix, +[](A a, A pattern) { return Like<Units>(View(a), View(pattern)); });
  AddFunction(
      f, "bq_edit_distance" + suffix, +[](A a, A b) { return EditDistance<Units>(View(a), View(b)); });
}

template <typename Units>
void AddAll(OwnFunctions& f, const std::string& suffix) {
  AddTrims<Units>(f, suffix);
  AddParts<Units>(f, suffix);
  AddChanges<Units>(f, suffix);
  AddSearches<Units>(f, suffix);
}

}  // namespace

void AddUnitFunctions(OwnFunctions& f) {
  AddAll<CodePoints>(f, "");
  AddAll<SingleBytes>(f, "_bytes");
  // White space is of STRING alone.
  AddFunction(
      f, "bq_trim_space", +[](std::string_view a) { return Trimmed<CodePoints>(a, true, true, IsSpace); });
  AddFunction(
      f, "bq_ltrim_space", +[](std::string_view a) { return Trimmed<CodePoints>(a, true, false, IsSpace); });
  AddFunction(
      f, "bq_rtrim_space", +[](std::string_view a) { return Trimmed<CodePoints>(a, false, true, IsSpace); });
}

}  // namespace bqcdc::emulator::sql
