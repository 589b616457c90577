#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/emulator/sql/parser/unparser.h"

namespace bqcdc::emulator::sql {

// The walker behind unparser.h. Appends to one text.
class Unparser {
 public:
  explicit Unparser(const UnparseOptions& options) : options_(options) {}

  std::string TakeText() { return std::move(text_); }

  // ---- unparse_expression.cc, unparse_call.cc
  void Write(const Expression& expression);
  void Write(const TypeName& type);
  // ---- unparse_query.cc, unparse_from.cc
  void Write(const Query& query);
  void Write(const QueryExpression& query);
  void Write(const TableExpression& table);
  // ---- unparse_statement.cc, unparse_alter.cc
  void Write(const Statement& statement);

 private:
  void Add(std::string_view text) { text_.append(text); }
  // `first` is false behind a dot, where reserved words are names.
  void WriteName(const Identifier& name, bool first = true);
  void WritePath(const std::vector<Identifier>& names);
  void WriteNames(const std::vector<Identifier>& names);  // (a, b)
  void WriteAlias(const std::optional<Identifier>& alias);
  void WriteOptional(std::string_view prefix, const ExpressionPtr& expression);
  void WriteList(const std::vector<ExpressionPtr>& expressions);
  // Calls `write` for each item, with ", " between.
  template <typename Items, typename Function>
  void Join(const Items& items, Function write, std::string_view separator = ", ") {
    bool first = true;
    for (const auto& item : items) {
      if (!first) Add(separator);
      first = false;
      write(item);
    }
  }

  // In parentheses where it binds more loosely than `level`.
  void WriteAt(const Expression& expression, int level);
  // Where an operand of a comparison may stand; where only something that takes `.field` may.
  void WriteOperand(const Expression& expression);
  void WritePrimary(const Expression& expression);
  void WriteBare(const Expression& expression);
  void WriteUnary(const UnaryExpression& unary);
  void WriteBinary(const BinaryExpression& binary);
  void WriteLogical(const LogicalExpression& logical);
  void WriteIsTest(const IsTestExpression& test);
  void WriteLike(const LikeExpression& like);
  void WriteValueSet(const ValueSet& set);
  void WriteCase(const CaseExpression& node);
  void WriteFieldAccess(const FieldAccess& access);
  void WriteSubscript(const SubscriptExpression& subscript);
  void WriteInterval(const IntervalExpression& interval);
  void WriteDatePart(const DatePart& part);
  void WriteCast(const CastExpression& cast);
  void WriteArray(const ArrayConstructor& array);
  void WriteStruct(const StructConstructor& node);
  void WriteSubquery(const SubqueryExpression& subquery);
  void WriteWith(const WithExpression& with);

  void WriteCall(const FunctionCall& call);
  void WriteArgument(const FunctionArgument& argument);
  void WriteLambda(const LambdaExpression& lambda);
  void WriteOrderBy(const std::vector<OrderByItem>& items);
  void WriteWindow(const WindowSpecification& window);
  void WriteFrameBound(const FrameBound& bound);

  void WriteSelect(const Select& select);
  void WriteSelectItem(const SelectItem& item);
  void WriteSetOperation(const SetOperation& operation);
  void WriteGroupingItem(const GroupingItem& item);
  void WriteJoin(const JoinExpression& join);
  void WriteTableSuffixes(const TableExpression& table);
  void WriteWithOffset(const std::optional<WithOffset>& offset);
  void WritePivot(const PivotClause& pivot);
  void WritePivotColumns(const std::vector<PivotColumn>& columns);
  void WriteUnpivot(const UnpivotClause& unpivot);

  void WriteColumnAttributes(const TypeName& type, const ColumnAttributes& attributes);
  void WriteColumn(const ColumnDefinition& column);
  void WritePrimaryKey(const PrimaryKeyConstraint& key);
  void WriteForeignKey(const ForeignKeyConstraint& key);
  void WriteReference(const ForeignKeyReference& reference);
  void WriteOptions(const OptionsList& options);
  void WriteOptionalOptions(const std::optional<OptionsList>& options);
  void WriteDefaultCollate(const std::optional<std::string>& collate);
  void WriteCreateTable(const CreateTableStatement& statement);
  void WriteTableElements(const CreateTableStatement& statement);
  void WriteCreateView(const CreateViewStatement& statement);
  void WriteCreateSchema(const CreateSchemaStatement& statement);
  // unparse_script.cc
  void WriteList(const std::vector<StatementPtr>& statements);
  void WriteDeclare(const DeclareStatement& statement);
  void WriteSet(const SetStatement& statement);
  void WriteBlock(const BlockStatement& statement);
  void WriteIf(const IfStatement& statement);
  void WriteLoop(const LoopStatement& statement);
  void WriteJump(const JumpStatement& statement);
  void WriteAlterSchema(const AlterSchemaStatement& statement);
  void WriteAlterTable(const AlterTableStatement& statement);
  void WriteAction(const AlterTableAction& action);
  void WriteAlterColumn(const AlterColumnAction& action);
  void WriteDrop(const DropStatement& statement);
  void WriteInsert(const InsertStatement& statement);
  void WriteRow(const InsertRow& row);
  void WriteUpdate(const UpdateStatement& statement);
  void WriteUpdateItems(const std::vector<UpdateItem>& items);
  void WriteDelete(const DeleteStatement& statement);
  void WriteMerge(const MergeStatement& statement);
  void WriteMergeClause(const MergeClause& clause);

  const UnparseOptions options_;
  std::string text_;
};

}  // namespace bqcdc::emulator::sql
