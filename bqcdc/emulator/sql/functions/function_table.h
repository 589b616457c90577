#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bqcdc/emulator/sql/types/type.h"

// What GoogleSQL's functions and operators take, give, and become in DuckDB. What is not in this table is
// refused.
namespace bqcdc::emulator::sql {

enum class FunctionMode {
  kScalar,
  kAggregate,  // with OVER also a window function
  kWindow,     // with OVER only
};

// What a parameter takes.
enum class ParameterKind {
  kType,      // `type`
  kTemplate,  // T, U: one type for all parameters with the letter. E: one that supports =. O: one that can be
              // sorted. R: one that a RANGE is made of
  kArrayTemplate,       // ARRAY<T>
  kRangeTemplate,       // RANGE<R>
  kRangeArrayTemplate,  // ARRAY<RANGE<R>>, as a result
  kAny,                 // any type, on its own
  kDatePart,            // a name such as DAY; becomes a STRING literal
  kIntervalParts,       // INTERVAL n DAY; becomes two arguments, INT64 and the part as a STRING literal
};

struct FunctionParameter {
  ParameterKind kind = ParameterKind::kType;
  Type type;
  char letter = 'T';
  bool optional = false;
  bool repeated = false;  // zero or more times; the last parameter
};

struct FunctionSignature {
  std::string name;
  FunctionMode mode = FunctionMode::kScalar;
  std::vector<FunctionParameter> parameters;
  FunctionParameter result;  // kType or a template
  // DuckDB's form. `$1` is an argument, `$*` all of them with commas, `{$3|x}` an argument or x where it was
  // left out. `f!(` is a function of ours whose twin f_safe gives NULL for an error. `@name` is built by the
  // generator's function of that name. For aggregates `[f(#$1)]` is the call that takes DISTINCT (at #),
  // ORDER BY, FILTER and OVER.
  std::string form;
  // Parameters and result as they are written in the table, for error texts and the documentation.
  std::string text;
  std::string result_text;
  // Known, so that a call is refused by name rather than matched to another signature.
  bool is_refused = false;
};

// All signatures of `name` (upper case) in the order of preference; empty where there is no such function.
const std::vector<FunctionSignature>& FindFunction(std::string_view name);
// Whether each call gives another value.
bool IsVolatile(const FunctionSignature& signature);
// What a query can call by name, sorted: everything but operators.
std::vector<std::string> FunctionNames();

}  // namespace bqcdc::emulator::sql
