// WITH RECURSIVE (https://cloud.google.com/bigquery/docs/recursive-ctes): an entry that is a UNION whose last
// query reads the entry itself, once. That query gets the rows that it gave the time before, until it gives
// none.

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {
namespace {

// Passes the column that counts iterations on from the reference to `name` to the top of `scan`; unset where
// no scan on the way can pass it on.
std::optional<ScanColumn> CarryIteration(ResolvedScan& scan, const std::string& name) {
  std::optional<ScanColumn> column;
  switch (scan.kind) {
    case ScanKind::kWithReference: {
      const auto& reference = static_cast<const WithReferenceScan&>(scan);
      if (reference.name != name) return std::nullopt;
      return reference.columns.back();
    }
    case ScanKind::kProject:
      column = CarryIteration(*static_cast<ProjectScan&>(scan).input, name);
      break;
    case ScanKind::kFilter:
      column = CarryIteration(*static_cast<FilterScan&>(scan).input, name);
      break;
    case ScanKind::kUnnest:
      if (const auto& input = static_cast<UnnestScan&>(scan).input) column = CarryIteration(*input, name);
      break;
    case ScanKind::kJoin: {
      auto& join = static_cast<JoinScan&>(scan);
      // A row that the other side fills up has no iteration.
      const bool keeps_right = join.type == ResolvedJoinType::kRight || join.type == ResolvedJoinType::kFull;
      const bool keeps_left = join.type == ResolvedJoinType::kLeft || join.type == ResolvedJoinType::kFull;
      if (!keeps_right) column = CarryIteration(*join.left, name);
      if (!column && !keeps_left) column = CarryIteration(*join.right, name);
      break;
    }
    default:
      return std::nullopt;
  }
  if (column) scan.columns.push_back(*column);
  return column;
}

}  // namespace

const SetOperation* Analyzer::RecursiveUnion(const Query& query) {
  if (!query.with.empty() || !query.order_by.empty() || query.limit) return nullptr;
  const auto* operation = TryAs<SetOperation>(*query.body);
  const bool is_union = operation != nullptr && operation->op == SetOperator::kUnion && !operation->by_name;
  return is_union ? operation : nullptr;
}

absl::StatusOr<Analyzer::QueryResult> Analyzer::AnalyzeRecursive(
    const std::string& name, const SetOperation& operation, const Scope* outer, WithEntry& known,
    std::optional<WithScan::Recursion>& recursion) {
  const std::string words = operation.distinct ? "UNION DISTINCT" : "UNION ALL";
  std::vector<QueryResult> inputs;
  for (size_t i = 0; i + 1 < operation.inputs.size(); ++i) {
    BQCDC_ASSIGN_OR_RETURN(QueryResult input, AnalyzeBody(*operation.inputs[i], nullptr, outer));
    inputs.push_back(std::move(input));
    BQCDC_RETURN_IF_ERROR(CheckColumnCount(operation, words, inputs));
  }
  BQCDC_ASSIGN_OR_RETURN(QueryResult base, CombineInputs(operation, words, std::move(inputs)));
  known.outputs = base.outputs;
  known.iteration = NewColumn();
  with_.emplace_back(name, known);
  const size_t place = with_.size() - 1;
  absl::StatusOr<QueryResult> term = AnalyzeBody(*operation.inputs.back(), nullptr, outer);
  const int references = with_[place].second.references;
  const ColumnId iteration = *known.iteration;
  known.iteration.reset();
  with_.resize(place);
  BQCDC_RETURN_IF_ERROR(term.status());
  inputs.clear();
  inputs.push_back(std::move(base));
  inputs.push_back(*std::move(term));
  BQCDC_RETURN_IF_ERROR(CheckColumnCount(operation, words, inputs));
  if (references == 0) return CombineInputs(operation, words, std::move(inputs));
  const Position& position = operation.inputs.back()->position;
  if (references > 1) {
    return ErrorAt(position, "Multiple recursive references to ", name, " in the recursive term of ", words,
                   " are not supported");
  }
  base = std::move(inputs[0]);
  recursion = WithScan::Recursion{};
  recursion->distinct = operation.distinct;
  recursion->iteration = iteration;
  auto project = std::make_unique<ProjectScan>();
  for (size_t column = 0; column < base.outputs.size(); ++column) {
    const Type& type = base.outputs[column].type;
    const OutputColumn& output = inputs[1].outputs[column];
    if (FindCoercion(OutputArgument(*inputs[1].scan, output), type) == Coercion::kNone) {
      return ErrorAt(position, "Cannot coerce column ", column + 1, " of the recursive term of ", name,
                     " from ", output.type.ToString(), " to ", type.ToString());
    }
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value, ConvertOutput(*inputs[1].scan, output, type));
    recursion->outputs.push_back(Compute(std::move(value), *project));
  }
  project->input = std::move(inputs[1].scan);
  const std::optional<ScanColumn> carried = CarryIteration(*project, known.unique_name);
  if (!carried) {
    return Unsupported(
        position,
        "a recursive reference below aggregation, DISTINCT, ORDER BY, LIMIT, a window, a "
        "set operation, an expression subquery or the side of an outer join that may be missing");
  }
  recursion->term_iteration = carried->id;
  recursion->term = std::move(project);
  return base;
}

}  // namespace bqcdc::emulator::sql
