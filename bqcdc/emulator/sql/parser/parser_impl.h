#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/emulator/sql/parser/token_stream.h"

namespace bqcdc::emulator::sql {

// The recursive descent behind parser.h: one method for each rule of the grammar, one .cc file for each part
// of it. A method is called with the cursor at the first token of its rule, and leaves it behind the last.
class Parser {
 public:
  Parser(std::string_view text, TokenStream tokens) : text_(text), tokens_(std::move(tokens)) {}

  absl::StatusOr<Script> ParseScript();
  absl::StatusOr<ExpressionPtr> ParseExpression();
  absl::StatusOr<TypeNamePtr> ParseType();
  // Fails unless everything was consumed.
  absl::Status ExpectEnd() const;

 private:
  // Counts a level of recursion for its lifetime, and afterwards a level of the tree.
  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser), outer_height_(std::exchange(parser.height_, 0)) {
      ++parser_.depth_;
    }
    ~Nesting() {
      --parser_.depth_;
      parser_.height_ = std::max(outer_height_, parser_.height_ + 1);
    }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    absl::Status status() const;

   private:
    Parser& parser_;
    const int outer_height_;
  };

  // What is read in its lifetime stands beside what was read before, not below it.
  class Beside {
   public:
    explicit Beside(Parser& parser) : parser_(parser), left_height_(std::exchange(parser.height_, 0)) {}
    ~Beside() { parser_.height_ = std::max(left_height_, parser_.height_); }
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;

   private:
    Parser& parser_;
    const int left_height_;
  };

  // Everything read so far in this rule moves one level down: called for each link of a chain such as a + b +
  // c.
  absl::Status Deepen();

  // ---- names (parse_name.cc)
  absl::StatusOr<Identifier> ParseName();
  // A name behind a dot, where reserved words are names, too.
  absl::StatusOr<Identifier> ParseMemberName();
  // AS name, or a bare name; empty where none follows.
  absl::StatusOr<std::optional<Identifier>> ParseAlias();
  absl::StatusOr<std::vector<Identifier>> ParsePath();
  absl::StatusOr<std::vector<Identifier>> ParseNameList();  // (a, b)
  absl::StatusOr<TablePath> ParseTablePath();
  absl::Status AppendDashedNames(std::vector<Identifier>& names);
  absl::StatusOr<std::string> ParseStringText();
  static absl::StatusOr<std::vector<Identifier>> SplitQuotedPath(std::vector<Identifier> names);

  // ---- operators (parse_expression.cc)
  absl::StatusOr<ExpressionPtr> ParseLogical(LogicalOperator op);
  absl::StatusOr<ExpressionPtr> ParseNot();
  absl::StatusOr<ExpressionPtr> ParseComparison();
  bool StartsComparison() const;
  absl::StatusOr<ExpressionPtr> ParseComparisonTail(ExpressionPtr left);
  absl::StatusOr<ExpressionPtr> ParseIsTail(ExpressionPtr left);
  absl::StatusOr<ExpressionPtr> ParseInTail(ExpressionPtr left, bool negated);
  absl::StatusOr<ExpressionPtr> ParseBetweenTail(ExpressionPtr left, bool negated);
  absl::StatusOr<ExpressionPtr> ParseLikeTail(ExpressionPtr left, bool negated);
  absl::StatusOr<ValueSet> ParseValueSet();
  // Operators of arithmetic and bits that bind at least as tightly as `precedence_min`.
  absl::StatusOr<ExpressionPtr> ParseBinary(int precedence_min);
  // Whatever may be an operand of a comparison.
  absl::StatusOr<ExpressionPtr> ParseOperand();
  absl::StatusOr<ExpressionPtr> ParseUnary();
  absl::StatusOr<ExpressionPtr> ParsePostfix();
  absl::StatusOr<ExpressionPtr> ParseSubscript(ExpressionPtr operand);
  absl::StatusOr<std::vector<ExpressionPtr>> ParseExpressionList();

  // ---- operands (parse_primary.cc, parse_constructor.cc)
  absl::StatusOr<ExpressionPtr> ParsePrimary();
  absl::StatusOr<ExpressionPtr> ParseReservedPrimary();
  absl::StatusOr<ExpressionPtr> ParseNumber();
  absl::StatusOr<ExpressionPtr> ParseParameter();
  absl::StatusOr<ExpressionPtr> ParseNameOrCall();
  absl::StatusOr<ExpressionPtr> ParseCase();
  absl::StatusOr<ExpressionPtr> ParseCast();
  absl::StatusOr<ExpressionPtr> ParseExtract();
  absl::StatusOr<ExpressionPtr> ParseInterval();
  absl::StatusOr<DatePart> ParseDatePart();
  absl::StatusOr<ExpressionPtr> ParseTypedLiteral();
  absl::StatusOr<ExpressionPtr> ParseWithExpression();
  bool StartsTypedLiteral() const;

  absl::StatusOr<ExpressionPtr> ParseParenthesized();
  absl::StatusOr<ExpressionPtr> ParseTuple(ExpressionPtr first, const Position& start);
  absl::StatusOr<ExpressionPtr> ParseArray();
  absl::StatusOr<ExpressionPtr> ParseArrayElements(std::unique_ptr<ArrayConstructor> array);
  absl::StatusOr<ExpressionPtr> ParseStruct();
  absl::StatusOr<ExpressionPtr> ParseSubquery(SubqueryMode mode, const Position& start);

  // ---- calls (parse_call.cc)
  absl::StatusOr<ExpressionPtr> ParseCall(std::vector<Identifier> name);
  absl::Status ParseArguments(std::vector<FunctionArgument>& arguments);
  absl::StatusOr<FunctionArgument> ParseArgument();
  absl::StatusOr<ExpressionPtr> ParseLambda(ExpressionPtr parameters);
  absl::Status ParseAggregateModifiers(FunctionCall& call);
  absl::StatusOr<WindowSpecification> ParseOver();
  absl::StatusOr<WindowSpecification> ParseWindowSpecification();
  absl::StatusOr<WindowFrame> ParseWindowFrame();
  absl::StatusOr<FrameBound> ParseFrameBound();
  absl::StatusOr<std::vector<OrderByItem>> ParseOrderByItems();
  absl::StatusOr<OrderByItem> ParseOrderByItem();

  // ---- types (parse_type.cc)
  absl::StatusOr<TypeNamePtr> ParseColumnType();  // with attributes of nested fields
  absl::StatusOr<TypeNamePtr> ParseTypeOf(bool in_column);
  absl::Status ParseStructFields(TypeName& type, bool in_column);
  absl::Status ParseTypeParameters(TypeName& type);

  // ---- queries (parse_query.cc, parse_select.cc)
  bool StartsQuery() const;
  absl::StatusOr<QueryPtr> ParseQuery();
  // A query whose first part, in parentheses, is already read.
  absl::StatusOr<QueryPtr> ParseQueryFrom(QueryExpressionPtr first, const Position& start);
  bool ContinuesQuery() const;
  absl::StatusOr<QueryExpressionPtr> ParseQueryExpression(QueryExpressionPtr first);
  absl::StatusOr<QueryExpressionPtr> ParseQueryPrimary();
  absl::Status ParseSetOperator(SetOperation& operation);
  bool StartsSetOperator() const;
  absl::Status ParseWithEntries(Query& query);

  absl::StatusOr<QueryExpressionPtr> ParseSelect();
  absl::Status ParseSelectModifiers(Select& select);
  absl::StatusOr<SelectItem> ParseSelectItem();
  absl::Status ParseStarModifiers(SelectItem& item);
  absl::StatusOr<GroupByClause> ParseGroupBy();
  absl::StatusOr<GroupingItem> ParseGroupingItem();
  absl::StatusOr<NamedWindow> ParseNamedWindow();
  bool EndsSelectList() const;

  // ---- FROM (parse_from.cc)
  absl::StatusOr<TableExpressionPtr> ParseFrom();
  absl::StatusOr<TableExpressionPtr> ParseJoins();
  bool ParseJoinType(JoinType& type);
  absl::Status ParseJoinCondition(JoinExpression& join);
  absl::StatusOr<TableExpressionPtr> ParseTableFactor();
  absl::StatusOr<TableExpressionPtr> ParseParenthesizedTable();
  absl::StatusOr<TableExpressionPtr> ParseTableQuery(QueryPtr query, const Position& start);
  absl::StatusOr<TableExpressionPtr> ParseUnnest();
  absl::StatusOr<TableExpressionPtr> ParseNamedTable();
  absl::Status ParseTableSuffixes(TableExpression& table);
  absl::Status ParseSystemTime(ExpressionPtr& time);
  absl::StatusOr<std::optional<WithOffset>> ParseWithOffset();
  absl::StatusOr<std::unique_ptr<PivotClause>> ParsePivot();
  absl::StatusOr<std::vector<PivotColumn>> ParsePivotColumns();
  absl::StatusOr<std::unique_ptr<UnpivotClause>> ParseUnpivot();
  absl::StatusOr<UnpivotClause::Source> ParseUnpivotSource();
  absl::StatusOr<std::unique_ptr<TableSample>> ParseTableSample();

  // ---- statements (parser.cc, parse_ddl.cc, parse_create_table.cc, parse_alter.cc, parse_dml.cc)
  absl::StatusOr<StatementPtr> ParseStatement();
  StatementPtr ParseUnsupported();
  // parse_script.cc
  absl::StatusOr<std::vector<StatementPtr>> ParseStatementList(std::initializer_list<std::string_view> ends);
  absl::StatusOr<StatementPtr> ParseDeclare();
  absl::StatusOr<StatementPtr> ParseSet();
  absl::StatusOr<StatementPtr> ParseBlock();
  absl::StatusOr<StatementPtr> ParseIf();
  absl::StatusOr<StatementPtr> ParseLoop();
  StatementPtr ParseJump();
  absl::StatusOr<StatementPtr> ParseCreate();
  absl::StatusOr<StatementPtr> ParseCreateView(bool or_replace);
  absl::StatusOr<StatementPtr> ParseCreateSchema(bool or_replace);
  absl::StatusOr<StatementPtr> ParseDrop();
  absl::StatusOr<StatementPtr> ParseAlterSchema();
  absl::StatusOr<OptionsList> ParseOptions();
  absl::Status ParseOptionalOptions(std::optional<OptionsList>& options);
  absl::Status ParseDefaultCollate(std::optional<std::string>& collate);

  absl::StatusOr<StatementPtr> ParseCreateTable(bool or_replace, bool temporary);
  absl::Status ParseTableElements(CreateTableStatement& statement);
  absl::Status ParseTableElement(CreateTableStatement& statement);
  absl::Status ParseTableSource(CreateTableStatement& statement);
  absl::Status ParsePhysicalClauses(CreateTableStatement& statement);
  absl::StatusOr<ColumnDefinition> ParseColumnDefinition();
  absl::Status ParseColumnAttributes(TypeName& type, ColumnAttributes& attributes);
  absl::StatusOr<bool> ParseColumnAttribute(TypeName& type, ColumnAttributes& attributes);
  absl::StatusOr<PrimaryKeyConstraint> ParsePrimaryKey(std::optional<Identifier> name);
  absl::StatusOr<ForeignKeyConstraint> ParseForeignKey(std::optional<Identifier> name);
  absl::StatusOr<ForeignKeyReference> ParseReferences();
  // [NOT ENFORCED | ENFORCED]
  bool ParseEnforced();

  absl::StatusOr<StatementPtr> ParseAlterTable();
  absl::StatusOr<AlterTableActionPtr> ParseAlterTableAction();
  absl::StatusOr<AlterTableActionPtr> ParseAlterSet();
  absl::StatusOr<AlterTableActionPtr> ParseAlterAdd();
  absl::StatusOr<AlterTableActionPtr> ParseAlterDrop();
  absl::StatusOr<AlterTableActionPtr> ParseAlterRename();
  absl::StatusOr<AlterTableActionPtr> ParseAlterColumn();

  absl::StatusOr<StatementPtr> ParseInsert();
  absl::StatusOr<InsertRow> ParseInsertRow();
  absl::StatusOr<ExpressionPtr> ParseValueOrDefault();
  absl::StatusOr<StatementPtr> ParseUpdate();
  absl::StatusOr<std::vector<UpdateItem>> ParseUpdateItems();
  absl::StatusOr<StatementPtr> ParseDelete();
  absl::StatusOr<StatementPtr> ParseMerge();
  absl::StatusOr<MergeClause> ParseMergeClause();
  absl::Status ParseMergeAction(MergeClause& clause);
  absl::StatusOr<StatementPtr> ParseTruncate();

  // A node that begins at the cursor.
  template <typename Node>
  std::unique_ptr<Node> Make() const {
    return MakeAt<Node>(tokens_.position());
  }
  template <typename Node>
  static std::unique_ptr<Node> MakeAt(const Position& position) {
    auto node = std::make_unique<Node>();
    node->position = position;
    return node;
  }

  const std::string_view text_;
  TokenStream tokens_;
  int depth_ = 0;
  int height_ = 0;
  int positional_parameter_count_ = 0;
};

}  // namespace bqcdc::emulator::sql
