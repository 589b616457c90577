// UNION, INTERSECT and EXCEPT, by position and by name
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#set_operators).

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/parser/literal_text.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<Analyzer::QueryResult> Analyzer::AnalyzeSetOperation(const SetOperation& operation,
                                                                    const Scope* outer) {
  static constexpr const char* kNames[] = {"UNION", "INTERSECT", "EXCEPT"};
  const std::string name =
      base::StrCat(kNames[static_cast<int>(operation.op)], operation.distinct ? " DISTINCT" : " ALL");
  if (!operation.distinct && operation.op != SetOperator::kUnion) {
    return Unsupported(operation.position, name);
  }
  std::vector<QueryResult> inputs;
  for (const QueryExpressionPtr& input : operation.inputs) {
    BQCDC_ASSIGN_OR_RETURN(QueryResult result, AnalyzeBody(*input, nullptr, outer));
    inputs.push_back(std::move(result));
    if (!operation.by_name) BQCDC_RETURN_IF_ERROR(CheckColumnCount(operation, name, inputs));
  }
  if (operation.by_name) BQCDC_RETURN_IF_ERROR(MatchColumns(operation, inputs));
  return CombineInputs(operation, name, std::move(inputs));
}

// Of the last input so far.
absl::Status Analyzer::CheckColumnCount(const SetOperation& operation, const std::string& name,
                                        const std::vector<QueryResult>& inputs) {
  const size_t wanted = inputs[0].outputs.size(), given = inputs.back().outputs.size();
  if (given == wanted) return absl::OkStatus();
  return ErrorAt(operation.inputs[inputs.size() - 1]->position, "Queries in ", name,
                 " have mismatched column count; query 1 has ", wanted, " columns, query ", inputs.size(),
                 " has ", given, " columns");
}

namespace {

bool SameName(const std::string& a, const std::string& b) { return absl::EqualsIgnoreCase(a, b); }

const OutputColumn* FindOutput(const std::vector<OutputColumn>& outputs, const std::string& name) {
  for (const OutputColumn& output : outputs) {
    if (SameName(output.name, name)) return &output;
  }
  return nullptr;
}

std::string NamesOf(const std::vector<OutputColumn>& outputs) {
  std::string names = "[";
  for (const OutputColumn& output : outputs) {
    base::StrAppend(&names, names.size() == 1 ? "" : ", ", QuoteIdentifier(output.name));
  }
  return names + "]";
}

// How errors call what is between the inputs.
std::string ShortText(const MatchByName& match) { return match.corresponding ? "CORRESPONDING" : "BY NAME"; }
std::string ListText(const MatchByName& match) {
  return match.corresponding ? "CORRESPONDING BY" : "BY NAME ON";
}
std::string FullText(const MatchByName& match) {
  static constexpr const char* kByName[] = {"", "INNER ", "LEFT ", "FULL "};
  static constexpr const char* kCorresponding[] = {"STRICT ", "", "LEFT ", "FULL "};
  const auto mode = static_cast<size_t>(match.matching);
  return (match.corresponding ? kCorresponding[mode] : kByName[mode]) + ShortText(match);
}

}  // namespace

// Brings the inputs to the same columns in the same order; what one has not is NULL.
absl::Status Analyzer::MatchColumns(const SetOperation& operation, std::vector<QueryResult>& inputs) {
  BQCDC_ASSIGN_OR_RETURN(const std::vector<std::string> names, operation.by_name->columns.empty()
                                                                   ? CommonNames(operation, inputs)
                                                                   : ListedNames(operation, inputs));
  for (QueryResult& input : inputs) {
    std::vector<OutputColumn> outputs;
    for (const std::string& column : names) {
      const OutputColumn* found = FindOutput(input.outputs, column);
      outputs.push_back(found != nullptr ? OutputColumn{column, found->id, found->type}
                                         : AddNull(column, input));
    }
    input.outputs = std::move(outputs);
  }
  return absl::OkStatus();
}

