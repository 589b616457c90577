#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/sql/analyzer/resolved_query.h"

namespace bqcdc::emulator::sql {

// Gives the DuckDB relation of a stored table: see engine::ReadSession.
class RelationSource {
 public:
  virtual ~RelationSource() = default;
  virtual absl::StatusOr<std::string> RelationSql(const catalog::Table& table) = 0;
  virtual absl::StatusOr<std::string> NumberedRelationSql(const catalog::Table& table) = 0;
};

// Writes a typed tree as DuckDB's SQL. Every column is called c<id>, so that names never clash and a
// correlated reference is just its column's name. One for each statement; not thread-safe.
class Generator {
 public:
  // `query_time` is what CURRENT_TIMESTAMP gives.
  Generator(RelationSource& relations, absl::Time query_time)
      : relations_(relations), query_time_(query_time) {}

  // A SELECT with the outputs in order.
  absl::StatusOr<std::string> Query(const ResolvedQuery& query);
  absl::StatusOr<std::string> Expression(const ResolvedExpression& expression);
  // A constant with its type.
  static std::string Literal(const Value& value);

 private:
  using Text = absl::StatusOr<std::string>;

  // scan_generator.cc: `list` is the SELECT list; empty: all columns of the scan.
  Text Scan(const ResolvedScan& scan, const std::string& list);
  Text Relation(const ResolvedScan& scan);
  Text Project(const ProjectScan& scan, const std::string& list);
  Text Join(const JoinScan& scan, const std::string& list);
  Text Unnest(const UnnestScan& scan, const std::string& list);
  Text Aggregate(const AggregateScan& scan, const std::string& list);
  Text Window(const WindowScan& scan, const std::string& list);
  Text SetOperation(const SetOperationScan& scan, const std::string& list);
  Text With(const WithScan& scan, const std::string& list);
  Text Recursion(const WithScan::Entry& entry, const std::string& base);
  Text Table(const TableScan& scan, const std::string& list);
  Text ArraySubquery(const ResolvedSubquery& subquery);

  // generator.cc
  Text ExpressionText(const ResolvedExpression& expression);
  absl::Status CheckTextBytes(size_t bytes, const Position& position) const;
  Text Call(const ResolvedCall& call);
  Text Subquery(const ResolvedSubquery& subquery);
  Text MakeStruct(const ResolvedMakeStruct& row);

  // cast_generator.cc: `value` has the type `from`.
  static Text Cast(const std::string& value, const Type& from, const Type& to, bool safe,
                   const Position& position);

  // special_forms.cc
  Text SpecialForm(const ResolvedCall& call, const std::vector<std::string>& arguments);
  Text CurrentTime(const std::string& name, const std::vector<std::string>& arguments);
  // Here a text is that of the expression before it. A STRUCT made on the spot is never read out of its text,
  // which would grow with the square of its fields: a row of a wide table is one.
  Text EqualOf(const ResolvedExpression& a, const std::string& a_text, const ResolvedExpression& b,
               const std::string& b_text);
  Text InOf(const ResolvedCall& call, const std::vector<std::string>& arguments);
  Text JsonOf(const ResolvedExpression& value, const std::string& text, bool to_json);
  // Of a STRUCT that is read field by field, with all of its text for each.
  absl::Status CheckFieldTexts(const ResolvedExpression& value, const std::string& text) const;

  // aggregate_generator.cc
  Text AggregateCall(const ResolvedAggregateCall& call);
  Text WindowClause(const ResolvedAggregateCall& call);
  Text OrderBy(const std::vector<ResolvedOrderItem>& items);

  RelationSource& relations_;
  const absl::Time query_time_;
  size_t given_bytes_ = 0;  // of the text so far: constants and tables
};

// c<id>.
std::string ColumnName(ColumnId id);
// The keys of an ORDER BY for `value`: NaN sorts before every other number and after NULL.
std::string SortKey(const std::string& value, const Type& type, bool descending, bool nulls_first);
// `a = b` and `a < b` as GoogleSQL has it: NaN equals nothing, STRUCTs compare field by field.
std::string EqualText(const std::string& a, const std::string& b, const Type& type);
// The ends of a RANGE of DuckDB's form, NULL where they are open; a RANGE of such ends. `safe`: NULL in place
// of an error.
std::string RangeEnd(const std::string& range, const Type& element, bool is_start);
std::string MakeRange(const std::string& start, const std::string& end, const Type& element, bool safe);
// An expression that fails with `message`, a DuckDB expression of text.
std::string RaiseText(const std::string& message);

// Fills a form of the function table; see function_table.h. `bracket` renders what stands in [ ].
std::string FillForm(std::string_view form, const std::vector<std::string>& arguments, bool safe);

// JSON text of `value`, with the formats of TO_JSON_STRING, or of TO_JSON, which writes wide numbers as such.
absl::StatusOr<std::string> JsonText(const std::string& value, const Type& type, bool to_json,
                                     const Position& position);

}  // namespace bqcdc::emulator::sql
