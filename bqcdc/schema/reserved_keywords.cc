#include "bqcdc/schema/reserved_keywords.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace bqcdc::schema {
namespace {

constexpr auto kReserved = std::to_array<std::string_view>({
    "ALL",      "AND",     "ANY",      "ARRAY",     "AS",        "ASC",         "ASSERT_ROWS_MODIFIED",
    "AT",       "BETWEEN", "BY",       "CASE",      "CAST",      "COLLATE",     "CONTAINS",
    "CREATE",   "CROSS",   "CUBE",     "CURRENT",   "DEFAULT",   "DEFINE",      "DESC",
    "DISTINCT", "ELSE",    "END",      "ENUM",      "ESCAPE",    "EXCEPT",      "EXCLUDE",
    "EXISTS",   "EXTRACT", "FALSE",    "FETCH",     "FOLLOWING", "FOR",         "FROM",
    "FULL",     "GROUP",   "GROUPING", "GROUPS",    "HASH",      "HAVING",      "IF",
    "IGNORE",   "IN",      "INNER",    "INTERSECT", "INTERVAL",  "INTO",        "IS",
    "JOIN",     "LATERAL", "LEFT",     "LIKE",      "LIMIT",     "LOOKUP",      "MERGE",
    "NATURAL",  "NEW",     "NO",       "NOT",       "NULL",      "NULLS",       "OF",
    "ON",       "OR",      "ORDER",    "OUTER",     "OVER",      "PARTITION",   "PRECEDING",
    "PROTO",    "QUALIFY", "RANGE",    "RECURSIVE", "RESPECT",   "RIGHT",       "ROLLUP",
    "ROWS",     "SELECT",  "SET",      "SOME",      "STRUCT",    "TABLESAMPLE", "THEN",
    "TO",       "TREAT",   "TRUE",     "UNBOUNDED", "UNION",     "UNNEST",      "USING",
    "WHEN",     "WHERE",   "WINDOW",   "WITH",      "WITHIN",
});

static_assert(std::is_sorted(kReserved.begin(), kReserved.end()));

bool IsWord(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

bool ContainsKeyword(std::span<const std::string_view> sorted, std::string_view word) {
  constexpr std::size_t kKeywordBytesMax = 24;
  char upper[kKeywordBytesMax];
  if (word.size() > sizeof(upper)) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    upper[i] = word[i] >= 'a' && word[i] <= 'z' ? static_cast<char>(word[i] - 'a' + 'A') : word[i];
  }
  return std::binary_search(sorted.begin(), sorted.end(), std::string_view(upper, word.size()));
}

bool IsReservedKeyword(std::string_view word) { return ContainsKeyword(kReserved, word); }

bool NeedsBackquotes(std::string_view name) { return !IsWord(name) || IsReservedKeyword(name); }

}  // namespace bqcdc::schema
