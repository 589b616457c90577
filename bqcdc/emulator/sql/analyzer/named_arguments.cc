// Arguments that are given by name, `create_if_missing => FALSE`. A function whose parameters have nothing
// but names has a second one in the function table, whose first parameters are these.

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {
namespace {

struct NamedParameter {
  const char* name;
  Value absent;  // its value where it is left out
};

struct NamedParameters {
  const char* function;
  const char* with_them;  // the function in the table; itself where they can be given by position, too
  std::vector<NamedParameter> parameters;
};

const NamedParameters* FindNamedParameters(const std::string& function) {
  static const std::vector<NamedParameters>* const all = new std::vector<NamedParameters>{
      {"JSON_SET", "$json_set", {{"CREATE_IF_MISSING", Value::Bool(true)}}},
      {"JSON_ARRAY_APPEND", "$json_array_append", {{"APPEND_EACH_ELEMENT", Value::Bool(true)}}},
      {"JSON_ARRAY_INSERT", "$json_array_insert", {{"INSERT_EACH_ELEMENT", Value::Bool(true)}}},
      {"JSON_STRIP_NULLS",
       "$json_strip_nulls",
       {{"INCLUDE_ARRAYS", Value::Bool(true)}, {"REMOVE_EMPTY", Value::Bool(false)}}},
      {"MAKE_INTERVAL",
       "MAKE_INTERVAL",
       {{"YEAR", Value::Int64(0)},
        {"MONTH", Value::Int64(0)},
        {"DAY", Value::Int64(0)},
        {"HOUR", Value::Int64(0)},
        {"MINUTE", Value::Int64(0)},
        {"SECOND", Value::Int64(0)}}},
  };
  const auto found = std::find_if(all->begin(), all->end(),
                                  [&](const NamedParameters& entry) { return entry.function == function; });
  return found == all->end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<std::string> Analyzer::TakeNamedArguments(const FunctionCall& call, const std::string& name,
                                                         Context& context,
                                                         std::vector<ResolvedExpressionPtr>& arguments) {
  if (std::none_of(call.arguments.begin(), call.arguments.end(),
                   [](const FunctionArgument& argument) { return argument.name.has_value(); })) {
    return name;
  }
  const NamedParameters* named = FindNamedParameters(name);
  // How many parameters with names have got an argument by position.
  const size_t positional = named != nullptr && named->with_them == name ? arguments.size() : 0;
  std::vector<ResolvedExpressionPtr> taken(named == nullptr ? 0 : named->parameters.size());
  bool seen = false;
  for (const FunctionArgument& argument : call.arguments) {
    if (!argument.name) {
      if (seen)
        return ErrorAt(argument.position,
                       "Positional argument is invalid because argument was named before it");
      continue;
    }
    seen = true;
    const std::string upper = absl::AsciiStrToUpper(argument.name->text);
    size_t place = 0;
    while (named != nullptr && place < named->parameters.size() && named->parameters[place].name != upper)
      ++place;
    if (named == nullptr || place == named->parameters.size()) {
      return ErrorAt(argument.position, "Named argument ", argument.name->text,
                     " not found in signature for call to function ", name);
    }
    if (place < positional) {
      return ErrorAt(argument.position, "Named argument `", argument.name->text,
                     "` duplicates positional argument ", place + 1, ", which also provides `",
                     argument.name->text, "`");
    }
    if (taken[place] != nullptr || argument.value == nullptr)
      return ErrorAt(argument.position, "Duplicate named argument ", argument.name->text,
                     " found in call to function ", name);
    BQCDC_ASSIGN_OR_RETURN(taken[place], Analyze(*argument.value, context));
  }
  for (size_t i = positional; i < taken.size(); ++i) {
    if (taken[i] == nullptr) taken[i] = std::make_unique<ResolvedLiteral>(named->parameters[i].absent);
    arguments.insert(arguments.begin() + static_cast<std::ptrdiff_t>(i), std::move(taken[i]));
  }
  return std::string(named->with_them);
}

}  // namespace bqcdc::emulator::sql
