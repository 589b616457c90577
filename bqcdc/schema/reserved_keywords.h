#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace bqcdc::schema {

// Words that cannot be names in GoogleSQL without backquotes
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords). Any case.
bool IsReservedKeyword(std::string_view word);

// Whether GoogleSQL takes `name` in backquotes only: it is reserved, or no word of letters, digits and '_'.
bool NeedsBackquotes(std::string_view name);

// Whether a sorted list of words in capitals has `word`, written in any case.
template <std::size_t N>
bool ContainsKeyword(const std::array<std::string_view, N>& sorted, std::string_view word) {
  constexpr std::size_t kKeywordBytesMax = 24;
  char upper[kKeywordBytesMax];
  if (word.size() > sizeof(upper)) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    upper[i] = word[i] >= 'a' && word[i] <= 'z' ? static_cast<char>(word[i] - 'a' + 'A') : word[i];
  }
  return std::binary_search(sorted.begin(), sorted.end(), std::string_view(upper, word.size()));
}

}  // namespace bqcdc::schema
