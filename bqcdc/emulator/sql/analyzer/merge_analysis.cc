// MERGE: one outer join of the target and the source, and for each of its rows the first WHEN clause that
// applies.

#include <set>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/engine/row_changes.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/partition_filter.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

using engine::RowChange;

// Which sides of the join are kept where they have no partner.
ResolvedJoinType JoinOf(const std::vector<MergeClause>& clauses) {
  bool targets = false, sources = false;
  for (const MergeClause& clause : clauses) {
    targets |= clause.match == MergeMatch::kNotMatchedBySource;
    sources |= clause.match == MergeMatch::kNotMatchedByTarget;
  }
  if (targets && sources) return ResolvedJoinType::kFull;
  if (targets) return ResolvedJoinType::kLeft;
  return sources ? ResolvedJoinType::kRight : ResolvedJoinType::kInner;
}

absl::Status CheckAction(const MergeClause& clause) {
  const bool inserts =
      clause.action == MergeActionKind::kInsert || clause.action == MergeActionKind::kInsertRow;
  if (clause.match != MergeMatch::kNotMatchedByTarget) {
    if (!inserts) return absl::OkStatus();
    return ErrorAt(clause.action_position, "INSERT is only allowed for NOT MATCHED BY TARGET clause");
  }
  if (inserts) return absl::OkStatus();
  return ErrorAt(clause.action_position, clause.action == MergeActionKind::kUpdate ? "UPDATE" : "DELETE",
                 " is not allowed for NOT MATCHED BY TARGET clause");
}

RowChange ChangeOf(MergeActionKind action) {
  switch (action) {
    case MergeActionKind::kInsert:
    case MergeActionKind::kInsertRow:
      return RowChange::kInsert;
    case MergeActionKind::kUpdate:
      return RowChange::kUpdate;
    case MergeActionKind::kDelete:
      return RowChange::kDelete;
  }
  return RowChange::kDelete;
}

}  // namespace

absl::StatusOr<std::vector<ResolvedExpressionPtr>> Analyzer::AnalyzeMergeInsert(const MergeClause& clause,
                                                                                const ChangedTable& target,
                                                                                const NameList& source) {
  const std::vector<schema::Column>& columns = target.table.schema.columns;
  std::vector<std::optional<size_t>> given(columns.size());  // which value, of those that are given
  for (size_t i = 0; i < clause.columns.size(); ++i) {
    const Identifier& name = clause.columns[i];
    const std::optional<size_t> index = target.table.schema.FindColumnIndex(name.text);
    if (!index) {
      return ErrorAt(name.position, "Column ", name.text, " is not present in target table ",
                     target.table.id.ToString());
    }
    if (given[*index]) {
      return ErrorAt(name.position, "MERGE has INSERT operation with duplicated column names: ", name.text);
    }
    given[*index] = i;
  }
  if (clause.columns.empty()) {
    for (size_t i = 0; i < columns.size(); ++i) given[i] = i;
  }
  const bool row = clause.action == MergeActionKind::kInsertRow;
  std::vector<const NamedColumn*> source_columns;
  for (const NamedColumn& column : source.columns) {
    if (!column.hidden) source_columns.push_back(&column);
  }
  const size_t has = row ? source_columns.size() : clause.values.values.size();
  const size_t expected = clause.columns.empty() ? columns.size() : clause.columns.size();
  if (has != expected) {
    return ErrorAt(clause.values.position, "Inserted row has wrong column count; Has ", has, ", expected ",
                   expected);
  }
  const Scope scope{&source, nullptr};
  std::vector<ResolvedExpressionPtr> values;
  for (size_t i = 0; i < columns.size(); ++i) {
    ResolvedExpressionPtr value;
    if (!given[i] || (!row && clause.values.values[*given[i]]->kind == ExpressionKind::kDefault)) {
      BQCDC_ASSIGN_OR_RETURN(value, AnalyzeDefault(columns[i]));
    } else {
      if (row) {
        value = source_columns[*given[i]]->Reference();
        value->position = clause.values.position;
      } else {
        Context context;
        context.scope = &scope;
        context.clause = "INSERT VALUES";
        BQCDC_ASSIGN_OR_RETURN(value, Analyze(*clause.values.values[*given[i]], context));
      }
      BQCDC_ASSIGN_OR_RETURN(value, CoerceForAssignment(std::move(value), TypeOfColumn(columns[i]),
                                                        base::StrCat("column ", columns[i].name)));
    }
    values.push_back(std::move(value));
  }
  return values;
}

