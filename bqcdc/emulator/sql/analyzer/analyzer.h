#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/sql/analyzer/limits.h"
#include "bqcdc/emulator/sql/analyzer/resolved_query.h"
#include "bqcdc/emulator/sql/analyzer/scope.h"
#include "bqcdc/emulator/sql/analyzer/table_provider.h"
#include "bqcdc/emulator/sql/functions/function_table.h"
#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/emulator/sql/types/coercion.h"

namespace bqcdc::emulator::sql {

// What a statement may refer to besides its text.
struct AnalyzerOptions {
  std::string project;
  std::optional<catalog::DatasetId> default_dataset;
  // Values of @name (lower case) and of ?.
  std::map<std::string, Value> named_parameters;
  std::vector<Value> positional_parameters;
  // Values of the script's variables (lower case); columns of the same name go first.
  std::map<std::string, Value> variables;
};

// What the names of a query's columns must be: a result's differ, an INSERT takes columns by their place.
enum class OutputNames { kDistinct, kAny };

// Makes the typed tree of a query: resolves names, functions and types. Errors are InvalidArgument in the
// service's words with a position, or NotFound for tables. Made for one statement; not thread-safe.
class Analyzer {
 public:
  Analyzer(const AnalyzerOptions& options, TableProvider& tables) : options_(options), tables_(tables) {}

  // A top-level query: output columns are named (f0_, f1_, ...).
  absl::StatusOr<ResolvedQuery> AnalyzeQuery(const Query& query, OutputNames names = OutputNames::kDistinct);
  // The same for the text of a view, whose partitions may be restricted by what reads it.
  absl::StatusOr<ResolvedQuery> AnalyzeViewText(const Query& query,
                                                OutputNames names = OutputNames::kDistinct);
  // The text that defines `view`: refused where it reads `view`, itself or through another view.
  absl::StatusOr<ResolvedQuery> AnalyzeViewDefinition(const Query& query, const catalog::TableId& view);
  // An expression without columns, converted to `type` as an assignment does.
  absl::StatusOr<ResolvedExpressionPtr> AnalyzeConstant(const Expression& expression, const Type& type);
  absl::StatusOr<ResolvedExpressionPtr> AnalyzeConstant(const Expression& expression);

  // The default of a column; NULL, or an empty array, without one.
  absl::StatusOr<ResolvedExpressionPtr> AnalyzeDefault(const schema::Column& column);

  // What a statement does to rows of its table, as a query for engine::RowChanges: the change, the number of
  // the row, the table's columns.
  absl::StatusOr<ResolvedQuery> AnalyzeDelete(const DeleteStatement& statement);
  absl::StatusOr<ResolvedQuery> AnalyzeUpdate(const UpdateStatement& statement);
  absl::StatusOr<ResolvedQuery> AnalyzeMerge(const MergeStatement& statement);
  absl::StatusOr<ResolvedQuery> AnalyzeTruncate(const TruncateStatement& statement);

  // Converts `expression` to `type` where assignment allows it: coercion, and for `what` the words of the
  // error.
  absl::StatusOr<ResolvedExpressionPtr> CoerceForAssignment(ResolvedExpressionPtr expression,
                                                            const Type& type, std::string_view target);

  // What an output of a query is to whatever takes it: a literal in a plain SELECT is one there, too.
  static ArgumentType OutputArgument(const ResolvedScan& scan, const OutputColumn& output);
  // The output converted to `type`, to which it has to be coercible, for a scan above `scan`. A literal moves
  // up into it, so that this is the only reader of the output.
  absl::StatusOr<ResolvedExpressionPtr> ConvertOutput(ResolvedScan& scan, const OutputColumn& output,
                                                      const Type& type);

  absl::StatusOr<Type> ResolveType(const TypeName& name);
  // Completes a path of a table by the project and the default dataset.
  absl::StatusOr<catalog::TableId> ResolveTablePath(const TablePath& path) const;

  // Adds a column to the projection.
  ColumnId Compute(ResolvedExpressionPtr expression, ProjectScan& project);

 private:
  ColumnId NewColumn() { return next_column_++; }

