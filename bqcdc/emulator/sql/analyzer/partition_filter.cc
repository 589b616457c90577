#include "bqcdc/emulator/sql/analyzer/partition_filter.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"
#include "bqcdc/emulator/sql/functions/function_table.h"

namespace bqcdc::emulator::sql {
namespace {

// A table that demands a filter and has none so far.
struct OpenTable {
  const TableScan* scan;
  // What is made of the partitioning column and of nothing else, of the columns so far.
  std::set<ColumnId> columns;
};
using OpenTables = std::vector<OpenTable>;

// A table that is read twice through one WITH entry is one: a filter of one reading does for the other.
void Add(OpenTables& to, OpenTables from) {
  for (OpenTable& table : from) {
    const auto known =
        std::find_if(to.begin(), to.end(), [&](const OpenTable& other) { return other.scan == table.scan; });
    if (known == to.end()) {
      to.push_back(std::move(table));
    } else {
      known->columns.merge(table.columns);
    }
  }
}

// Whether an expression is of some of `columns` and of nothing else.
bool IsOf(ResolvedExpressionPtr& expression, const std::set<ColumnId>& columns) {
  bool some = false, other = false;
  WalkExpression(expression, [&](ResolvedExpressionPtr& node) {
    if (node->kind == ResolvedKind::kSubquery) other = true;
    if (node->kind == ResolvedKind::kColumn) {
      (columns.contains(Resolved<ResolvedColumn>(*node).id) ? some : other) = true;
    }
    return other;
  });
  return some && !other;
}

absl::Status RequireNone(const OpenTables& open) {
  if (open.empty()) return absl::OkStatus();
  const catalog::Table& table = open[0].scan->table;
  const std::string names = table.partitioned_by_ingestion()
                                ? "'_PARTITION_LOAD_TIME', '_PARTITIONDATE', '_PARTITIONTIME'"
                            : table.time_partitioning ? "'" + table.time_partitioning->field + "'"
                                                      : "'" + table.range_partitioning->field + "'";
  return errors::InvalidQuery(base::StrCat(
      "Cannot query over table '", table.id.project, ".", table.id.dataset, ".", table.id.table,
      "' without a filter over column(s) ", names, " that can be used for partition elimination"));
}

// Goes from the tables up: each is open until a condition over it is met.
class Checker {
 public:
  absl::StatusOr<OpenTables> Check(ResolvedScan& scan);
  // Subqueries see to their own tables.
  absl::Status CheckSubqueries(ResolvedExpressionPtr& expression);

 private:
  absl::StatusOr<OpenTables> CheckInput(ResolvedScanPtr& input) {
    return input ? Check(*input) : OpenTables();
  }
  absl::StatusOr<OpenTables> CheckJoin(JoinScan& join);
  absl::StatusOr<OpenTables> CheckSetOperation(SetOperationScan& operation);
  absl::StatusOr<OpenTables> CheckReference(const WithReferenceScan& reference);
  absl::Status CheckCalls(std::vector<AggregateColumn>& calls);
  absl::Status Compute(std::vector<ComputedColumn>& computed, OpenTables& open);
  absl::Status Filter(ResolvedExpressionPtr& condition, OpenTables& open);

