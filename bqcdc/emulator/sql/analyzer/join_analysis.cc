#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {
namespace {

ResolvedJoinType JoinTypeOf(JoinType type) {
  switch (type) {
    case JoinType::kComma:
    case JoinType::kCross:
      return ResolvedJoinType::kCross;
    case JoinType::kInner:
      return ResolvedJoinType::kInner;
    case JoinType::kLeft:
      return ResolvedJoinType::kLeft;
    case JoinType::kRight:
      return ResolvedJoinType::kRight;
    case JoinType::kFull:
      return ResolvedJoinType::kFull;
  }
  return ResolvedJoinType::kCross;
}

}  // namespace

absl::Status Analyzer::JoinUsing(const JoinExpression& join, FromResult& left, FromResult& right,
                                 JoinScan& scan, NameList& names, std::vector<ComputedColumn>& computed) {
  std::set<std::string> merged;
  std::vector<ResolvedExpressionPtr> conditions;
  for (const Identifier& name : join.columns) {
    const auto find = [&](const FromResult& side, const char* which) -> absl::StatusOr<const NamedColumn*> {
      bool ambiguous = false;
      const NamedColumn* column = FindColumn(side.names.columns, name.text, &ambiguous);
      if (ambiguous) {
        return ErrorAt(name.position, "Column ", name.text, " in USING clause is ambiguous on ", which,
                       " side of join");
      }
      if (column == nullptr) {
        return ErrorAt(name.position, "Column ", name.text, " in USING clause not found on ", which,
                       " side of join");
      }
      return column;
    };
    BQCDC_ASSIGN_OR_RETURN(const NamedColumn* from_left, find(left, "left"));
    BQCDC_ASSIGN_OR_RETURN(const NamedColumn* from_right, find(right, "right"));
    std::vector<ResolvedExpressionPtr> operands;
    operands.push_back(from_left->Reference());
    operands.push_back(from_right->Reference());
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr equal, Call("$equal", std::move(operands), name.position));
    conditions.push_back(std::move(equal));
    merged.insert(absl::AsciiStrToLower(name.text));
    NamedColumn column = scan.type == ResolvedJoinType::kRight ? *from_right : *from_left;
    if (scan.type == ResolvedJoinType::kFull) {
      std::vector<ResolvedExpressionPtr> both;
      both.push_back(from_left->Reference());
      both.push_back(from_right->Reference());
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value, Call("COALESCE", std::move(both), name.position));
      column = NamedColumn{from_left->name, NewColumn(), value->type};
      computed.push_back({column.id, std::move(value)});
    }
    names.columns.push_back(column);
  }
  for (FromResult* side : {&left, &right}) {
    for (const NamedColumn& column : side->names.columns) {
      if (!merged.contains(absl::AsciiStrToLower(column.name))) names.columns.push_back(column);
    }
  }
  if (conditions.size() == 1) {
    scan.condition = std::move(conditions[0]);
    return absl::OkStatus();
  }
  BQCDC_ASSIGN_OR_RETURN(scan.condition, Call("$and", std::move(conditions), join.position));
  return absl::OkStatus();
}

ResolvedScanPtr Analyzer::JoinScans(ResolvedJoinType type, ResolvedScanPtr left, ResolvedScanPtr right,
                                    ResolvedExpressionPtr condition) {
  auto scan = std::make_unique<JoinScan>();
  scan->type = type;
  scan->columns = left->columns;
  scan->columns.insert(scan->columns.end(), right->columns.begin(), right->columns.end());
  scan->left = std::move(left);
  scan->right = std::move(right);
  scan->condition = std::move(condition);
  return scan;
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeJoin(const JoinExpression& join, const Scope* outer) {
  if (++depth_ > kAnalysisDepthMax) return ErrorAt(join.position, "FROM clause has too many joins");
  const auto leave = [this] { --depth_; };
  const ResolvedJoinType type = JoinTypeOf(join.type);
  auto analyzed_left = AnalyzeFrom(*join.left, outer, nullptr, ResolvedJoinType::kCross, nullptr);
  leave();
  if (!analyzed_left.ok()) return analyzed_left.status();
  FromResult left = *std::move(analyzed_left);

  const bool may_absorb =
      type == ResolvedJoinType::kCross || type == ResolvedJoinType::kInner || type == ResolvedJoinType::kLeft;
  bool absorbed = false;
  const size_t left_columns = left.names.columns.size();
  BQCDC_ASSIGN_OR_RETURN(FromResult right,
                         AnalyzeFrom(*join.right, outer, may_absorb ? &left : nullptr, type, &absorbed));
  const auto condition_over = [&](const NameList& names) -> ExpressionResult {
    return AnalyzeCondition(*join.on, Scope{&names, outer}, "JOIN ON clause");
  };
  if (absorbed) {
    // An array joined to what stands left of it; `right` is the whole join.
    auto& unnest = static_cast<UnnestScan&>(*right.scan);
    if (!join.columns.empty()) return Unsupported(join.position, "JOIN UNNEST with USING");
    if (join.on) {
      BQCDC_ASSIGN_OR_RETURN(unnest.condition, condition_over(right.names));
    }
    (void)left_columns;
    return right;
  }
  if (type != ResolvedJoinType::kCross && !join.on && join.columns.empty()) {
    return ErrorAt(join.position, "JOIN must have an immediately following ON or USING clause");
  }
  for (const RangeVariable& variable : right.names.variables) {
    for (const RangeVariable& other : left.names.variables) {
      if (absl::AsciiStrToLower(variable.name) == absl::AsciiStrToLower(other.name) &&
          !variable.name.empty()) {
        return ErrorAt(join.right->position, "Duplicate table alias ", variable.name,
                       " in the same FROM clause");
      }
    }
  }
  auto scan = std::make_unique<JoinScan>();
  scan->type = type;
  scan->columns = left.scan->columns;
  scan->columns.insert(scan->columns.end(), right.scan->columns.begin(), right.scan->columns.end());
  FromResult result;
  std::vector<ComputedColumn> computed;
  if (!join.columns.empty()) {
    BQCDC_RETURN_IF_ERROR(JoinUsing(join, left, right, *scan, result.names, computed));
  } else {
    for (FromResult* side : {&left, &right}) {
      for (const NamedColumn& column : side->names.columns) result.names.columns.push_back(column);
    }
  }
  for (FromResult* side : {&left, &right}) {
    for (RangeVariable& variable : side->names.variables)
      result.names.variables.push_back(std::move(variable));
  }
  if (join.on) {
    BQCDC_ASSIGN_OR_RETURN(scan->condition, condition_over(result.names));
  }
  scan->left = std::move(left.scan);
  scan->right = std::move(right.scan);
  result.scan = std::move(scan);
  if (!computed.empty()) {
    auto project = std::make_unique<ProjectScan>();
    project->columns = result.scan->columns;
    for (ComputedColumn& column : computed) project->columns.push_back({column.id, column.expression->type});
    project->computed = std::move(computed);
    project->input = std::move(result.scan);
    result.scan = std::move(project);
  }
  return result;
}

}  // namespace bqcdc::emulator::sql
