#pragma once

#include <string>

namespace bqcdc::emulator::sql {

// Where a node or token begins in the statement text.
//
// `line` and `column` count from 1, as the service prints them: `[line:column]`. A column is a Unicode code
// point; a tab advances to the next multiple of eight, plus one. `offset` counts bytes from 0, for cutting
// the text.
struct Position {
  int line = 1;
  int column = 1;
  int offset = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

// "[line:column]", the form of the service's error texts.
std::string FormatPosition(const Position& position);

// One name as written, without its backquotes.
struct Identifier {
  std::string text;
  Position position;
  // Written in backquotes; such a name is never a keyword, a date part or a built-in type.
  bool quoted = false;
};

}  // namespace bqcdc::emulator::sql