// Of all inputs, as the mode says.
absl::StatusOr<std::vector<std::string>> Analyzer::CommonNames(const SetOperation& operation,
                                                               const std::vector<QueryResult>& inputs) {
  const MatchByName& match = *operation.by_name;
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::set<std::string> seen;
    const std::vector<OutputColumn>& outputs = inputs[i].outputs;
    for (size_t column = 0; column < outputs.size(); ++column) {
      const std::string& name = outputs[column].name;
      if (name.empty()) {
        return ErrorAt(operation.inputs[i]->position,
                       "Anonymous columns are not allowed in set operations when ", ShortText(match),
                       " is used: query ", i + 1, ", column ", column + 1);
      }
      if (!seen.insert(absl::AsciiStrToLower(name)).second) {
        return ErrorAt(operation.inputs[i]->position, "Duplicate columns found when using ", ShortText(match),
                       " in set operations: ", name, " in query ", i + 1);
      }
      const bool known = std::any_of(names.begin(), names.end(),
                                     [&](const std::string& other) { return SameName(other, name); });
      if (i == 0 || (!known && match.matching == NameMatching::kFull)) names.push_back(name);
    }
  }
  const std::vector<OutputColumn>& first = inputs[0].outputs;
  const auto shared = [&](const QueryResult& input) {
    return static_cast<size_t>(std::count_if(first.begin(), first.end(), [&](const OutputColumn& output) {
      return FindOutput(input.outputs, output.name) != nullptr;
    }));
  };
  for (size_t i = 1; i < inputs.size(); ++i) {
    if (match.matching == NameMatching::kStrict &&
        (shared(inputs[i]) != first.size() || inputs[i].outputs.size() != first.size())) {
      return ErrorAt(operation.op_position, FullText(match),
                     " requires all input queries to have identical column names, but query 1 has ",
                     NamesOf(first), " and query ", i + 1, " has ", NamesOf(inputs[i].outputs));
    }
    if (match.matching == NameMatching::kLeft && shared(inputs[i]) == 0) {
      return ErrorAt(operation.op_position, "Query ", i + 1,
                     " of the set operation with LEFT mode does not share any common columns with query 1");
    }
  }
  if (match.matching != NameMatching::kInner) return names;
  std::erase_if(names, [&](const std::string& column) {
    return std::any_of(inputs.begin(), inputs.end(), [&](const QueryResult& input) {
      return FindOutput(input.outputs, column) == nullptr;
    });
  });
  if (names.empty()) {
    return ErrorAt(operation.op_position, "Queries of the set operation using ", ShortText(match),
                   " do not have any columns in common");
  }
  return names;
}

// Those of ON or BY, which have to be where the mode says.
absl::StatusOr<std::vector<std::string>> Analyzer::ListedNames(const SetOperation& operation,
                                                               const std::vector<QueryResult>& inputs) {
  const MatchByName& match = *operation.by_name;
  std::vector<std::string> names;
  std::set<std::string> listed;
  for (const Identifier& column : match.columns) {
    if (!listed.insert(absl::AsciiStrToLower(column.text)).second) {
      return ErrorAt(column.position, "Duplicate identifiers are not allowed in the ", ListText(match),
                     " list: ", column.text);
    }
    names.push_back(column.text);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::set<std::string> seen;
    bool has_others = false;
    for (const OutputColumn& output : inputs[i].outputs) {
      const std::string name = absl::AsciiStrToLower(output.name);
      has_others = has_others || !listed.contains(name);
      if (listed.contains(name) && !seen.insert(name).second) {
        return ErrorAt(operation.inputs[i]->position, "The column name ", output.name, " from the ",
                       ListText(match), " list appears multiple times in query ", i + 1);
      }
    }
    if (match.matching == NameMatching::kStrict && (has_others || seen.size() != listed.size())) {
      const char* list = match.corresponding ? "BY" : "ON";
      return ErrorAt(operation.inputs[i]->position, "Query ", i + 1,
                     " must share the same set of column names as the ", list, " list when using ",
                     FullText(match), " ", list);
    }
  }
  for (const Identifier& column : match.columns) {
    const auto has = [&](const QueryResult& input) {
      return FindOutput(input.outputs, column.text) != nullptr;
    };
    const auto missing = std::find_if_not(inputs.begin(), inputs.end(), has);
    if (match.matching == NameMatching::kInner && missing != inputs.end()) {
      return ErrorAt(column.position, "The column name ", column.text, " from the ", ListText(match),
                     " list does not appear in query ", missing - inputs.begin() + 1, ". All columns in the ",
                     match.corresponding ? "BY" : "ON", " list must appear in each input query unless FULL ",
                     ShortText(match), " or LEFT ", ShortText(match), " is specified");
    }
    if (match.matching == NameMatching::kLeft && !has(inputs[0])) {
      return ErrorAt(column.position, "The column name '", column.text, "' from the LEFT ", ListText(match),
                     " list must appear in query 1");
    }
    if (match.matching == NameMatching::kFull && std::none_of(inputs.begin(), inputs.end(), has)) {
      return ErrorAt(column.position, "The column name ", column.text, " from the ", ListText(match),
                     " list does not appear in any input queries.");
    }
  }
  return names;
}

