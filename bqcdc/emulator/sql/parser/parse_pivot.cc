// PIVOT and UNPIVOT.

#include <utility>
#include <vector>

#include "bqcdc/emulator/sql/parser/parser_impl.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<std::unique_ptr<PivotClause>> Parser::ParsePivot() {
  auto pivot = Make<PivotClause>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("PIVOT"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(pivot->aggregates, ParsePivotColumns());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("FOR"));
  BQCDC_ASSIGN_OR_RETURN(pivot->input, ParseOperand());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("IN"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  BQCDC_ASSIGN_OR_RETURN(pivot->values, ParsePivotColumns());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  BQCDC_ASSIGN_OR_RETURN(pivot->alias, ParseAlias());
  return pivot;
}

absl::StatusOr<std::vector<PivotColumn>> Parser::ParsePivotColumns() {
  std::vector<PivotColumn> columns;
  do {
    PivotColumn column;
    BQCDC_ASSIGN_OR_RETURN(column.expression, ParseExpression());
    BQCDC_ASSIGN_OR_RETURN(column.alias, ParseAlias());
    columns.push_back(std::move(column));
  } while (tokens_.TakeSymbol(","));
  return columns;
}

absl::StatusOr<std::unique_ptr<UnpivotClause>> Parser::ParseUnpivot() {
  auto unpivot = Make<UnpivotClause>();
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("UNPIVOT"));
  unpivot->include_nulls = tokens_.TakeWords({"INCLUDE", "NULLS"});
  if (!unpivot->include_nulls) tokens_.TakeWords({"EXCLUDE", "NULLS"});
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  if (tokens_.IsSymbol("(")) {
    BQCDC_ASSIGN_OR_RETURN(unpivot->values, ParseNameList());
  } else {
    BQCDC_ASSIGN_OR_RETURN(Identifier value, ParseName());
    unpivot->values.push_back(std::move(value));
  }
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("FOR"));
  BQCDC_ASSIGN_OR_RETURN(unpivot->name, ParseName());
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectWord("IN"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol("("));
  do {
    BQCDC_ASSIGN_OR_RETURN(UnpivotClause::Source source, ParseUnpivotSource());
    unpivot->sources.push_back(std::move(source));
  } while (tokens_.TakeSymbol(","));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  BQCDC_ASSIGN_OR_RETURN(unpivot->alias, ParseAlias());
  return unpivot;
}

absl::StatusOr<UnpivotClause::Source> Parser::ParseUnpivotSource() {
  UnpivotClause::Source source;
  const bool parenthesized = tokens_.TakeSymbol("(");
  do {
    BQCDC_ASSIGN_OR_RETURN(std::vector<Identifier> column, ParsePath());
    source.columns.push_back(std::move(column));
  } while (parenthesized && tokens_.TakeSymbol(","));
  if (parenthesized) BQCDC_RETURN_IF_ERROR(tokens_.ExpectSymbol(")"));
  const TokenKind next = tokens_.Peek().kind;
  if (tokens_.TakeWord("AS") || next == TokenKind::kString || next == TokenKind::kInteger) {
    BQCDC_ASSIGN_OR_RETURN(source.label, ParsePrimary());
  }
  return source;
}

}  // namespace bqcdc::emulator::sql
