// UNION, INTERSECT and EXCEPT, by position and by name
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#set_operators).

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

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
    if (!operation.modifier) BQCDC_RETURN_IF_ERROR(CheckColumnCount(operation, name, inputs));
  }
  if (operation.modifier) BQCDC_RETURN_IF_ERROR(MatchByName(operation, name, inputs));
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

enum class NameMatching { kStrict, kInner, kLeft, kFull };

std::optional<NameMatching> NameMatchingOf(const std::string& modifier) {
  if (modifier == "BY NAME") return NameMatching::kStrict;
  if (modifier == "INNER BY NAME") return NameMatching::kInner;
  if (modifier == "LEFT BY NAME" || modifier == "LEFT OUTER BY NAME") return NameMatching::kLeft;
  if (modifier == "FULL BY NAME" || modifier == "FULL OUTER BY NAME") return NameMatching::kFull;
  return std::nullopt;
}

bool SameName(const std::string& a, const std::string& b) {
  return absl::AsciiStrToLower(a) == absl::AsciiStrToLower(b);
}

const OutputColumn* FindOutput(const std::vector<OutputColumn>& outputs, const std::string& name) {
  for (const OutputColumn& output : outputs) {
    if (SameName(output.name, name)) return &output;
  }
  return nullptr;
}

}  // namespace

// Brings the inputs to the same columns in the same order; what one has not is NULL.
absl::Status Analyzer::MatchByName(const SetOperation& operation, const std::string& name,
                                   std::vector<QueryResult>& inputs) {
  const Position& position = operation.modifier->position;
  const std::optional<NameMatching> matching = NameMatchingOf(operation.modifier->text);
  if (!matching) return Unsupported(position, operation.modifier->text);
  std::vector<std::string> names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::set<std::string> seen;
    for (const OutputColumn& output : inputs[i].outputs) {
      if (output.name.empty() || !seen.insert(absl::AsciiStrToLower(output.name)).second) {
        return ErrorAt(operation.inputs[i]->position, "Columns of queries in ", name,
                       " BY NAME must have names that differ");
      }
      const bool known = std::any_of(names.begin(), names.end(),
                                     [&](const std::string& other) { return SameName(other, output.name); });
      if (i == 0 || (!known && *matching == NameMatching::kFull)) names.push_back(output.name);
    }
  }
  if (*matching == NameMatching::kInner) {
    std::erase_if(names, [&](const std::string& column) {
      return std::any_of(inputs.begin(), inputs.end(), [&](const QueryResult& input) {
        return FindOutput(input.outputs, column) == nullptr;
      });
    });
    if (names.empty()) return ErrorAt(position, "Queries in ", name, " BY NAME have no column in common");
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    QueryResult& input = inputs[i];
    std::vector<OutputColumn> outputs;
    for (const std::string& column : names) {
      if (const OutputColumn* found = FindOutput(input.outputs, column)) {
        outputs.push_back(*found);
        continue;
      }
      if (*matching == NameMatching::kStrict) {
        return ErrorAt(operation.inputs[i]->position, "Query ", i + 1, " in ", name,
                       " BY NAME has no column named ", column);
      }
      outputs.push_back(AddNull(column, input));
    }
    if (*matching == NameMatching::kStrict && outputs.size() != input.outputs.size()) {
      return ErrorAt(operation.inputs[i]->position, "Query ", i + 1, " in ", name,
                     " BY NAME has columns that query 1 does not have");
    }
    input.outputs = std::move(outputs);
  }
  return absl::OkStatus();
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
  const OutputColumn output{name, NewColumn(), TypeKind::kInt64};
  project.columns.push_back({output.id, output.type});
  project.computed.push_back({output.id, std::move(null)});
  return output;
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
    for (const QueryResult& input : inputs) types.push_back(OutputArgument(input, column));
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
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr converted, ConvertOutput(input, column, type));
      const ColumnId id = NewColumn();
      made.outputs.push_back(id);
      project->columns.push_back({id, type});
      project->computed.push_back({id, std::move(converted)});
    }
    project->input = std::move(input.scan);
    made.scan = std::move(project);
    scan->inputs.push_back(std::move(made));
  }
  result.scan = std::move(scan);
  return result;
}

// A column that is a literal in a plain SELECT takes part in overload resolution as a literal.
ArgumentType Analyzer::OutputArgument(const QueryResult& input, size_t column) {
  const OutputColumn& output = input.outputs[column];
  if (input.scan->kind == ScanKind::kProject) {
    for (const ComputedColumn& computed : static_cast<const ProjectScan&>(*input.scan).computed) {
      if (computed.id == output.id) return ArgumentOf(*computed.expression);
    }
  }
  return {output.type};
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::ConvertOutput(QueryResult& input, size_t column,
                                                              const Type& type) {
  const OutputColumn& output = input.outputs[column];
  const ArgumentType argument = OutputArgument(input, column);
  if (argument.is_untyped || argument.is_literal) {
    for (ComputedColumn& computed : static_cast<ProjectScan&>(*input.scan).computed) {
      if (computed.id != output.id) continue;
      // The literal moves up; a NULL of its old type stays below, unused.
      ResolvedExpressionPtr literal = std::move(computed.expression);
      computed.expression = std::make_unique<ResolvedLiteral>(Value::Null(output.type));
      return Coerce(std::move(literal), type);
    }
  }
  return Coerce(std::make_unique<ResolvedColumn>(output.id, output.type), type);
}

}  // namespace bqcdc::emulator::sql
