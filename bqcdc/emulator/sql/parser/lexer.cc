#include "bqcdc/emulator/sql/parser/lexer.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/keywords.h"
#include "bqcdc/emulator/sql/parser/limits.h"
#include "bqcdc/emulator/sql/parser/literal_text.h"
#include "bqcdc/schema/reserved_keywords.h"

namespace bqcdc::emulator::sql {
namespace {

// Literals longer than this are shortened in error texts.
constexpr size_t kLiteralImageBytesMax = 50;

// Longest first.
constexpr auto kSymbols = std::to_array<std::string_view>({
    "<<", ">>", "<=", ">=", "<>", "!=", "==", "||", "|>", "=>", "->", "+=", "-=", "@@",
    "(",  ")",  "[",  "]",  "{",  "}",  ",",  ";",  ".",  ":",  "+",  "-",  "*",  "/",
    "|",  "^",  "&",  "~",  "<",  ">",  "=",  "?",  "@",  "%",  "$",  "!",
});

// White space outside of ASCII that GoogleSQL takes as such.
constexpr auto kUnicodeSpaces = std::to_array<std::string_view>({
    "\xC2\xA0",
    "\xE1\x9A\x80",
    "\xE2\x80\x80",
    "\xE2\x80\x81",
    "\xE2\x80\x82",
    "\xE2\x80\x83",
    "\xE2\x80\x84",
    "\xE2\x80\x85",
    "\xE2\x80\x86",
    "\xE2\x80\x87",
    "\xE2\x80\x88",
    "\xE2\x80\x89",
    "\xE2\x80\x8A",
    "\xE2\x80\xA8",
    "\xE2\x80\xA9",
    "\xE2\x80\xAF",
    "\xE2\x81\x9F",
    "\xE3\x80\x80",
});

bool IsWordStart(char c) { return absl::ascii_isalpha(c) || c == '_'; }
bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Token>> Run() {
    while (true) {
      BQCDC_RETURN_IF_ERROR(SkipSpaceAndComments());
      if (offset() == text_.size()) break;
      BQCDC_RETURN_IF_ERROR(ReadToken());
    }
    Emit(TokenKind::kEnd, 0);
    return std::move(tokens_);
  }

 private:
  size_t offset() const { return static_cast<size_t>(position_.offset); }
  std::string_view Rest() const { return text_.substr(offset()); }
  char At(size_t ahead) const { return offset() + ahead < text_.size() ? text_[offset() + ahead] : '\0'; }

  Position PositionAfter(size_t bytes) const;
  absl::Status SkipSpaceAndComments();
  absl::Status SkipTo(std::string_view end, std::string_view fault);
  absl::Status ReadToken();
  absl::Status ReadNumber();
  absl::Status ReadLiteral(size_t prefix_bytes);
  absl::Status ReadQuotedIdentifier();
  absl::Status ReadSymbol();
  size_t WordBytes() const;
  size_t LiteralPrefixBytes() const;
  bool FollowsName() const;

  Token& Emit(TokenKind kind, size_t bytes) {
    tokens_.push_back({kind, text_.substr(offset(), bytes), position_, ""});
    position_ = PositionAfter(bytes);
    return tokens_.back();
  }