absl::StatusOr<Analyzer::MergeBranch> Analyzer::AnalyzeMergeClause(const MergeClause& clause,
                                                                   const MergeSides& sides) {
  BQCDC_RETURN_IF_ERROR(CheckAction(clause));
  std::vector<ResolvedExpressionPtr> conditions;
  const auto add_side = [&](ColumnId id, const Type& type, bool there) -> absl::Status {
    ResolvedExpressionPtr condition;
    BQCDC_ASSIGN_OR_RETURN(condition,
                           IsThere(std::make_unique<ResolvedColumn>(id, type), there, clause.position));
    conditions.push_back(std::move(condition));
    return absl::OkStatus();
  };
  const NameList* names = &sides.both;
  if (clause.match == MergeMatch::kNotMatchedByTarget) {
    names = &sides.source;
    BQCDC_RETURN_IF_ERROR(add_side(sides.target.row, TypeKind::kInt64, false));
  } else if (clause.match == MergeMatch::kNotMatchedBySource) {
    names = &sides.target.from.names;
    BQCDC_RETURN_IF_ERROR(add_side(sides.source_present, TypeKind::kBool, false));
  } else {
    BQCDC_RETURN_IF_ERROR(add_side(sides.target.row, TypeKind::kInt64, true));
    BQCDC_RETURN_IF_ERROR(add_side(sides.source_present, TypeKind::kBool, true));
  }
  const Scope scope{names, nullptr};
  if (clause.condition) {
    conditions.emplace_back();
    BQCDC_ASSIGN_OR_RETURN(conditions.back(), AnalyzeCondition(*clause.condition, scope, "match condition"));
  }
  MergeBranch branch;
  branch.action = clause.action;
  if (conditions.size() == 1) {
    branch.condition = std::move(conditions[0]);
  } else {
    BQCDC_ASSIGN_OR_RETURN(branch.condition, Call("$and", std::move(conditions), clause.position));
  }
  const RowChange change = ChangeOf(clause.action);
  if (change == RowChange::kInsert) {
    BQCDC_ASSIGN_OR_RETURN(branch.values, AnalyzeMergeInsert(clause, sides.target, sides.source));
  } else if (change == RowChange::kUpdate) {
    BQCDC_ASSIGN_OR_RETURN(branch.values, AnalyzeAssignments(clause.items, sides.target, scope));
  }
  return branch;
}

absl::StatusOr<ResolvedExpressionPtr> Analyzer::ByClause(ColumnId clause, const Type& type,
                                                         std::vector<ResolvedExpressionPtr> values) {
  auto chosen = std::make_unique<ResolvedCase>(type);
  chosen->otherwise = std::make_unique<ResolvedLiteral>(Value::Null(type));
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] == nullptr) continue;
    std::vector<ResolvedExpressionPtr> operands;
    operands.push_back(std::make_unique<ResolvedColumn>(clause, TypeKind::kInt64));
    operands.push_back(std::make_unique<ResolvedLiteral>(Value::Int64(static_cast<int64_t>(i))));
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr is_clause, Call("$equal", std::move(operands), {}));
    chosen->branches.push_back({std::move(is_clause), std::move(values[i])});
  }
  if (chosen->branches.empty()) return std::move(chosen->otherwise);
  return chosen;
}

