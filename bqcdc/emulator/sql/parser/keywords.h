#pragma once

#include <string_view>

namespace bqcdc::emulator::sql {

// Reserved words cannot be names without backquotes
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords). Any case.
bool IsReservedKeyword(std::string_view word);

// Words of the grammar that may also be names. Error texts of the service call them keywords, too. Any case.
bool IsNonReservedKeyword(std::string_view word);

}  // namespace bqcdc::emulator::sql