  const std::string_view text_;
  Position position_;
  std::vector<Token> tokens_;
};

Position Lexer::PositionAfter(size_t bytes) const {
  Position position = position_;
  for (size_t i = offset(); i < offset() + bytes; ++i) {
    const char c = text_[i];
    const bool ends_line = c == '\n' || (c == '\r' && (i + 1 >= text_.size() || text_[i + 1] != '\n'));
    if (ends_line) {
      ++position.line;
      position.column = 1;
    } else if (c == '\t') {
      position.column += 8 - (position.column - 1) % 8;
    } else if ((c & 0xC0) != 0x80) {
      ++position.column;
    }
  }
  position.offset += static_cast<int>(bytes);
  return position;
}

// Moves behind the next `end`, or fails with `fault` at the present position.
absl::Status Lexer::SkipTo(std::string_view end, std::string_view fault) {
  const size_t found = text_.find(end, offset() + 2);
  if (found == std::string_view::npos) return SyntaxError(fault, position_);
  position_ = PositionAfter(found + end.size() - offset());
  return absl::OkStatus();
}

absl::Status Lexer::SkipSpaceAndComments() {
  while (offset() < text_.size()) {
    const char c = At(0);
    if (absl::ascii_isspace(c)) {
      position_ = PositionAfter(1);
    } else if (c == '#' || (c == '-' && At(1) == '-')) {
      const size_t end = text_.find_first_of("\r\n", offset());
      position_ = PositionAfter((end == std::string_view::npos ? text_.size() : end) - offset());
    } else if (c == '/' && At(1) == '*') {
      BQCDC_RETURN_IF_ERROR(SkipTo("*/", "Unclosed comment"));
    } else {
      size_t space_bytes = 0;
      for (const std::string_view space : kUnicodeSpaces) {
        if (Rest().starts_with(space)) space_bytes = space.size();
      }
      if (space_bytes == 0) break;
      position_ = PositionAfter(space_bytes);
    }
  }
  return absl::OkStatus();
}

size_t Lexer::WordBytes() const {
  size_t bytes = 0;
  while (IsWordCharacter(At(bytes))) ++bytes;
  return bytes;
}

// Letters before the quote of r'', b'', rb'', br''; npos where no literal begins here.
size_t Lexer::LiteralPrefixBytes() const {
  const auto is_quote = [](char c) { return c == '\'' || c == '"'; };
  const auto letter = [&](size_t i) { return absl::ascii_tolower(At(i)); };
  if (is_quote(At(0))) return 0;
  if ((letter(0) == 'r' || letter(0) == 'b') && is_quote(At(1))) return 1;
  const bool both = (letter(0) == 'r' && letter(1) == 'b') || (letter(0) == 'b' && letter(1) == 'r');
  return both && is_quote(At(2)) ? 2 : std::string_view::npos;
}

// Behind `name.`, any word is a name, and names may begin with a digit.
bool Lexer::FollowsName() const {
  if (tokens_.empty() || tokens_.back().end_offset() != position_.offset) return false;
  const Token& last = tokens_.back();
  switch (last.kind) {
    case TokenKind::kIdentifier:
    case TokenKind::kReserved:
    case TokenKind::kQuotedIdentifier:
      return true;
    case TokenKind::kSymbol:
      return last.image == ")" || last.image == "]";
    default:
      return false;
  }
}

absl::Status Lexer::ReadToken() {
  const char c = At(0);
  if (const size_t prefix = LiteralPrefixBytes(); prefix != std::string_view::npos)
    return ReadLiteral(prefix);
  if (c == '`') return ReadQuotedIdentifier();
  if (IsWordStart(c)) {
    const size_t bytes = WordBytes();
    const bool reserved = schema::IsReservedKeyword(Rest().substr(0, bytes));
    Emit(reserved ? TokenKind::kReserved : TokenKind::kIdentifier, bytes);
    return absl::OkStatus();
  }
  if (c == '.' && IsWordCharacter(At(1)) && FollowsName()) {
    Emit(TokenKind::kSymbol, 1);
    if (LiteralPrefixBytes() == std::string_view::npos) Emit(TokenKind::kIdentifier, WordBytes());
    return absl::OkStatus();
  }
  if (absl::ascii_isdigit(c) || (c == '.' && absl::ascii_isdigit(At(1)))) return ReadNumber();
  return ReadSymbol();
}

absl::Status Lexer::ReadNumber() {
  size_t bytes = 0;
  if (At(0) == '0' && (At(1) == 'x' || At(1) == 'X') && absl::ascii_isxdigit(At(2))) {
    bytes = 2;
    while (absl::ascii_isxdigit(At(bytes))) ++bytes;
    Emit(TokenKind::kInteger, bytes);
    return absl::OkStatus();
  }
  bool is_float = false;
  while (absl::ascii_isdigit(At(bytes))) ++bytes;
  if (At(bytes) == '.') {
    is_float = true;
    ++bytes;
    while (absl::ascii_isdigit(At(bytes))) ++bytes;
  }
  if (At(bytes) == 'e' || At(bytes) == 'E') {
    size_t exponent = bytes + 1;
    if (At(exponent) == '+' || At(exponent) == '-') ++exponent;
    if (absl::ascii_isdigit(At(exponent))) {
      is_float = true;
      bytes = exponent;
      while (absl::ascii_isdigit(At(bytes))) ++bytes;
    }
  }
  Emit(is_float ? TokenKind::kFloat : TokenKind::kInteger, bytes);
  return absl::OkStatus();
}

absl::Status Lexer::ReadLiteral(size_t prefix_bytes) {
  bool raw = false;
  bool bytes = false;
  for (size_t i = 0; i < prefix_bytes; ++i) {
    (absl::ascii_tolower(At(i)) == 'r' ? raw : bytes) = true;
  }
  const char quote = At(prefix_bytes);
  const bool triple = At(prefix_bytes + 1) == quote && At(prefix_bytes + 2) == quote;
  const std::string closing(triple ? 3 : 1, quote);
  const size_t body_start = prefix_bytes + closing.size();
  size_t end = body_start;
  while (offset() + end < text_.size() && !Rest().substr(end).starts_with(closing)) {
    if (!triple && (At(end) == '\n' || At(end) == '\r')) break;
    end += At(end) == '\\' && offset() + end + 1 < text_.size() ? 2 : 1;
  }
  if (!Rest().substr(std::min(end, Rest().size())).starts_with(closing)) {
    return SyntaxError(base::StrCat("Unclosed ", triple ? "triple-quoted " : "", raw ? "raw " : "",
                                    bytes ? "bytes" : "string", " literal"),
                       position_);
  }
  std::string value;
  const LiteralFault fault = UnescapeLiteral(Rest().substr(body_start, end - body_start), raw, bytes, value);
  if (!fault.message.empty()) return SyntaxError(fault.message, PositionAfter(body_start + fault.offset));
  Emit(bytes ? TokenKind::kBytes : TokenKind::kString, end + closing.size()).value = std::move(value);
  return absl::OkStatus();
}

absl::Status Lexer::ReadQuotedIdentifier() {
  size_t end = 1;
  while (offset() + end < text_.size() && At(end) != '`' && At(end) != '\n' && At(end) != '\r') {
    end += At(end) == '\\' && offset() + end + 1 < text_.size() ? 2 : 1;
  }
  if (At(end) != '`') return SyntaxError("Unclosed identifier literal", position_);
  if (end == 1) return SyntaxError("Invalid empty identifier", position_);
  std::string value;
  const LiteralFault fault =
      UnescapeLiteral(Rest().substr(1, end - 1), /*raw=*/false, /*bytes=*/false, value);
  if (!fault.message.empty()) return SyntaxError(fault.message, PositionAfter(1 + fault.offset));
  Emit(TokenKind::kQuotedIdentifier, end + 1).value = std::move(value);
  return absl::OkStatus();
}

absl::Status Lexer::ReadSymbol() {
  for (const std::string_view symbol : kSymbols) {
    if (!Rest().starts_with(symbol)) continue;
    Emit(TokenKind::kSymbol, symbol.size());
    return absl::OkStatus();
  }
  return SyntaxError(
      base::StrCat("Illegal input character \"", absl::CEscape(std::string(Rest().substr(0, 1))), "\""),
      position_);
}

std::string ShortenedLiteral(std::string_view image) {
  std::string text = absl::StrReplaceAll(base::ToAbsl(image), {{"\r", "\\r"}, {"\n", "\\n"}});
  if (text.size() <= kLiteralImageBytesMax) return text;
  size_t kept = kLiteralImageBytesMax - 1;
  while (kept > 0 && (text[kept] & 0xC0) == 0x80) --kept;
  return base::StrCat(text.substr(0, kept), "...", text.substr(text.size() - 1));
}

}  // namespace

