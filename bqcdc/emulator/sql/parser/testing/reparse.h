#pragma once

#include <string>
#include <string_view>

// For tests: parse, write back, parse again. Both trees must give the same text, with parentheses around
// every operator, which shows their shape.

namespace bqcdc::emulator::sql {

// Of a script, an expression, a type: its text with every parenthesis, statements separated by "; ". An error
// gives its message. A second parse that fails or differs gives a text that begins with "REPARSE".
std::string ReparseScript(std::string_view text);
std::string ReparseExpression(std::string_view text);
std::string ReparseType(std::string_view text);

}  // namespace bqcdc::emulator::sql
