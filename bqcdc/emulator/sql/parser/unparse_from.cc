// FROM.

#include <string_view>

#include "bqcdc/emulator/sql/parser/unparser_impl.h"

namespace bqcdc::emulator::sql {
namespace {

std::string_view TextOf(JoinType type) {
  switch (type) {
    case JoinType::kComma:
      return ", ";
    case JoinType::kCross:
      return " CROSS JOIN ";
    case JoinType::kInner:
      return " INNER JOIN ";
    case JoinType::kLeft:
      return " LEFT JOIN ";
    case JoinType::kRight:
      return " RIGHT JOIN ";
    case JoinType::kFull:
      return " FULL JOIN ";
  }
  return "";
}

}  // namespace

void Unparser::Write(const TableExpression& table) {
  switch (table.kind) {
    case TableExpressionKind::kTable:
      WritePath(As<TableReference>(table).path.names);
      WriteTableSuffixes(table);
      WriteOptional(" FOR SYSTEM_TIME AS OF ", As<TableReference>(table).system_time);
      return WriteWithOffset(As<TableReference>(table).with_offset);
    case TableExpressionKind::kSubquery:
      Add("(");
      Write(*As<TableSubquery>(table).query);
      Add(")");
      return WriteTableSuffixes(table);
    case TableExpressionKind::kUnnest:
      Add("UNNEST(");
      Write(*As<UnnestExpression>(table).array);
      Add(")");
      WriteAlias(table.alias);
      WriteWithOffset(As<UnnestExpression>(table).with_offset);
      return WriteTableSuffixes(table);
    case TableExpressionKind::kTableFunction:
      WritePath(As<TableFunction>(table).name);
      Add("(");
      Join(As<TableFunction>(table).arguments,
           [&](const FunctionArgument& argument) { WriteArgument(argument); });
      Add(")");
      return WriteTableSuffixes(table);
    case TableExpressionKind::kJoin:
      return WriteJoin(As<JoinExpression>(table));
  }
}

void Unparser::WriteJoin(const JoinExpression& join) {
  Write(*join.left);
  Add(TextOf(join.type));
  const bool parentheses = join.right->kind == TableExpressionKind::kJoin;
  if (parentheses) Add("(");
  Write(*join.right);
  if (parentheses) Add(")");
  WriteOptional(" ON ", join.on);
  if (join.columns.empty()) return;
  Add(" USING ");
  WriteNames(join.columns);
}

void Unparser::WriteTableSuffixes(const TableExpression& table) {
  if (table.kind != TableExpressionKind::kUnnest) WriteAlias(table.alias);
  if (table.pivot != nullptr) WritePivot(*table.pivot);
  if (table.unpivot != nullptr) WriteUnpivot(*table.unpivot);
  if (table.sample == nullptr) return;
  Add(" TABLESAMPLE ");
  WriteName(table.sample->method);
  WriteOptional(" (", table.sample->size);
  Add(table.sample->percent ? " PERCENT)" : " ROWS)");
}

void Unparser::WriteWithOffset(const std::optional<WithOffset>& offset) {
  if (!offset) return;
  Add(" WITH OFFSET");
  WriteAlias(offset->alias);
}

void Unparser::WritePivot(const PivotClause& pivot) {
  Add(" PIVOT(");
  WritePivotColumns(pivot.aggregates);
  Add(" FOR ");
  WriteOperand(*pivot.input);
  Add(" IN (");
  WritePivotColumns(pivot.values);
  Add("))");
  WriteAlias(pivot.alias);
}

void Unparser::WritePivotColumns(const std::vector<PivotColumn>& columns) {
  Join(columns, [&](const PivotColumn& column) {
    Write(*column.expression);
    WriteAlias(column.alias);
  });
}

void Unparser::WriteUnpivot(const UnpivotClause& unpivot) {
  Add(unpivot.include_nulls ? " UNPIVOT INCLUDE NULLS (" : " UNPIVOT(");
  if (unpivot.values.size() == 1) {
    WriteName(unpivot.values.front());
  } else {
    WriteNames(unpivot.values);
  }
  Add(" FOR ");
  WriteName(unpivot.name);
  Add(" IN (");
  Join(unpivot.sources, [&](const UnpivotClause::Source& source) {
    if (source.columns.size() > 1) Add("(");
    Join(source.columns, [&](const std::vector<Identifier>& column) { WritePath(column); });
    if (source.columns.size() > 1) Add(")");
    WriteOptional(" AS ", source.label);
  });
  Add("))");
  WriteAlias(unpivot.alias);
}

}  // namespace bqcdc::emulator::sql
