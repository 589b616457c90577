#include "bqcdc/emulator/sql/functions/function_table.h"

#include <map>

#include "bqcdc/emulator/sql/functions/function_rows.h"

namespace bqcdc::emulator::sql {
namespace {

using Table = std::map<std::string, std::vector<FunctionSignature>, std::less<>>;

constexpr TypeKind kScalarKinds[] = {TypeKind::kBool,    TypeKind::kInt64,      TypeKind::kFloat64,
                                     TypeKind::kNumeric, TypeKind::kBigNumeric, TypeKind::kString,
                                     TypeKind::kBytes,   TypeKind::kDate,       TypeKind::kDatetime,
                                     TypeKind::kTime,    TypeKind::kTimestamp,  TypeKind::kPicoTimestamp,
                                     TypeKind::kJson,    TypeKind::kInterval,   TypeKind::kGeography};

std::string_view Strip(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

FunctionParameter ParseParameter(std::string_view text) {
  FunctionParameter parameter;
  if (text.front() == '[') {
    parameter.optional = true;
    text = text.substr(1, text.size() - 2);
  }
  if (text.size() > 3 && text.substr(text.size() - 3) == "...") {
    parameter.repeated = true;
    text.remove_suffix(3);
  }
  const auto is_letter = [](std::string_view name) {
    return name.size() == 1 && std::string_view("TUEOR").find(name[0]) != std::string_view::npos;
  };
  if (is_letter(text)) {
    parameter.kind = ParameterKind::kTemplate;
    parameter.letter = text[0];
  } else if (text == "RANGE<R>") {
    parameter.kind = ParameterKind::kRangeTemplate;
    parameter.letter = 'R';
  } else if (text == "ARRAY<RANGE<R>>") {
    parameter.kind = ParameterKind::kRangeArrayTemplate;
    parameter.letter = 'R';
  } else if (text == "A") {
    parameter.kind = ParameterKind::kAny;
  } else if (text == "PART") {
    parameter.kind = ParameterKind::kDatePart;
  } else if (text == "INTERVALPARTS") {
    parameter.kind = ParameterKind::kIntervalParts;
  } else {
    const bool array = text.substr(0, 6) == "ARRAY<";
    if (array) text = text.substr(6, text.size() - 7);
    if (array && is_letter(text)) {
      parameter.kind = ParameterKind::kArrayTemplate;
      parameter.letter = text[0];
      return parameter;
    }
    for (const TypeKind kind : kScalarKinds) {
      if (TypeKindName(kind) == text) parameter.type = array ? Type::Array(kind) : Type(kind);
    }
  }
  return parameter;
}

void AddRows(const std::vector<FunctionRow>& rows, FunctionMode mode, Table& table) {
  for (const FunctionRow& row : rows) {
    FunctionSignature signature;
    signature.name = row.name;
    signature.mode = mode;
    signature.form = row.form;
    signature.is_refused = signature.form == kRefusedForm;
    const std::string_view text = row.signature;
    const size_t arrow = text.find("->");
    signature.result = ParseParameter(Strip(text.substr(arrow + 2)));
    signature.result_text = std::string(Strip(text.substr(arrow + 2)));
    std::string_view parameters = Strip(text.substr(0, arrow));
    signature.text = std::string(parameters);
    while (!parameters.empty()) {
      const size_t comma = parameters.find(',');
      signature.parameters.push_back(ParseParameter(Strip(parameters.substr(0, comma))));
      parameters = comma == std::string_view::npos ? "" : Strip(parameters.substr(comma + 1));
    }
    table[row.name].push_back(std::move(signature));
  }
}

const Table& AllFunctions() {
  static const Table* const table = [] {
    auto* result = new Table;
    AddRows(OperatorRows(), FunctionMode::kScalar, *result);
    AddRows(MathRows(), FunctionMode::kScalar, *result);
    AddRows(StringRows(), FunctionMode::kScalar, *result);
    AddRows(TimeRows(), FunctionMode::kScalar, *result);
    AddRows(JsonAndArrayRows(), FunctionMode::kScalar, *result);
    AddRows(RangeAndGeographyRows(), FunctionMode::kScalar, *result);
    AddRows(AggregateRows(), FunctionMode::kAggregate, *result);
    AddRows(WindowRows(), FunctionMode::kWindow, *result);
    return result;
  }();
  return *table;
}

}  // namespace

const std::vector<FunctionSignature>& FindFunction(std::string_view name) {
  static const std::vector<FunctionSignature>* const none = new std::vector<FunctionSignature>;
  const Table& table = AllFunctions();
  const auto found = table.find(name);
  return found == table.end() ? *none : found->second;
}

bool IsVolatile(const FunctionSignature& signature) {
  return signature.name == "RAND" || signature.name == "GENERATE_UUID";
}

std::vector<std::string> FunctionNames() {
  std::vector<std::string> names;
  for (const auto& [name, signatures] : AllFunctions()) {
    if (name[0] != '$') names.push_back(name);
  }
  return names;
}

}  // namespace bqcdc::emulator::sql