// A column of NULLs without a type, beside the others of the query.
OutputColumn Analyzer::AddNull(const std::string& name, QueryResult& input) {
  if (input.scan->kind != ScanKind::kProject) {
    auto project = std::make_unique<ProjectScan>();
    project->columns = input.scan->columns;
    project->input = std::move(input.scan);
    input.scan = std::move(project);
  }
  auto& project = static_cast<ProjectScan&>(*input.scan);
  auto null = std::make_unique<ResolvedLiteral>(Value::Null(TypeKind::kInt64));
  null->is_untyped = true;
  return {name, Compute(std::move(null), project), TypeKind::kInt64};
}

absl::StatusOr<Analyzer::QueryResult> Analyzer::CombineInputs(const SetOperation& operation,
                                                              const std::string& name,
                                                              std::vector<QueryResult> inputs) {
  QueryResult result;
  result.is_value_table = std::all_of(inputs.begin(), inputs.end(),
                                      [](const QueryResult& input) { return input.is_value_table; });
  auto scan = std::make_unique<SetOperationScan>();
  scan->op = static_cast<ResolvedSetOperator>(operation.op);
  scan->distinct = operation.distinct;
  for (size_t column = 0; column < inputs[0].outputs.size(); ++column) {
    std::vector<ArgumentType> types;
    for (const QueryResult& input : inputs) {
      types.push_back(OutputArgument(*input.scan, input.outputs[column]));
    }
    std::optional<Type> type = FindSupertype(types);
    if (!type) {
      std::string list;
      for (const ArgumentType& argument : types) {
        base::StrAppend(&list, list.empty() ? "" : ", ", argument.type.ToString());
      }
      return ErrorAt(operation.position, "Column ", column + 1, " in ", name,
                     " has incompatible types: ", list);
    }
    if (operation.distinct && !type->SupportsGrouping()) {
      return ErrorAt(operation.position, "Column ", column + 1, " in ", name,
                     " has type that does not support set "
                     "operation comparisons: ",
                     type->ToString());
    }
    const ColumnId id = NewColumn();
    scan->columns.push_back({id, *type});
    result.outputs.push_back({inputs[0].outputs[column].name, id, *type});
  }
  for (QueryResult& input : inputs) {
    auto project = std::make_unique<ProjectScan>();
    SetOperationScan::Input made;
    for (size_t column = 0; column < input.outputs.size(); ++column) {
      const Type& type = scan->columns[column].type;
      const OutputColumn& output = input.outputs[column];
      if (output.type == type) {
        made.outputs.push_back(output.id);
        project->columns.push_back({output.id, output.type});
        continue;
      }
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr converted, ConvertOutput(*input.scan, output, type));
      made.outputs.push_back(Compute(std::move(converted), *project));
    }
    project->input = std::move(input.scan);
    made.scan = std::move(project);
    scan->inputs.push_back(std::move(made));
  }
  result.scan = std::move(scan);
  return result;
}

ArgumentType Analyzer::OutputArgument(const ResolvedScan& scan, const OutputColumn& output) {
  if (scan.kind == ScanKind::kProject) {
    for (const ComputedColumn& computed : static_cast<const ProjectScan&>(scan).computed) {
      if (computed.id == output.id) return ArgumentOf(*computed.expression);
    }
  }
  return {output.type};
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::ConvertOutput(ResolvedScan& scan, const OutputColumn& output,
                                                              const Type& type) {
  const ArgumentType argument = OutputArgument(scan, output);
  if (argument.is_untyped || argument.is_literal) {
    for (ComputedColumn& computed : static_cast<ProjectScan&>(scan).computed) {
      if (computed.id != output.id) continue;
      ResolvedExpressionPtr literal = std::move(computed.expression);
      computed.expression = std::make_unique<ResolvedLiteral>(Value::Null(output.type));
      return Coerce(std::move(literal), type);
    }
  }
  return Coerce(std::make_unique<ResolvedColumn>(output.id, output.type), type);
}

}  // namespace bqcdc::emulator::sql