bool Analyzer::LooksAtSomePartitions(const std::vector<MergeClause>& clauses, ResolvedExpressionPtr& on,
                                     std::vector<MergeBranch>& branches, const ChangedTable& target) {
  const std::set<ColumnId> partition_columns = PartitionColumnsOf(*target.from.scan);
  bool inserts = false, restricts_matched = true, restricts_unmatched = true;
  for (size_t i = 0; i < clauses.size(); ++i) {
    const bool restricts = RestrictsPartitions(branches[i].condition, partition_columns);
    switch (clauses[i].match) {
      case MergeMatch::kMatched:
        restricts_matched &= restricts;
        break;
      case MergeMatch::kNotMatchedByTarget:
        inserts = true;
        break;
      case MergeMatch::kNotMatchedBySource:
        restricts_unmatched &= restricts;
        break;
    }
  }
  // What is inserted has been looked for in all that may match.
  const auto* constant = on->kind == ResolvedKind::kLiteral ? &Resolved<ResolvedLiteral>(*on).value : nullptr;
  const bool matches_none = constant != nullptr && (constant->is_null || !std::get<bool>(constant->scalar));
  const bool restricts_match = matches_none || RestrictsPartitions(on, partition_columns);
  return (restricts_match || (!inserts && restricts_matched)) && restricts_unmatched;
}

absl::StatusOr<ResolvedQuery> Analyzer::AnalyzeMerge(const MergeStatement& statement) {
  MergeSides sides;
  BQCDC_ASSIGN_OR_RETURN(sides.target, AnalyzeChangedTable(statement.target, statement.alias));
  BQCDC_ASSIGN_OR_RETURN(FromResult source,
                         AnalyzeFrom(*statement.source, nullptr, nullptr, ResolvedJoinType::kCross, nullptr));
  if (const RangeVariable* same = VariableOf(sides.target, source.names)) {
    return ErrorAt(statement.source->position, "Alias ", same->name,
                   " in the source was already defined as the MERGE target");
  }
  sides.both = sides.target.from.names;
  AppendNames(sides.both, source.names);
  sides.source = std::move(source.names);
  sides.source_present = NewColumn();
  const Scope scope{&sides.both, nullptr};
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr on, AnalyzeCondition(*statement.on, scope, "merge condition"));
  std::vector<MergeBranch> branches;
  for (const MergeClause& clause : statement.clauses) {
    BQCDC_ASSIGN_OR_RETURN(MergeBranch branch, AnalyzeMergeClause(clause, sides));
    branches.push_back(std::move(branch));
  }
  if (LooksAtSomePartitions(statement.clauses, on, branches, sides.target)) {
    sides.target.scan->needs_partition_filter = false;
  }
  // A source row may be all NULL, so that it is there is a column of its own.
  ResolvedScanPtr scan = JoinScans(JoinOf(statement.clauses), std::move(sides.target.from.scan),
                                   AddColumn(std::move(source.scan), sides.source_present,
                                             std::make_unique<ResolvedLiteral>(Value::Bool(true))),
                                   std::move(on));

  // Which clause a row goes by: nobody looks at the others' values.
  const ColumnId clause_column = NewColumn();
  auto which = std::make_unique<ResolvedCase>(TypeKind::kInt64);
  which->otherwise = std::make_unique<ResolvedLiteral>(Value::Null(TypeKind::kInt64));
  std::vector<ResolvedExpressionPtr> of_clauses;
  for (MergeBranch& branch : branches) {
    const auto number = static_cast<int64_t>(which->branches.size());
    which->branches.push_back(
        {std::move(branch.condition), std::make_unique<ResolvedLiteral>(Value::Int64(number))});
    of_clauses.push_back(ChangeLiteral(ChangeOf(branch.action)));
  }
  BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr change,
                         ByClause(clause_column, TypeKind::kInt64, std::move(of_clauses)));
  std::vector<ResolvedExpressionPtr> values;
  for (size_t column = 0; column < sides.target.columns.size(); ++column) {
    of_clauses.clear();
    for (MergeBranch& branch : branches) {
      of_clauses.push_back(branch.values.empty() ? nullptr : std::move(branch.values[column]));
    }
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value,
                           ByClause(clause_column, sides.target.columns[column].type, std::move(of_clauses)));
    values.push_back(std::move(value));
  }
  BQCDC_ASSIGN_OR_RETURN(
      ResolvedExpressionPtr some,
      IsThere(std::make_unique<ResolvedColumn>(clause_column, TypeKind::kInt64), true, statement.position));
  return MakeChanges(Filter(AddColumn(std::move(scan), clause_column, std::move(which)), std::move(some)),
                     std::move(change), sides.target, std::move(values));
}

}  // namespace bqcdc::emulator::sql
