#include "bqcdc/emulator/sql/parser/token_stream.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/parser/lexer.h"

namespace bqcdc::emulator::sql {

const Token& TokenStream::Peek(size_t ahead) const {
  return tokens_[std::min(next_ + ahead, tokens_.size() - 1)];
}

const Token& TokenStream::Take() {
  const Token& token = Peek();
  if (next_ + 1 < tokens_.size()) ++next_;
  return token;
}

bool TokenStream::IsSymbol(std::string_view symbol, size_t ahead) const {
  const Token& token = Peek(ahead);
  return token.kind == TokenKind::kSymbol && token.image == symbol;
}

bool TokenStream::IsWord(std::string_view word, size_t ahead) const {
  const Token& token = Peek(ahead);
  if (token.kind != TokenKind::kIdentifier && token.kind != TokenKind::kReserved) return false;
  return absl::EqualsIgnoreCase(base::ToAbsl(token.image), base::ToAbsl(word));
}

bool TokenStream::IsWords(std::initializer_list<std::string_view> words) const {
  size_t ahead = 0;
  for (const std::string_view word : words) {
    if (!IsWord(word, ahead++)) return false;
  }
  return true;
}

bool TokenStream::IsName(size_t ahead) const {
  const TokenKind kind = Peek(ahead).kind;
  return kind == TokenKind::kIdentifier || kind == TokenKind::kQuotedIdentifier;
}

bool TokenStream::IsAdjacent(size_t ahead) const {
  const size_t index = next_ + ahead;
  return index > 0 && index < tokens_.size() &&
         tokens_[index - 1].end_offset() == tokens_[index].position.offset;
}

bool TokenStream::TakeSymbol(std::string_view symbol) {
  if (!IsSymbol(symbol)) return false;
  Take();
  return true;
}

bool TokenStream::TakeWord(std::string_view word) {
  if (!IsWord(word)) return false;
  Take();
  return true;
}

bool TokenStream::TakeWords(std::initializer_list<std::string_view> words) {
  if (!IsWords(words)) return false;
  for (size_t i = 0; i < words.size(); ++i) Take();
  return true;
}

absl::Status TokenStream::ExpectSymbol(std::string_view symbol) {
  if (TakeSymbol(symbol)) return absl::OkStatus();
  return Expected(base::StrCat("\"", symbol, "\""));
}

absl::Status TokenStream::ExpectWord(std::string_view word) {
  if (TakeWord(word)) return absl::OkStatus();
  return Expected(base::StrCat("keyword ", word));
}

absl::Status TokenStream::ExpectWords(std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) BQCDC_RETURN_IF_ERROR(ExpectWord(word));
  return absl::OkStatus();
}

absl::Status TokenStream::ExpectClosingAngle() {
  if (IsSymbol(">>")) {
    Token& token = tokens_[next_];
    token.image.remove_prefix(1);
    ++token.position.column;
    ++token.position.offset;
    return absl::OkStatus();
  }
  return ExpectSymbol(">");
}

absl::Status TokenStream::Unexpected() const {
  if (IsWord("OVER")) return SyntaxError("OVER keyword must follow a function call", position());
  return SyntaxError(base::StrCat("Unexpected ", DescribeToken(Peek())), position());
}

absl::Status TokenStream::Expected(std::string_view what) const {
  if (IsWord("OVER")) return Unexpected();
  return SyntaxError(base::StrCat("Expected ", what, " but got ", DescribeToken(Peek())), position());
}

void TokenStream::SkipToOffset(int offset) {
  while (!AtEnd() && position().offset < offset) Take();
}

}  // namespace bqcdc::emulator::sql
