#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/sql/parser/ast_expression.h"

namespace bqcdc::emulator::sql {

struct Query;
using QueryPtr = std::unique_ptr<Query>;

// The name of a table, view, dataset or function as written: 1 to 4 parts, e.g. {project, dataset,
// INFORMATION_SCHEMA, TABLES}. Backquoted text is split at its dots (`p.d.t` is three parts;
// `example.com:p.d.t` keeps "example.com:p" whole), and project ids with dashes are one part. An element may
// end with `*` (wildcard tables).
struct TablePath {
  std::vector<Identifier> names;
  Position position;
};

// ---- FROM
// -----------------------------------------------------------------------------------------------------------

enum class TableExpressionKind { kTable, kSubquery, kUnnest, kTableFunction, kJoin };

struct TableSample {
  Identifier method;  // SYSTEM, RESERVOIR, BERNOULLI
  ExpressionPtr size;
  bool percent = true;  // else ROWS
  Position position;
};

struct PivotColumn {
  ExpressionPtr expression;
  std::optional<Identifier> alias;
};

// PIVOT(aggregates FOR input IN (values)) [AS alias].
struct PivotClause {
  std::vector<PivotColumn> aggregates;
  ExpressionPtr input;
  std::vector<PivotColumn> values;
  std::optional<Identifier> alias;
  Position position;
};

// UNPIVOT [INCLUDE|EXCLUDE NULLS] (values FOR name IN (columns [AS label], ...)) [AS alias].
struct UnpivotClause {
  struct Source {
    std::vector<std::vector<Identifier>> columns;  // (a, b): several columns; each a path
    ExpressionPtr label;                           // string or integer literal, else null
  };
  bool include_nulls = false;
  std::vector<Identifier> values;
  Identifier name;
  std::vector<Source> sources;
  std::optional<Identifier> alias;
  Position position;
};

struct TableExpression {
  explicit TableExpression(TableExpressionKind k) : kind(k) {}
  virtual ~TableExpression() = default;
  TableExpression(const TableExpression&) = delete;
  TableExpression& operator=(const TableExpression&) = delete;

  const TableExpressionKind kind;
  Position position;
  std::optional<Identifier> alias;     // never on kJoin
  std::unique_ptr<PivotClause> pivot;  // at most one of pivot and unpivot
  std::unique_ptr<UnpivotClause> unpivot;
  std::unique_ptr<TableSample> sample;
};

using TableExpressionPtr = std::unique_ptr<TableExpression>;

template <TableExpressionKind K>
struct TableExpressionOf : TableExpression {
  static constexpr TableExpressionKind kKind = K;
  TableExpressionOf() : TableExpression(K) {}
};

// WITH OFFSET [AS alias] behind UNNEST or an array path.
struct WithOffset {
  std::optional<Identifier> alias;  // absent: the column is called `offset`
  Position position;
};

// A table, a WITH entry, or an array of an earlier FROM item (`FROM t, t.items`): the analyzer decides.
struct TableReference : TableExpressionOf<TableExpressionKind::kTable> {
  TablePath path;
  ExpressionPtr system_time;  // FOR SYSTEM_TIME AS OF x, else null
  std::optional<WithOffset> with_offset;
};

struct TableSubquery : TableExpressionOf<TableExpressionKind::kSubquery> {
  QueryPtr query;

