#include "bqcdc/emulator/sql/analyzer/partition_filter.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/expression_walk.h"
#include "bqcdc/emulator/sql/functions/function_table.h"

namespace bqcdc::emulator::sql {
namespace {

// Conditions that every row of a scan has to pass.
using Filters = std::vector<ResolvedExpressionPtr*>;

class Checker {
 public:
  absl::Status Check(ResolvedScan& scan, const Filters& filters);

 private:
  // The columns of stored tables that a column is made of; itself where it is one.
  void AddSources(ColumnId id, std::set<ColumnId>& sources) const;
  std::set<ColumnId> SourcesOf(ResolvedExpressionPtr& expression) const;
  // Whether rows pass for some values of the partitioning column only, and nothing else matters.
  bool Restricts(ResolvedExpressionPtr& filter, const std::set<ColumnId>& partition_columns) const;
  absl::Status CheckTable(const TableScan& scan, const Filters& filters) const;
  absl::Status CheckSubqueries(ResolvedExpressionPtr& expression);
  absl::Status CheckInput(ResolvedScanPtr& input, const Filters& filters) {
    return input ? Check(*input, filters) : absl::OkStatus();
  }
  void Define(std::vector<ComputedColumn>& computed) {
    for (ComputedColumn& column : computed) computed_[column.id] = &column.expression;
  }

