#pragma once

#include <vector>

namespace bqcdc::emulator::sql {

// One line of the function table, as text: see function_table.h for the language of `form`. In `signature`,
// `[X]` is optional and `X...` repeats; A is any type on its own, T and U are templates, E supports equality,
// O ordering, R can be in a RANGE, PART a date part, INTERVALPARTS `INTERVAL n PART`.
struct FunctionRow {
  const char* name;
  const char* signature;
  const char* form;
};

// The form of what the service has and this server has not, where the arguments would otherwise be coerced to
// those of another signature: a call that fits it best is refused by name.
inline constexpr char kRefusedForm[] = "@refused";

// The parts of the one table, by theme.
const std::vector<FunctionRow>& OperatorRows();
const std::vector<FunctionRow>& MathRows();
const std::vector<FunctionRow>& StringRows();
const std::vector<FunctionRow>& TimeRows();
const std::vector<FunctionRow>& JsonAndArrayRows();
const std::vector<FunctionRow>& RangeAndGeographyRows();
const std::vector<FunctionRow>& AggregateRows();
const std::vector<FunctionRow>& WindowRows();

}  // namespace bqcdc::emulator::sql
