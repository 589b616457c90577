#include "bqcdc/emulator/sql/default_expression.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/insert_rows.h"
#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/statements/definition.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"
#include "bqcdc/emulator/sql/statements/stored_values.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<std::vector<engine::Chunk>> EvaluateDefault(engine::Database& database,
                                                           const schema::Column& column, size_t rows,
                                                           absl::Time now) {
  const QueryRequest request;
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(database, request));
  BQCDC_ASSIGN_OR_RETURN(const ExpressionPtr expression, ParseExpression(column.default_value_expression));
  const Type type = TypeOfColumn(column);
  BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr value,
                         evaluation->analyzer().AnalyzeConstant(*expression, type));
  BQCDC_ASSIGN_OR_RETURN(const std::string sql, Generator(*evaluation, now).Expression(*value));
  catalog::Table of_column;
  of_column.schema.columns = {column};
  // A row each, so that volatile functions give another value for each.
  BQCDC_ASSIGN_OR_RETURN(
      std::vector<engine::Chunk> chunks,
      evaluation->Run(base::StrCat("SELECT ", engine::CastColumns(of_column), " FROM (SELECT ",
                                   ConstrainSql(column, sql), " AS ", QuoteDuckDbName(column.name),
                                   " FROM range(", rows, "))")));
  for (const engine::Chunk& chunk : chunks) BQCDC_RETURN_IF_ERROR(CheckStored(chunk, 0, column));
  return chunks;
}

absl::Status CheckDefault(engine::Database& database, const schema::Column& column) {
  const QueryRequest request;
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(database, request));
  BQCDC_ASSIGN_OR_RETURN(const ExpressionPtr expression, ParseExpression(column.default_value_expression));
  return DefaultOf(*evaluation, *expression, column).status();
}

}  // namespace bqcdc::emulator::sql
