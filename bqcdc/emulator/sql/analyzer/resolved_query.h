#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/row_changes.h"
#include "bqcdc/emulator/sql/analyzer/resolved_expression.h"

// The typed tree of queries. A scan gives rows with the columns of `columns`; each scan names the columns
// that it makes, and passes its input's columns on where it says so.
namespace bqcdc::emulator::sql {

enum class ScanKind {
  kSingleRow,
  kTable,
  kValues,
  kProject,
  kFilter,
  kJoin,
  kUnnest,
  kAggregate,
  kWindow,
  kDistinct,
  kSetOperation,
  kSort,
  kLimit,
  kWith,
  kWithReference,
};

struct ScanColumn {
  ColumnId id;
  Type type;
};

struct ResolvedScan {
  explicit ResolvedScan(ScanKind k) : kind(k) {}
  virtual ~ResolvedScan() = default;
  ResolvedScan(const ResolvedScan&) = delete;
  ResolvedScan& operator=(const ResolvedScan&) = delete;
  const ScanKind kind;
  std::vector<ScanColumn> columns;
};
using ResolvedScanPtr = std::unique_ptr<ResolvedScan>;

// One row without columns.
struct SingleRowScan : ResolvedScan {
  SingleRowScan() : ResolvedScan(ScanKind::kSingleRow) {}
};

// Columns of a stored table, by name; the generator asks the read session for its relation.
struct TableScan : ResolvedScan {
  TableScan() : ResolvedScan(ScanKind::kTable) {}
  catalog::Table table;
  std::vector<std::string> names;  // beside `columns`
  // The columns that the table is partitioned by, of those that are read.
  std::set<ColumnId> partition_columns;
  // The query has to have a condition over those.
  bool needs_partition_filter = false;
  // Of the table that a statement changes: a column with the numbers of its rows, behind the others.
  std::optional<ColumnId> row_number;
};

// Constant rows.
struct ValuesScan : ResolvedScan {
  ValuesScan() : ResolvedScan(ScanKind::kValues) {}
  std::vector<std::vector<Value>> rows;
};

struct ComputedColumn {
  ColumnId id;
  ResolvedExpressionPtr expression;
};

// The input's columns named in `columns`, and those computed.
struct ProjectScan : ResolvedScan {
  ProjectScan() : ResolvedScan(ScanKind::kProject) {}
  ResolvedScanPtr input;
  std::vector<ComputedColumn> computed;
};

struct FilterScan : ResolvedScan {
  FilterScan() : ResolvedScan(ScanKind::kFilter) {}
  ResolvedScanPtr input;
  ResolvedExpressionPtr predicate;
};

enum class ResolvedJoinType { kCross, kInner, kLeft, kRight, kFull };

struct JoinScan : ResolvedScan {
  JoinScan() : ResolvedScan(ScanKind::kJoin) {}
  ResolvedJoinType type = ResolvedJoinType::kCross;
  ResolvedScanPtr left;
  ResolvedScanPtr right;
  ResolvedExpressionPtr condition;  // null for kCross
};

// The elements of an array as rows, joined to `input`, whose columns the array may use.
struct UnnestScan : ResolvedScan {
  UnnestScan() : ResolvedScan(ScanKind::kUnnest) {}
  ResolvedScanPtr input;  // null: alone
  ResolvedExpressionPtr array;
  ColumnId element = 0;
  std::optional<ColumnId> offset;
  bool outer = false;               // LEFT JOIN: a row with NULLs for an empty array
  ResolvedExpressionPtr condition;  // ON, may be null
};

struct AggregateColumn {
  ColumnId id;
  std::unique_ptr<ResolvedAggregateCall> call;
};

struct AggregateScan : ResolvedScan {
  AggregateScan() : ResolvedScan(ScanKind::kAggregate) {}
  ResolvedScanPtr input;
  std::vector<ComputedColumn> groups;
  std::vector<AggregateColumn> aggregates;
  // Indexes into `groups`; empty: one set of all groups.
  std::vector<std::vector<int>> grouping_sets;
  // GROUPING(group): 1 where the group is rolled up.
  std::vector<std::pair<ColumnId, int>> grouping_calls;
};

// The input's columns and the computed ones.
struct WindowScan : ResolvedScan {
  WindowScan() : ResolvedScan(ScanKind::kWindow) {}
  ResolvedScanPtr input;
  std::vector<AggregateColumn> calls;
};

struct DistinctScan : ResolvedScan {
  DistinctScan() : ResolvedScan(ScanKind::kDistinct) {}
  ResolvedScanPtr input;
};

enum class ResolvedSetOperator { kUnion, kIntersect, kExcept };

// Inputs give columns of the same types in the order of `inputs[i].outputs`.
struct SetOperationScan : ResolvedScan {
  SetOperationScan() : ResolvedScan(ScanKind::kSetOperation) {}
  struct Input {
    ResolvedScanPtr scan;
    std::vector<ColumnId> outputs;
  };
  ResolvedSetOperator op = ResolvedSetOperator::kUnion;
  bool distinct = false;
  std::vector<Input> inputs;
};

struct SortItem {
  ColumnId id;
  bool descending = false;
  bool nulls_first = true;
};

struct SortScan : ResolvedScan {
  SortScan() : ResolvedScan(ScanKind::kSort) {}
  ResolvedScanPtr input;
  std::vector<SortItem> items;
};

struct LimitScan : ResolvedScan {
  LimitScan() : ResolvedScan(ScanKind::kLimit) {}
  ResolvedScanPtr input;
  std::optional<int64_t> limit;
  int64_t offset = 0;
};

// `name` is unique in the statement.
struct WithScan : ResolvedScan {
  WithScan() : ResolvedScan(ScanKind::kWith) {}
  // What makes an entry recursive: `term` reads what it gave the time before, `scan` is where it begins.
  struct Recursion {
    bool distinct = false;
    ResolvedScanPtr term;
    std::vector<ColumnId> outputs;  // of `term`, beside the entry's outputs
    ColumnId iteration = 0;         // a column of the entry, counted from 0
    ColumnId term_iteration = 0;    // the one that `term` read
  };
  struct Entry {
    std::string name;
    ResolvedScanPtr scan;
    std::vector<ScanColumn> outputs;
    std::optional<Recursion> recursion;
  };
  std::vector<Entry> entries;
  ResolvedScanPtr body;
};

struct WithReferenceScan : ResolvedScan {
  WithReferenceScan() : ResolvedScan(ScanKind::kWithReference) {}
  std::string name;
  std::vector<ColumnId> sources;  // the entry's outputs, beside `columns`
  // The reference of a recursive term to its own entry: the last column counts the iterations.
  bool recursive = false;
};

// A change of rows as a query gives it.
ResolvedExpressionPtr ChangeLiteral(engine::RowChange change);

struct OutputColumn {
  std::string name;
  ColumnId id;
  Type type;
};

// A whole query: the scan and what of it is shown.
struct ResolvedQuery {
  ResolvedScanPtr scan;
  std::vector<OutputColumn> outputs;
  // Of the first column that the query gives no name, from 1; unset where all have one.
  std::optional<size_t> first_unnamed;
};

}  // namespace bqcdc::emulator::sql