  struct SelectItemState;
  struct SelectState;
  // Where an expression stands, and what is allowed there.
  struct Context {
    const Scope* scope = nullptr;
    SelectState* select = nullptr;  // null: no aggregates, no window functions
    bool allow_aggregates = false;
    bool allow_windows = false;
    bool use_aliases = false;     // names of the SELECT list come first
    bool after_distinct = false;  // they are the columns of SELECT DISTINCT
    bool inside_aggregate = false;
    std::string clause;  // for refusals: "WHERE clause"
  };
  struct WithEntry {
    std::string unique_name;
    std::vector<OutputColumn> outputs;
    bool is_value_table = false;
    // While its recursive term is analysed: the column that counts the iterations, and who reads it.
    std::optional<ColumnId> iteration;
    int references = 0;
  };
  struct QueryResult {
    ResolvedScanPtr scan;
    std::vector<OutputColumn> outputs;  // anonymous columns have no name
    bool is_value_table = false;        // SELECT AS STRUCT, SELECT AS VALUE
  };
  struct FromResult {
    ResolvedScanPtr scan;
    NameList names;
  };
  using ExpressionResult = absl::StatusOr<ResolvedExpressionPtr>;

  // query_analysis.cc
  absl::StatusOr<QueryResult> AnalyzeQueryIn(const Query& query, const Scope* outer);
  absl::StatusOr<QueryResult> AnalyzeBody(const QueryExpression& body, const Query* owner,
                                          const Scope* outer);
  absl::StatusOr<QueryResult> AnalyzeSetOperation(const SetOperation& operation, const Scope* outer);
  // set_operation_analysis.cc
  absl::StatusOr<QueryResult> CombineInputs(const SetOperation& operation, const std::string& name,
                                            std::vector<QueryResult> inputs);
  absl::Status CheckColumnCount(const SetOperation& operation, const std::string& name,
                                const std::vector<QueryResult>& inputs);
  absl::Status MatchColumns(const SetOperation& operation, std::vector<QueryResult>& inputs);
  static absl::StatusOr<std::vector<std::string>> CommonNames(const SetOperation& operation,
                                                              const std::vector<QueryResult>& inputs);
  static absl::StatusOr<std::vector<std::string>> ListedNames(const SetOperation& operation,
                                                              const std::vector<QueryResult>& inputs);
  OutputColumn AddNull(const std::string& name, QueryResult& input);
  // recursive_with.cc: null where an entry of WITH RECURSIVE has no form that may recur. Sets `recursion`
  // where it does; the result is the query that begins it, else the whole entry.
  static const SetOperation* RecursiveUnion(const Query& query);
  absl::StatusOr<QueryResult> AnalyzeRecursive(const std::string& name, const SetOperation& operation,
                                               const Scope* outer, WithEntry& known,
                                               std::optional<WithScan::Recursion>& recursion);
  absl::Status AnalyzeWith(const Query& query, const Scope* outer, std::vector<WithScan::Entry>& entries);
  absl::Status SortByOutputs(const std::vector<OrderByItem>& order_by, QueryResult& result,
                             const Scope* outer);
  absl::Status ApplyLimit(const Query& query, QueryResult& result);
  absl::StatusOr<int64_t> LimitValue(const Expression& expression, std::string_view clause);

  // select_analysis.cc
  absl::StatusOr<QueryResult> AnalyzeSelect(const Select& select, const Query* owner, const Scope* outer);
  absl::Status ExpandSelectItems(const Select& select, SelectState& state);
  absl::Status ExpandStar(const SelectItem& item, SelectState& state);
  absl::Status AnalyzeGroupBy(const GroupByClause& group_by, SelectState& state);
  absl::Status GroupByAll(const GroupByClause& group_by, SelectState& state);
  absl::Status AddGroupingItem(const GroupingItem& item, SelectState& state);
  absl::StatusOr<int> AddGroup(const Expression& expression, SelectState& state);
  ExpressionResult AnalyzeGroup(const Expression& expression, SelectState& state);
  // Groups by a column of the SELECT list.
  absl::StatusOr<int> AddGroupOfItem(int item, const Position& position, SelectState& state);
  absl::StatusOr<int> AddResolvedGroup(ResolvedExpressionPtr group, const Position& position,
                                       SelectState& state);
  absl::Status PlaceAggregates(SelectState& state);
  // Puts a projection over `input` with those arguments of `calls` that DuckDB must find as columns of it.
  void ComputeBelow(std::vector<AggregateColumn>& calls, ResolvedScanPtr& input);
  absl::Status CheckGrouped(ResolvedExpressionPtr& expression, SelectState& state, std::string_view what);
  absl::Status AnalyzeOrderBy(const Query& owner, SelectState& state);
  // For ORDER BY behind SELECT DISTINCT: paths of the SELECT list become its columns, others are refused.
  static absl::Status MoveAboveDistinct(ResolvedExpressionPtr& key, const SelectState& state);
  absl::StatusOr<QueryResult> FinishSelect(const Select& select, const Query* owner, SelectState& state);

