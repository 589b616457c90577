#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "bqcdc/encode/encode_error.h"
#include "bqcdc/encode/padded_line.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace bqcdc::encode {

// The tokens of one line as simdjson's first stage finds them, and a cursor over them. A token is a bracket,
// a colon, a comma, or a string, number or literal; it is known by its first byte. The first stage checks
// UTF-8, that strings end, and that they hold no control characters; the grammar is its reader's business.
//
// simdjson's own On-Demand reader stands on the same stage and costs about a hundred instructions for each
// field, for checks that an encoder makes anyway (docs/adr/0005-json-tokens.md).
//
// Views point into the line. Not thread-safe; keeps its memory from line to line.
class JsonTokens {
 public:
  // A place of the cursor, for this line.
  using Mark = const uint32_t*;

  JsonTokens();
  ~JsonTokens();

  // Finds the tokens of a line; the cursor stands before the first. Errors: kJsonSyntax (also where there is
  // no token), kInvalidUtf8, kLineTooLong where there is no memory for it.
  EncodeError Scan(const PaddedLine& line);
  // Finds the tokens of the first of these lines at once, as many as stand one behind the other in memory and
  // are short: beginning a scan costs as much as two hundred bytes of one. Returns of how many, at least 1.
  // The next lines to be given to Scan() have to be these, and their bytes may not change until then. What is
  // wrong in one of them is told by its own Scan().
  size_t ScanAhead(std::span<const PaddedLine> lines);

  // Forgets what was scanned ahead.
  void DropAhead() { ahead_lines_ = 0; }

  bool done() const { return next_ == end_; }
  // First byte of the last token of the line.
  char last() const { return base_[*(end_ - 1)]; }

  // First byte of the next token; 0 behind the last.
  char Peek() const { return next_ == end_ ? '\0' : base_[*next_]; }
  // The same, moving past it.
  char Take() { return next_ == end_ ? '\0' : base_[*next_++]; }
  // Where the next token begins, or the line ends.
  const char* position() const { return base_ + *next_; }
  // The text of the next token: a string with its quotes, a number, a literal, or one sign. Empty behind the
  // last.
  std::string_view Text() const { return next_ == end_ ? std::string_view() : TextAhead(0); }
  void Skip() { next_ += next_ == end_ ? 0 : 1; }

  // Whether so many tokens follow. Then these may be used for them, counted from 0, without a look at the
  // end: their first bytes, the text of one, and a move over them.
  bool Has(ptrdiff_t count) const { return end_ - next_ >= count; }
  char Ahead(size_t place) const { return base_[next_[place]]; }
  const char* AheadPosition(size_t place) const { return base_ + next_[place]; }
  std::string_view TextAhead(size_t place) const {
    const char* const begin = base_ + next_[place];
    // Behind the last token stands the length, or the next line's first token.
    const char* end = base_ + next_[place + 1];
    while (static_cast<unsigned char>(end[-1]) <= ' ' && IsSpace(end[-1])) --end;
    return {begin, static_cast<size_t>(end - begin)};
  }
  void SkipAhead(size_t count) { next_ += count; }

  // Moves past a whole value, and gives its text where `text` is not null. An array or object is passed by
  // its brackets alone. False where the line ends within it, or where no value begins.
  bool SkipValue(std::string_view* text = nullptr);

  Mark mark() const { return next_; }
  void Return(Mark mark) { next_ = mark; }

 private:
  // Lets the cursor stand before the first token of all that is scanned.
  EncodeError Find(const PaddedLine& text);
  // Moves to the tokens of a line that was scanned ahead; false where it has none.
  bool TakeAhead(const PaddedLine& line);

  static bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
  size_t capacity_ = 0;
  const char* base_ = nullptr;
  const uint32_t* next_ = nullptr;  // offsets of tokens; behind the last one of the next line, or the length
  const uint32_t* end_ = nullptr;
  // Of the lines that were scanned ahead; base_ is where the first of them begins.
  size_t ahead_lines_ = 0;               // that were not taken yet
  const uint32_t* ahead_end_ = nullptr;  // of their tokens; there stands their length
  ptrdiff_t ahead_guess_ = 1;            // tokens of the last line: most lines have as many as the one before
};

}  // namespace bqcdc::encode
