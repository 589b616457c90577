// Arguments that are given by name, `create_if_missing => FALSE`. A function that takes such has a second one
// in the function table, whose first parameters are these.

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {
namespace {

struct NamedParameter {
  const char* name;
  bool absent;  // its value where it is left out
};

struct NamedParameters {
  const char* function;
  const char* with_them;  // the function in the table
  std::vector<NamedParameter> parameters;
};

const NamedParameters* FindNamedParameters(const std::string& function) {
  static const std::vector<NamedParameters>* const all = new std::vector<NamedParameters>{
      {"JSON_SET", "$json_set", {{"CREATE_IF_MISSING", true}}},
      {"JSON_ARRAY_APPEND", "$json_array_append", {{"APPEND_EACH_ELEMENT", true}}},
      {"JSON_ARRAY_INSERT", "$json_array_insert", {{"INSERT_EACH_ELEMENT", true}}},
      {"JSON_STRIP_NULLS", "$json_strip_nulls", {{"INCLUDE_ARRAYS", true}, {"REMOVE_EMPTY", false}}},
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
  if (named != nullptr) arguments.resize(named->parameters.size());
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
    if (arguments[place] != nullptr || argument.value == nullptr)
      return ErrorAt(argument.position, "Duplicate named argument ", argument.name->text,
                     " found in call to function ", name);
    BQCDC_ASSIGN_OR_RETURN(arguments[place], Analyze(*argument.value, context));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == nullptr)
      arguments[i] = std::make_unique<ResolvedLiteral>(Value::Bool(named->parameters[i].absent));
  }
  return std::string(named->with_them);
}

}  // namespace bqcdc::emulator::sql