  TableSubquery();
  ~TableSubquery() override;
};

struct UnnestExpression : TableExpressionOf<TableExpressionKind::kUnnest> {
  ExpressionPtr array;
  std::optional<WithOffset> with_offset;
};

// name(arguments) in FROM: RANGE_SESSIONIZE(TABLE t, ...), APPENDS(TABLE t, ...).
struct TableFunction : TableExpressionOf<TableExpressionKind::kTableFunction> {
  std::vector<Identifier> name;
  std::vector<FunctionArgument> arguments;
};

enum class JoinType { kComma, kCross, kInner, kLeft, kRight, kFull };

// Left-deep unless the text has parentheses: `a JOIN (b JOIN c ON x) ON y` has a kJoin on the right.
struct JoinExpression : TableExpressionOf<TableExpressionKind::kJoin> {
  JoinType type = JoinType::kInner;
  TableExpressionPtr left;
  TableExpressionPtr right;
  ExpressionPtr on;                 // at most one of `on` and `columns`
  std::vector<Identifier> columns;  // USING (...)
};

// ---- SELECT
// ---------------------------------------------------------------------------------------------------------

enum class SelectItemKind {
  kExpression,     // expression [[AS] alias]
  kStar,           // *
  kQualifiedStar,  // expression.* (t.*, a.b.*, f(x).*)
};

struct StarReplacement {
  ExpressionPtr expression;
  Identifier name;
};

struct SelectItem {
  SelectItemKind kind = SelectItemKind::kExpression;
  ExpressionPtr expression;              // null for kStar
  std::optional<Identifier> alias;       // kExpression
  std::vector<Identifier> except;        // stars: EXCEPT (a, b)
  std::vector<StarReplacement> replace;  // stars: REPLACE (x AS a)
  Position position;
};

enum class GroupingItemKind {
  kExpression,    // one entry in `expressions`; an integer literal is an ordinal
  kRollup,        // ROLLUP(sets)
  kCube,          // CUBE(sets)
  kGroupingSets,  // GROUPING SETS(items), each kExpression, kRollup, kCube or kEmpty; (a, b) is a tuple
                  // expression
  kEmpty,         // ()
};

struct GroupingItem {
  GroupingItemKind kind = GroupingItemKind::kExpression;
  std::vector<ExpressionPtr> expressions;  // kExpression: one; kRollup, kCube: the list
  std::vector<GroupingItem> items;         // kGroupingSets
  std::optional<Identifier> alias;         // GROUP BY expression AS alias
  Position position;
};

struct GroupByClause {
  bool all = false;  // GROUP BY ALL
  std::vector<GroupingItem> items;
  Position position;
};

struct NamedWindow {
  Identifier name;
  WindowSpecification window;
};

// ---- Queries
// --------------------------------------------------------------------------------------------------------

enum class QueryExpressionKind { kSelect, kSetOperation, kNested };

struct QueryExpression {
  explicit QueryExpression(QueryExpressionKind k) : kind(k) {}
  virtual ~QueryExpression() = default;
  QueryExpression(const QueryExpression&) = delete;
  QueryExpression& operator=(const QueryExpression&) = delete;

  const QueryExpressionKind kind;
  Position position;
};

using QueryExpressionPtr = std::unique_ptr<QueryExpression>;

template <QueryExpressionKind K>
struct QueryExpressionOf : QueryExpression {
  static constexpr QueryExpressionKind kKind = K;
  QueryExpressionOf() : QueryExpression(K) {}
};

enum class SelectAs { kNone, kStruct, kValue, kTypeName };

struct Select : QueryExpressionOf<QueryExpressionKind::kSelect> {
  bool distinct = false;
  SelectAs as = SelectAs::kNone;
  std::vector<Identifier> as_type;  // kTypeName: SELECT AS some.proto.Type (refused by the service)
  std::vector<SelectItem> items;
  TableExpressionPtr from;  // null without FROM
  ExpressionPtr where;
  std::optional<GroupByClause> group_by;
  ExpressionPtr having;
  ExpressionPtr qualify;
  std::vector<NamedWindow> windows;
};

enum class SetOperator { kUnion, kIntersect, kExcept };

// Which columns a set operation by name gives: all inputs have the same, those that all have, those of the
// first, those of any.
enum class NameMatching { kStrict, kInner, kLeft, kFull };

// BY NAME [ON (...)] or CORRESPONDING [BY (...)], which differ in what they are without a mode: kStrict and
// kInner.
struct MatchByName {
  NameMatching matching = NameMatching::kStrict;
  bool corresponding = false;
  std::vector<Identifier> columns;  // of ON or BY; empty: there is none
};

// a UNION ALL b UNION ALL c in one node: a text without parentheses may repeat one operator only, as in the
// service. At least two inputs.
struct SetOperation : QueryExpressionOf<QueryExpressionKind::kSetOperation> {
  SetOperator op = SetOperator::kUnion;
  Position op_position;
  bool distinct = false;               // else ALL
  std::optional<MatchByName> by_name;  // else by position
  std::vector<QueryExpressionPtr> inputs;
};

// (query): with its own WITH, ORDER BY and LIMIT.
struct NestedQuery : QueryExpressionOf<QueryExpressionKind::kNested> {
  QueryPtr query;

  NestedQuery();
  ~NestedQuery() override;
};

struct WithEntry {
  Identifier name;
  QueryPtr query;

  WithEntry();
  ~WithEntry();
  WithEntry(WithEntry&&) noexcept;
  WithEntry& operator=(WithEntry&&) noexcept;
};

struct Query {
  bool recursive = false;
  std::vector<WithEntry> with;
  QueryExpressionPtr body;
  std::vector<OrderByItem> order_by;
  ExpressionPtr limit;   // null without LIMIT
  ExpressionPtr offset;  // null without OFFSET
  Position position;
};

}  // namespace bqcdc::emulator::sql