absl::Status SyntaxError(std::string_view message, const Position& position) {
  return base::InvalidArgument("Syntax error: ", message, " at ", FormatPosition(position));
}

std::string DescribeToken(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "end of script";
    case TokenKind::kReserved:
      return base::StrCat("keyword ", absl::AsciiStrToUpper(std::string(token.image)));
    case TokenKind::kIdentifier:
      if (IsNonReservedKeyword(token.image))
        return base::StrCat("keyword ", absl::AsciiStrToUpper(std::string(token.image)));
      return base::StrCat("identifier \"", token.image, "\"");
    case TokenKind::kQuotedIdentifier:
      return base::StrCat("identifier ", token.image);
    case TokenKind::kInteger:
      return base::StrCat("integer literal \"", token.image, "\"");
    case TokenKind::kFloat:
      return base::StrCat("floating point literal \"", token.image, "\"");
    case TokenKind::kString:
      return base::StrCat("string literal ", ShortenedLiteral(token.image));
    case TokenKind::kBytes:
      return base::StrCat("bytes literal ", ShortenedLiteral(token.image));
    case TokenKind::kSymbol:
      return base::StrCat("\"", token.image, "\"");
  }
  return "";
}

absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text) {
  if (text.size() > kTextBytesMax) {
    return absl::InvalidArgumentError(
        "The query is too large. The maximum standard SQL query length is 1024.00K characters, including "
        "comments and "
        "white space characters.");
  }
  return Lexer(text).Run();
}

}  // namespace bqcdc::emulator::sql