  // join_analysis.cc
  static ResolvedScanPtr JoinScans(ResolvedJoinType type, ResolvedScanPtr left, ResolvedScanPtr right,
                                   ResolvedExpressionPtr condition);

  // from_analysis.cc
  absl::StatusOr<FromResult> AnalyzeFrom(const TableExpression& from, const Scope* outer, FromResult* left,
                                         ResolvedJoinType join, bool* absorbed);
  absl::StatusOr<FromResult> AnalyzeFromItem(const TableExpression& from, const Scope* outer,
                                             FromResult* left, ResolvedJoinType join, bool* absorbed);
  absl::Status CountColumns(size_t columns);
  absl::StatusOr<FromResult> AnalyzeTable(const TableReference& table, const Scope* outer);
  absl::StatusOr<FromResult> AnalyzeRangeSessionize(const TableFunction& function, const Scope* outer);
  absl::StatusOr<FromResult> AnalyzeTableSubquery(const TableSubquery& subquery, const Scope* outer);
  absl::StatusOr<FromResult> AnalyzeUnpivot(const UnpivotClause& unpivot, FromResult input);
  // pivot_analysis.cc
  struct PivotState;
  absl::StatusOr<FromResult> AnalyzePivot(const PivotClause& pivot, FromResult input, const Scope* outer);
  absl::Status AddPivotColumn(const PivotColumn& aggregate, const PivotColumn& value, PivotState& state);
  ExpressionResult PivotCondition(const PivotColumn& value, PivotState& state);
  absl::StatusOr<FromResult> AnalyzeWildcard(const TableReference& table, const catalog::TableId& id);
  absl::StatusOr<FromResult> AnalyzeStoredTable(const TableReference& table);
  // view_analysis.cc
  absl::StatusOr<FromResult> AnalyzeView(const TableReference& reference, const catalog::Table& view);
  // ingestion_time.cc: adds _PARTITIONTIME and _PARTITIONDATE to what a table's scan offers.
  absl::Status AddIngestionTime(const catalog::Table& table, FromResult& from);
  absl::StatusOr<FromResult> AnalyzeConstantTable(const TableReference& table, size_t schema_index);
  absl::StatusOr<FromResult> AnalyzeUnnest(const Expression* array, const TableReference* path,
                                           const TableExpression& node,
                                           const std::optional<WithOffset>& with_offset, const Scope* outer,
                                           FromResult* left, ResolvedJoinType join);
  absl::StatusOr<FromResult> AnalyzeJoin(const JoinExpression& join, const Scope* outer);
  absl::Status JoinUsing(const JoinExpression& join, FromResult& left, FromResult& right, JoinScan& scan,
                         NameList& names, std::vector<ComputedColumn>& computed);
  absl::StatusOr<FromResult> FromQueryResult(QueryResult result, const std::optional<Identifier>& alias);
  absl::Status RefuseTableModifiers(const TableExpression& table);

  // row_change_analysis.cc
  struct ChangedTable {
    FromResult from;
    catalog::Table table;
    TableScan* scan = nullptr;        // inside of `from`
    std::vector<ScanColumn> columns;  // in table order
    ColumnId row = 0;                 // the number of each row
  };
  absl::StatusOr<ChangedTable> AnalyzeChangedTable(const TablePath& path,
                                                   const std::optional<Identifier>& alias);
  // The range variable of `names` that is called as the target is; null where there is none.
  static const RangeVariable* VariableOf(const ChangedTable& target, const NameList& names);
  // `values` are the table's columns, as they shall be.
  absl::StatusOr<ResolvedQuery> MakeChanges(ResolvedScanPtr scan, ResolvedExpressionPtr change,
                                            const ChangedTable& target,
                                            std::vector<ResolvedExpressionPtr> values);
  absl::StatusOr<ResolvedQuery> DeleteAll(ResolvedScanPtr scan, const ChangedTable& target);
  static ResolvedScanPtr AddColumn(ResolvedScanPtr input, ColumnId id, ResolvedExpressionPtr value);

