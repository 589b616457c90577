#include "bqcdc/values/range_text.h"

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::values {
namespace {

std::optional<std::string_view> EndOf(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  const absl::string_view word = base::ToAbsl(text);
  if (absl::EqualsIgnoreCase(word, "UNBOUNDED") || absl::EqualsIgnoreCase(word, "NULL")) return std::nullopt;
  return text;
}

}  // namespace

std::optional<RangeText> SplitRange(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ')') return std::nullopt;
  const std::string_view inner = text.substr(1, text.size() - 2);
  const size_t comma = inner.find(',');
  if (comma == std::string_view::npos || inner.find(',', comma + 1) != std::string_view::npos)
    return std::nullopt;
  return RangeText{EndOf(inner.substr(0, comma)), EndOf(inner.substr(comma + 1))};
}

}  // namespace bqcdc::values