  std::map<ColumnId, ResolvedExpressionPtr*> computed_;
  std::map<ColumnId, ColumnId> renamed_;
  std::map<std::string, WithScan::Entry*> entries_;
  std::set<std::string> open_entries_;  // a recursive one refers to itself
};

void Checker::AddSources(ColumnId id, std::set<ColumnId>& sources) const {
  if (const auto computed = computed_.find(id); computed != computed_.end()) {
    for (const ColumnId source : SourcesOf(*computed->second)) sources.insert(source);
    return;
  }
  if (const auto renamed = renamed_.find(id); renamed != renamed_.end()) {
    AddSources(renamed->second, sources);
    return;
  }
  sources.insert(id);
}

std::set<ColumnId> Checker::SourcesOf(ResolvedExpressionPtr& expression) const {
  std::set<ColumnId> sources;
  WalkExpression(expression, [&](ResolvedExpressionPtr& node) {
    if (node->kind == ResolvedKind::kColumn) AddSources(Resolved<ResolvedColumn>(*node).id, sources);
    return false;
  });
  return sources;
}

bool Checker::Restricts(ResolvedExpressionPtr& filter, const std::set<ColumnId>& partition_columns) const {
  if (filter->kind == ResolvedKind::kCall) {
    auto& call = static_cast<ResolvedCall&>(*filter);
    const auto restricts = [&](ResolvedExpressionPtr& part) { return Restricts(part, partition_columns); };
    if (call.signature->name == "$and")
      return std::any_of(call.arguments.begin(), call.arguments.end(), restricts);
    if (call.signature->name == "$or")
      return std::all_of(call.arguments.begin(), call.arguments.end(), restricts);
  }
  const std::set<ColumnId> sources = SourcesOf(filter);
  return !sources.empty() &&
         std::includes(partition_columns.begin(), partition_columns.end(), sources.begin(), sources.end());
}

absl::Status Checker::CheckTable(const TableScan& scan, const Filters& filters) const {
  const catalog::Table& table = scan.table;
  if (!table.require_partition_filter) return absl::OkStatus();
  const std::set<ColumnId> columns(scan.partition_columns.begin(), scan.partition_columns.end());
  for (ResolvedExpressionPtr* filter : filters) {
    if (Restricts(*filter, columns)) return absl::OkStatus();
  }
  const std::string names = table.partitioned_by_ingestion()
                                ? "'_PARTITION_LOAD_TIME', '_PARTITIONDATE', '_PARTITIONTIME'"
                            : table.time_partitioning ? "'" + table.time_partitioning->field + "'"
                                                      : "'" + table.range_partitioning->field + "'";
  return errors::InvalidQuery(base::StrCat(
      "Cannot query over table '", table.id.project, ".", table.id.dataset, ".", table.id.table,
      "' without a filter over column(s) ", names, " that can be used for partition elimination"));
}

absl::Status Checker::CheckSubqueries(ResolvedExpressionPtr& expression) {
  absl::Status status;
  WalkExpression(expression, [&](ResolvedExpressionPtr& node) {
    if (node->kind != ResolvedKind::kSubquery) return !status.ok();
    auto& subquery = static_cast<ResolvedSubquery&>(*node);
    if (subquery.operand) status.Update(CheckSubqueries(subquery.operand));
    status.Update(Check(*subquery.query, {}));
    return true;
  });
  return status;
}

absl::Status Checker::Check(ResolvedScan& scan, const Filters& filters) {
  switch (scan.kind) {
    case ScanKind::kSingleRow:
    case ScanKind::kValues:
      return absl::OkStatus();
    case ScanKind::kTable:
      return CheckTable(static_cast<const TableScan&>(scan), filters);
    case ScanKind::kProject: {
      auto& node = static_cast<ProjectScan&>(scan);
      Define(node.computed);
      for (ComputedColumn& column : node.computed) BQCDC_RETURN_IF_ERROR(CheckSubqueries(column.expression));
      return CheckInput(node.input, filters);
    }
    case ScanKind::kFilter: {
      auto& node = static_cast<FilterScan&>(scan);
      BQCDC_RETURN_IF_ERROR(CheckSubqueries(node.predicate));
      Filters more = filters;
      more.push_back(&node.predicate);
      return CheckInput(node.input, more);
    }
    case ScanKind::kJoin: {
      auto& node = static_cast<JoinScan&>(scan);
      Filters more = filters;
      if (node.condition) {
        BQCDC_RETURN_IF_ERROR(CheckSubqueries(node.condition));
        if (node.type == ResolvedJoinType::kInner || node.type == ResolvedJoinType::kCross) {
          more.push_back(&node.condition);
        }
      }
      BQCDC_RETURN_IF_ERROR(CheckInput(node.left, more));
      return CheckInput(node.right, more);
    }
    case ScanKind::kUnnest: {
      auto& node = static_cast<UnnestScan&>(scan);
      BQCDC_RETURN_IF_ERROR(CheckSubqueries(node.array));
      return CheckInput(node.input, filters);
    }
    case ScanKind::kAggregate: {
      auto& node = static_cast<AggregateScan&>(scan);
      Define(node.groups);
      for (ComputedColumn& group : node.groups) BQCDC_RETURN_IF_ERROR(CheckSubqueries(group.expression));
      return CheckInput(node.input, filters);
    }
    case ScanKind::kWindow:
      return CheckInput(static_cast<WindowScan&>(scan).input, {});
    case ScanKind::kDistinct:
      return CheckInput(static_cast<DistinctScan&>(scan).input, filters);
    case ScanKind::kSetOperation: {
      auto& node = static_cast<SetOperationScan&>(scan);
      for (const SetOperationScan::Input& input : node.inputs) {
        for (size_t i = 0; i < input.outputs.size(); ++i) {
          renamed_[node.columns[i].id] = input.outputs[i];
        }
        BQCDC_RETURN_IF_ERROR(Check(*input.scan, filters));
      }
      return absl::OkStatus();
    }
    case ScanKind::kSort:
      return CheckInput(static_cast<SortScan&>(scan).input, filters);
    case ScanKind::kLimit:
      return CheckInput(static_cast<LimitScan&>(scan).input, {});
    case ScanKind::kWith: {
      auto& node = static_cast<WithScan&>(scan);
      for (WithScan::Entry& entry : node.entries) entries_[entry.name] = &entry;
      return CheckInput(node.body, filters);
    }
    case ScanKind::kWithReference: {
      const auto& node = static_cast<const WithReferenceScan&>(scan);
      for (size_t i = 0; i < node.sources.size(); ++i) renamed_[node.columns[i].id] = node.sources[i];
      const auto entry = entries_.find(node.name);
      if (entry == entries_.end() || !open_entries_.insert(node.name).second) return absl::OkStatus();
      const absl::Status status = Check(*entry->second->scan, filters);
      open_entries_.erase(node.name);
      return status;
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPartitionFilters(ResolvedQuery& query) { return Checker().Check(*query.scan, {}); }

}  // namespace bqcdc::emulator::sql