  // update_analysis.cc
  struct Assignment {
    ColumnId column = 0;
    std::vector<int> fields;  // of the part that is set, from the column inwards; empty: the column
    Type type;
    std::string text;  // as it is written
    ResolvedExpressionPtr value;
  };
  absl::StatusOr<Assignment> AnalyzeAssigned(const UpdateItem& item, const ChangedTable& target);
  ExpressionResult AnalyzeAssignedValue(const Expression& value, const Assignment& assignment,
                                        const ChangedTable& target, const Scope& scope);
  // All columns of the target as SET leaves them; values see the names of `scope`, and the old values.
  absl::StatusOr<std::vector<ResolvedExpressionPtr>> AnalyzeAssignments(const std::vector<UpdateItem>& items,
                                                                        const ChangedTable& target,
                                                                        const Scope& scope);
  // The part of `column` at `path`. A STRUCT of which a field is set is made anew of its fields.
  static ResolvedExpressionPtr AssignedPart(const ScanColumn& column, const Type& type,
                                            std::vector<int>& path, std::vector<Assignment>& assignments);

  // merge_analysis.cc
  struct MergeSides {
    ChangedTable target;
    NameList source;
    NameList both;
    ColumnId source_present = 0;  // NULL where a target row has no source row
  };
  struct MergeBranch {
    MergeActionKind action = MergeActionKind::kDelete;
    ResolvedExpressionPtr condition;
    std::vector<ResolvedExpressionPtr> values;  // empty: deletes
  };
  // The value of the clause whose number the column has; NULL where it is null.
  ExpressionResult ByClause(ColumnId clause, const Type& type, std::vector<ResolvedExpressionPtr> values);
  // Whether a MERGE looks at some partitions of its target only.
  static bool LooksAtSomePartitions(const std::vector<MergeClause>& clauses, ResolvedExpressionPtr& on,
                                    std::vector<MergeBranch>& branches, const ChangedTable& target);
  absl::StatusOr<MergeBranch> AnalyzeMergeClause(const MergeClause& clause, const MergeSides& sides);
  absl::StatusOr<std::vector<ResolvedExpressionPtr>> AnalyzeMergeInsert(const MergeClause& clause,
                                                                        const ChangedTable& target,
                                                                        const NameList& source);

  // expression_analysis.cc
  // A BOOL over the names in sight; `clause` in the words of the error.
  ExpressionResult AnalyzeCondition(const Expression& expression, const Scope& scope, std::string clause);
  // Whether the value is not NULL, or is.
  ExpressionResult IsThere(ResolvedExpressionPtr value, bool there, const Position& position);
  static ResolvedScanPtr Filter(ResolvedScanPtr input, ResolvedExpressionPtr predicate);
  ExpressionResult Analyze(const Expression& expression, Context& context);
  absl::Status CountExpressions(int64_t expressions, const Position& position);
  // The value of a parameter or a variable.
  ExpressionResult NamedValue(const Value& value, const Position& position);
  ExpressionResult AnalyzeLiteral(const Expression& expression);
  ExpressionResult AnalyzeTypedLiteral(const TypedLiteral& literal);
  ExpressionResult AnalyzePath(const PathExpression& path, Context& context);
  // The SELECT list's expression of that alias, analysed again; null where there is none.
  ExpressionResult AnalyzeAlias(const Identifier& name, Context& context);
  ExpressionResult FollowFields(ResolvedExpressionPtr base, const std::vector<Identifier>& names,
                                size_t next);
  ExpressionResult AnalyzeUnary(const UnaryExpression& unary, Context& context);
  ExpressionResult AnalyzeBinary(const BinaryExpression& binary, Context& context);
  ExpressionResult AnalyzeIn(const InExpression& in, Context& context);
  ExpressionResult AnalyzeLike(const LikeExpression& like, Context& context);
  ExpressionResult AnalyzeLikeArray(const LikeExpression& like, Context& context);
  ExpressionResult CompareLike(const LikeExpression& like, ResolvedExpressionPtr operand,
                               ResolvedExpressionPtr pattern);
  // The rows of a query with one column.
  static ExpressionResult ArrayOfRows(QueryResult query, const Position& position);
  ExpressionResult AnalyzeCase(const CaseExpression& expression, Context& context);
  ExpressionResult AnalyzeCast(const CastExpression& cast, Context& context);
  ExpressionResult AnalyzePlainCast(const CastExpression& cast, const TypeName& type_name, Context& context);
  ExpressionResult Constrain(ResolvedExpressionPtr value, const TypeName& name, bool safe);
  ExpressionResult AnalyzeExtract(const ExtractExpression& extract, Context& context);
  ExpressionResult AnalyzeInterval(const IntervalExpression& interval, Context& context);
  ExpressionResult AnalyzeArray(const ArrayConstructor& array, Context& context);
  ExpressionResult AnalyzeStruct(const StructConstructor& constructor, Context& context);
  ExpressionResult AnalyzeSubscript(const SubscriptExpression& subscript, Context& context);
  ExpressionResult AnalyzeSubquery(const SubqueryExpression& subquery, Context& context);
  ExpressionResult AnalyzeInSubquery(const InExpression& in, Context& context);
  ExpressionResult MakeCast(ResolvedExpressionPtr operand, const Type& type, bool safe,
                            const Position& position);
  absl::Status AnalyzeAll(const std::vector<ExpressionPtr>& expressions, Context& context,
                          std::vector<ResolvedExpressionPtr>& results);

