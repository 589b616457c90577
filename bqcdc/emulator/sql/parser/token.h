#pragma once

#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/position.h"

namespace bqcdc::emulator::sql {

enum class TokenKind {
  kEnd,               // behind the last token
  kIdentifier,        // a word that may be a name
  kReserved,          // a reserved word
  kQuotedIdentifier,  // `name`
  kInteger,
  kFloat,
  kString,
  kBytes,
  kSymbol,  // punctuation, one operator each
};

// A lexical element. `image` points into the text that was given to Tokenize().
struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string_view image;
  Position position;
  // Of quoted identifiers, strings and bytes: without quotes, escapes resolved.
  std::string value;

  int end_offset() const { return position.offset + static_cast<int>(image.size()); }
};

// As the service's error texts call it: `identifier "abc"`, `keyword FROM`, `string literal 'x'`, `")"`,
// `end of script`.
std::string DescribeToken(const Token& token);

}  // namespace bqcdc::emulator::sql
