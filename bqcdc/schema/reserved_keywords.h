#pragma once

#include <span>
#include <string_view>

namespace bqcdc::schema {

// Words that cannot be names in GoogleSQL without backquotes
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords). Any case.
bool IsReservedKeyword(std::string_view word);

// Whether GoogleSQL takes `name` in backquotes only: it is reserved, or no word of letters, digits and '_'.
bool NeedsBackquotes(std::string_view name);

// Whether a sorted list of words in capitals has `word`, written in any case.
bool ContainsKeyword(std::span<const std::string_view> sorted, std::string_view word);

}  // namespace bqcdc::schema