  // call_analysis.cc
  ExpressionResult AnalyzeCall(const FunctionCall& call, Context& context);
  ExpressionResult AnalyzeAggregate(const FunctionCall& call, const std::string& name, Context& context);
  ExpressionResult AnalyzeGroupingCall(const FunctionCall& call, Context& context);
  absl::StatusOr<std::unique_ptr<ResolvedWindow>> AnalyzeWindow(const WindowSpecification& specification,
                                                                Context& context);
  absl::Status AnalyzeFrame(const WindowFrame& frame, Context& context, ResolvedWindow& window);
  absl::Status AnalyzeOrderItems(const std::vector<OrderByItem>& items, Context& context,
                                 std::vector<ResolvedOrderItem>& results);
  // Those that are given by position.
  absl::Status AnalyzeArguments(const FunctionCall& call, const std::string& name, Context& context,
                                std::vector<ResolvedExpressionPtr>& arguments);
  // named_arguments.cc: adds those that are given by name in the places of their parameters; returns the
  // function that takes them there.
  absl::StatusOr<std::string> TakeNamedArguments(const FunctionCall& call, const std::string& name,
                                                 Context& context,
                                                 std::vector<ResolvedExpressionPtr>& arguments);
  // CONCAT and || take what can be cast to STRING beside BYTES, which are not cast.
  absl::Status CastToConcatenate(std::vector<ResolvedExpressionPtr>& arguments);
  // Picks the signature of `name` for the arguments and coerces them.
  ExpressionResult Call(const std::string& name, std::vector<ResolvedExpressionPtr> arguments,
                        const Position& position, bool safe = false);
  struct Match {
    const FunctionSignature* signature = nullptr;
    Type type;
  };
  absl::StatusOr<Match> MatchSignature(const std::string& name, std::vector<ResolvedExpressionPtr>& arguments,
                                       const Position& position);
  ExpressionResult Coerce(ResolvedExpressionPtr expression, const Type& type);
  static ArgumentType ArgumentOf(const ResolvedExpression& expression);
  absl::StatusOr<Type> SupertypeOf(const std::vector<ResolvedExpressionPtr>& expressions,
                                   std::string_view what, const Position& position);
  absl::StatusOr<std::string> PartName(const Identifier& name,
                                       const std::optional<Identifier>& weekday) const;

  const AnalyzerOptions options_;
  TableProvider& tables_;
  ColumnId next_column_ = 1;
  int next_with_ = 1;
  int depth_ = 0;
  std::optional<catalog::TableId> defined_view_;  // see AnalyzeViewDefinition
  int view_depth_ = 0;
  int view_readings_ = 0;
  size_t columns_ = 0;       // of kStatementColumnsMax
  int64_t expressions_ = 0;  // of kStatementExpressionsMax
  // Names of WITH in sight, innermost last.
  std::vector<std::pair<std::string, WithEntry>> with_;
};

}  // namespace bqcdc::emulator::sql
