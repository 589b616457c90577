// UPDATE, and what SET assigns in it and in MERGE.

#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/engine/row_changes.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

std::string TextOf(const std::vector<Identifier>& path) {
  std::string text;
  for (const Identifier& name : path) base::StrAppend(&text, text.empty() ? "" : ".", name.text);
  return text;
}

// Whether one of the paths leads into the other, or they are the same.
bool Overlap(const std::vector<int>& a, const std::vector<int>& b) {
  return std::equal(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin());
}

}  // namespace

absl::StatusOr<Analyzer::Assignment> Analyzer::AnalyzeAssigned(const UpdateItem& item,
                                                               const ChangedTable& target) {
  PathExpression path;
  path.names = item.column;
  path.position = item.column[0].position;
  const Scope scope{&target.from.names, nullptr};
  Context context;
  context.scope = &scope;
  context.clause = "UPDATE clause";
  BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr part, AnalyzePath(path, context));
  Assignment assignment;
  assignment.text = TextOf(item.column);
  assignment.type = part->type;
  const ResolvedExpression* node = part.get();
  for (; node->kind == ResolvedKind::kGetField; node = Resolved<ResolvedGetField>(*node).operand.get()) {
    assignment.fields.insert(assignment.fields.begin(), Resolved<ResolvedGetField>(*node).index);
  }
  if (node->kind == ResolvedKind::kMakeStruct) {
    return ErrorAt(path.position, "UPDATE ... SET does not support updating the entire row");
  }
  if (node->kind != ResolvedKind::kColumn) {
    return ErrorAt(path.position, "UPDATE ... SET does not support modifying a JSON field");
  }
  assignment.column = Resolved<ResolvedColumn>(*node).id;
  const bool stored = std::any_of(target.columns.begin(), target.columns.end(),
                                  [&](const ScanColumn& column) { return column.id == assignment.column; });
  if (!stored) return Unsupported(path.position, "UPDATE ... SET of pseudo-column ", assignment.text);
  return assignment;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::AnalyzeAssignedValue(const Expression& value,
                                                                     const Assignment& assignment,
                                                                     const ChangedTable& target,
                                                                     const Scope& scope) {
  if (value.kind == ExpressionKind::kDefault) {
    for (size_t i = 0; i < target.columns.size(); ++i) {
      if (target.columns[i].id != assignment.column) continue;
      const schema::Column* part = &target.table.schema.columns[i];
      for (const int field : assignment.fields) part = &part->fields[field];
      return AnalyzeDefault(*part);
    }
  }
  Context context;
  context.scope = &scope;
  context.clause = "UPDATE clause";
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr expression, Analyze(value, context));
  if (FindCoercion(ArgumentOf(*expression), assignment.type) == Coercion::kNone) {
    return ErrorAt(value.position, "Value of type ", expression->type.ToString(), " cannot be assigned to ",
                   assignment.text, ", which has type ", assignment.type.ToString());
  }
  return Coerce(std::move(expression), assignment.type);
}

absl::StatusOr<std::vector<ResolvedExpressionPtr>> Analyzer::AnalyzeAssignments(
    const std::vector<UpdateItem>& items, const ChangedTable& target, const Scope& scope) {
  std::vector<Assignment> assignments;
  for (const UpdateItem& item : items) {
    BQCDC_ASSIGN_OR_RETURN(Assignment assignment, AnalyzeAssigned(item, target));
    for (const Assignment& other : assignments) {
      if (other.column != assignment.column || !Overlap(other.fields, assignment.fields)) continue;
      if (other.fields == assignment.fields) {
        return ErrorAt(item.column[0].position, "Update item ", assignment.text, " assigned more than once");
      }
      return ErrorAt(item.column[0].position, "Update item ", assignment.text, " overlaps with ", other.text);
    }
    BQCDC_ASSIGN_OR_RETURN(assignment.value, AnalyzeAssignedValue(*item.value, assignment, target, scope));
    assignments.push_back(std::move(assignment));
  }
  std::vector<ResolvedExpressionPtr> values;
  for (const ScanColumn& column : target.columns) {
    std::vector<int> path;
    values.push_back(AssignedPart(column, column.type, path, assignments));
  }
  return values;
}

ResolvedExpressionPtr Analyzer::AssignedPart(const ScanColumn& column, const Type& type,
                                             std::vector<int>& path, std::vector<Assignment>& assignments) {
  bool inside = false;
  for (Assignment& assignment : assignments) {
    if (assignment.column != column.id || !Overlap(path, assignment.fields)) continue;
    if (assignment.fields.size() <= path.size()) return std::move(assignment.value);
    inside = true;
  }
  if (inside) {
    auto made = std::make_unique<ResolvedMakeStruct>(type);
    for (size_t i = 0; i < type.fields().size(); ++i) {
      path.push_back(static_cast<int>(i));
      made->fields.push_back(AssignedPart(column, type.fields()[i].type, path, assignments));
      path.pop_back();
    }
    return made;
  }
  ResolvedExpressionPtr old = std::make_unique<ResolvedColumn>(column.id, column.type);
  for (const int field : path) old = std::make_unique<ResolvedGetField>(std::move(old), field);
  return old;
}

absl::StatusOr<ResolvedQuery> Analyzer::AnalyzeUpdate(const UpdateStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(ChangedTable target, AnalyzeChangedTable(statement.table, statement.alias));
  NameList names = target.from.names;
  ResolvedScanPtr scan = std::move(target.from.scan);
  if (statement.from) {
    BQCDC_ASSIGN_OR_RETURN(FromResult from,
                           AnalyzeFrom(*statement.from, nullptr, nullptr, ResolvedJoinType::kCross, nullptr));
    if (const RangeVariable* same = VariableOf(target, from.names)) {
      return ErrorAt(statement.from->position, "Alias ", same->name,
                     " in the FROM clause was already defined as the UPDATE target");
    }
    AppendNames(names, from.names);
    scan = JoinScans(ResolvedJoinType::kCross, std::move(scan), std::move(from.scan), nullptr);
  }
  if (!statement.where) return ErrorAt(statement.position, "UPDATE must have a WHERE clause");
  const Scope scope{&names, nullptr};
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr predicate,
                         AnalyzeCondition(*statement.where, scope, "WHERE clause"));
  BQCDC_ASSIGN_OR_RETURN(std::vector<ResolvedExpressionPtr> values,
                         AnalyzeAssignments(statement.items, target, scope));
  return MakeChanges(Filter(std::move(scan), std::move(predicate)), ChangeLiteral(engine::RowChange::kUpdate),
                     target, std::move(values));
}

}  // namespace bqcdc::emulator::sql