  std::map<std::string, WithScan::Entry*> entries_;
  std::map<std::string, OpenTables> checked_entries_;
};

absl::Status Checker::CheckSubqueries(ResolvedExpressionPtr& expression) {
  absl::Status status;
  const ExpressionVisitor visit = [&](ResolvedExpressionPtr& node) {
    if (node->kind != ResolvedKind::kSubquery) return !status.ok();
    auto& subquery = static_cast<ResolvedSubquery&>(*node);
    status.Update(CheckSubqueries(subquery.operand));
    const auto open = Check(*subquery.query);
    status.Update(open.ok() ? RequireNone(*open) : open.status());
    return true;
  };
  WalkExpression(expression, visit);
  return status;
}

absl::Status Checker::CheckCalls(std::vector<AggregateColumn>& calls) {
  absl::Status status;
  for (AggregateColumn& column : calls) {
    WalkAggregateCall(*column.call, [&](ResolvedExpressionPtr& node) {
      status.Update(CheckSubqueries(node));
      return true;
    });
  }
  return status;
}

absl::Status Checker::Compute(std::vector<ComputedColumn>& computed, OpenTables& open) {
  for (ComputedColumn& column : computed) {
    BQCDC_RETURN_IF_ERROR(CheckSubqueries(column.expression));
    for (OpenTable& table : open) {
      if (IsOf(column.expression, table.columns)) table.columns.insert(column.id);
    }
  }
  return absl::OkStatus();
}

absl::Status Checker::Filter(ResolvedExpressionPtr& condition, OpenTables& open) {
  if (!condition) return absl::OkStatus();
  std::erase_if(open, [&](const OpenTable& table) { return RestrictsPartitions(condition, table.columns); });
  return CheckSubqueries(condition);
}

absl::StatusOr<OpenTables> Checker::CheckJoin(JoinScan& join) {
  BQCDC_ASSIGN_OR_RETURN(OpenTables left, CheckInput(join.left));
  BQCDC_ASSIGN_OR_RETURN(OpenTables right, CheckInput(join.right));
  // Rows that an outer join keeps in any case are not restricted by its condition.
  const bool keeps_left = join.type == ResolvedJoinType::kLeft || join.type == ResolvedJoinType::kFull;
  const bool keeps_right = join.type == ResolvedJoinType::kRight || join.type == ResolvedJoinType::kFull;
  OpenTables kept, filtered;
  Add(keeps_left ? kept : filtered, std::move(left));
  Add(keeps_right ? kept : filtered, std::move(right));
  BQCDC_RETURN_IF_ERROR(Filter(join.condition, filtered));
  Add(kept, std::move(filtered));
  return kept;
}

absl::StatusOr<OpenTables> Checker::CheckSetOperation(SetOperationScan& operation) {
  OpenTables open;
  for (SetOperationScan::Input& input : operation.inputs) {
    BQCDC_ASSIGN_OR_RETURN(OpenTables of_input, CheckInput(input.scan));
    for (OpenTable& table : of_input) {
      for (size_t i = 0; i < input.outputs.size(); ++i) {
        if (table.columns.contains(input.outputs[i])) table.columns.insert(operation.columns[i].id);
      }
    }
    Add(open, std::move(of_input));
  }
  return open;
}

absl::StatusOr<OpenTables> Checker::CheckReference(const WithReferenceScan& reference) {
  const auto [checked, is_new] = checked_entries_.try_emplace(reference.name);
  if (const auto entry = entries_.find(reference.name); is_new && entry != entries_.end()) {
    BQCDC_ASSIGN_OR_RETURN(OpenTables open, CheckInput(entry->second->scan));
    if (entry->second->recursion) {
      // No condition on what comes out restricts what a recursion reads.
      BQCDC_ASSIGN_OR_RETURN(OpenTables of_term, CheckInput(entry->second->recursion->term));
      Add(open, std::move(of_term));
      BQCDC_RETURN_IF_ERROR(RequireNone(open));
      open.clear();
    }
    checked->second = std::move(open);
  }
  OpenTables open = checked->second;
  for (OpenTable& table : open) {
    for (size_t i = 0; i < reference.sources.size(); ++i) {
      if (table.columns.contains(reference.sources[i])) table.columns.insert(reference.columns[i].id);
    }
  }
  return open;
}

absl::StatusOr<OpenTables> Checker::Check(ResolvedScan& scan) {
  switch (scan.kind) {
    case ScanKind::kSingleRow:
    case ScanKind::kValues:
      return OpenTables();
    case ScanKind::kTable: {
      const auto& table = static_cast<const TableScan&>(scan);
      if (!table.needs_partition_filter) return OpenTables();
      return OpenTables{{&table, table.partition_columns}};
    }
    case ScanKind::kProject: {
      auto& node = static_cast<ProjectScan&>(scan);
      BQCDC_ASSIGN_OR_RETURN(OpenTables open, CheckInput(node.input));
      BQCDC_RETURN_IF_ERROR(Compute(node.computed, open));
      return open;
    }
    case ScanKind::kFilter: {
      auto& node = static_cast<FilterScan&>(scan);
      BQCDC_ASSIGN_OR_RETURN(OpenTables open, CheckInput(node.input));
      BQCDC_RETURN_IF_ERROR(Filter(node.predicate, open));
      return open;
    }
    case ScanKind::kJoin:
      return CheckJoin(static_cast<JoinScan&>(scan));
    case ScanKind::kUnnest: {
      auto& node = static_cast<UnnestScan&>(scan);
      BQCDC_ASSIGN_OR_RETURN(OpenTables open, CheckInput(node.input));
      BQCDC_RETURN_IF_ERROR(CheckSubqueries(node.array));
      OpenTables none;
      BQCDC_RETURN_IF_ERROR(Filter(node.condition, node.outer ? none : open));
      return open;
    }
    case ScanKind::kAggregate: {
      auto& node = static_cast<AggregateScan&>(scan);
      BQCDC_ASSIGN_OR_RETURN(OpenTables open, CheckInput(node.input));
      BQCDC_RETURN_IF_ERROR(Compute(node.groups, open));
      BQCDC_RETURN_IF_ERROR(CheckCalls(node.aggregates));
      return open;
    }
    case ScanKind::kWindow: {
      auto& node = static_cast<WindowScan&>(scan);
      // A window sees every row, whatever becomes of the rows afterwards; so does a limit.
      BQCDC_ASSIGN_OR_RETURN(const OpenTables open, CheckInput(node.input));
      BQCDC_RETURN_IF_ERROR(RequireNone(open));
      BQCDC_RETURN_IF_ERROR(CheckCalls(node.calls));
      return OpenTables();
    }
    case ScanKind::kLimit: {
      BQCDC_ASSIGN_OR_RETURN(const OpenTables open, CheckInput(static_cast<LimitScan&>(scan).input));
      BQCDC_RETURN_IF_ERROR(RequireNone(open));
      return OpenTables();
    }
    case ScanKind::kDistinct:
      return CheckInput(static_cast<DistinctScan&>(scan).input);
    case ScanKind::kSort:
      return CheckInput(static_cast<SortScan&>(scan).input);
    case ScanKind::kSetOperation:
      return CheckSetOperation(static_cast<SetOperationScan&>(scan));
    case ScanKind::kWith: {
      auto& node = static_cast<WithScan&>(scan);
      for (WithScan::Entry& entry : node.entries) entries_[entry.name] = &entry;
      return CheckInput(node.body);
    }
    case ScanKind::kWithReference:
      return CheckReference(static_cast<const WithReferenceScan&>(scan));
  }
  return OpenTables();
}

}  // namespace

bool RestrictsPartitions(ResolvedExpressionPtr& condition, const std::set<ColumnId>& partition_columns) {
  if (condition->kind == ResolvedKind::kCall) {
    auto& call = static_cast<ResolvedCall&>(*condition);
    const auto restricts = [&](ResolvedExpressionPtr& part) {
      return RestrictsPartitions(part, partition_columns);
    };
    if (call.signature->name == "$and")
      return std::any_of(call.arguments.begin(), call.arguments.end(), restricts);
    if (call.signature->name == "$or")
      return std::all_of(call.arguments.begin(), call.arguments.end(), restricts);
  }
  return IsOf(condition, partition_columns);
}

std::set<ColumnId> PartitionColumnsOf(ResolvedScan& table) {
  const auto open = Checker().Check(table);
  return open.ok() && !open->empty() ? (*open)[0].columns : std::set<ColumnId>();
}

absl::Status CheckPartitionFilters(ResolvedQuery& query) {
  BQCDC_ASSIGN_OR_RETURN(const OpenTables open, Checker().Check(*query.scan));
  return RequireNone(open);
}

absl::Status CheckPartitionFilters(ResolvedExpressionPtr& expression) {
  return Checker().CheckSubqueries(expression);
}

}  // namespace bqcdc::emulator::sql
