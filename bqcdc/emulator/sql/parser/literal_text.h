#pragma once

#include <string>
#include <string_view>

namespace bqcdc::emulator::sql {

// What is wrong inside a quoted literal, and where.
struct LiteralFault {
  std::string message;  // empty: nothing
  int offset = 0;       // bytes into the given text
};

// Resolves the escapes of `body`, the text between the quotes of a string, bytes or identifier literal
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/lexical#escape_sequences), into `value`.
// \ooo and \xhh are code points in strings and single bytes in bytes literals. Line ends become \n. A string
// must be UTF-8.
LiteralFault UnescapeLiteral(std::string_view body, bool raw, bool bytes, std::string& value);

// True if all of `text` is well-formed UTF-8; else `fault_offset` is where it is not.
bool IsWellFormedUtf8(std::string_view text, int& fault_offset);

// text -> "text" and `text`, bytes -> b"...", with escapes, so that UnescapeLiteral gives the argument back.
std::string QuoteString(std::string_view text);
std::string QuoteBytes(std::string_view bytes);
// Backquoted only where needed: not a plain name, or reserved.
std::string QuoteIdentifier(std::string_view text);

}  // namespace bqcdc::emulator::sql
