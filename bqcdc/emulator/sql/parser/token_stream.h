#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/emulator/sql/parser/token.h"

namespace bqcdc::emulator::sql {

// A cursor over tokens. `Is...` look, `Take...` move on if they find what they look for, `Expect...` fail if
// they do not. Words are compared without regard to case; a backquoted identifier is never a word. Not
// thread-safe.
class TokenStream {
 public:
  // REQUIRES: the last token is kEnd.
  explicit TokenStream(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  // The last token is repeated for ever.
  const Token& Peek(size_t ahead = 0) const;
  const Token& Take();
  const Position& position() const { return Peek().position; }
  // Offset behind the token before the cursor; 0 at the start.
  int taken_end_offset() const { return next_ == 0 ? 0 : tokens_[next_ - 1].end_offset(); }

  bool AtEnd() const { return Peek().kind == TokenKind::kEnd; }
  bool IsSymbol(std::string_view symbol, size_t ahead = 0) const;
  bool IsWord(std::string_view word, size_t ahead = 0) const;
  bool IsWords(std::initializer_list<std::string_view> words) const;
  // A name that needs no backquotes, or has them.
  bool IsName(size_t ahead = 0) const;
  // True if nothing stands between token `ahead` and the one before it.
  bool IsAdjacent(size_t ahead) const;

  bool TakeSymbol(std::string_view symbol);
  bool TakeWord(std::string_view word);
  // All or none.
  bool TakeWords(std::initializer_list<std::string_view> words);

  absl::Status ExpectSymbol(std::string_view symbol);
  absl::Status ExpectWord(std::string_view word);
  absl::Status ExpectWords(std::initializer_list<std::string_view> words);
  // The `>` that closes ARRAY<...>; takes half of `>>`.
  absl::Status ExpectClosingAngle();

  // Syntax errors at the cursor: "Unexpected <token>", "Expected <what> but got <token>".
  absl::Status Unexpected() const;
  absl::Status Expected(std::string_view what) const;

  // Moves the cursor to the first token at or behind `offset`.
  void SkipToOffset(int offset);

 private:
  std::vector<Token> tokens_;
  size_t next_ = 0;
};

}  // namespace bqcdc::emulator::sql
