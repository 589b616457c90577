#include "bqcdc/emulator/server/sql_binding.h"

#include "bqcdc/emulator/errors.h"
#if __has_include("bqcdc/emulator/sql/default_expression.h")
#include "bqcdc/emulator/sql/default_expression.h"
#define BQCDC_HAS_SQL 1
#endif

namespace bqcdc::emulator::server {

#ifdef BQCDC_HAS_SQL
absl::StatusOr<sql::QueryOutcome> RunQuery(engine::Database& database, const sql::QueryRequest& request) {
  return sql::RunQuery(database, request);
}
absl::StatusOr<std::vector<engine::Chunk>> EvaluateDefault(engine::Database& database,
                                                           const schema::Column& column, size_t rows,
                                                           absl::Time now) {
  return sql::EvaluateDefault(database, column, rows, now);
}
#else
absl::StatusOr<sql::QueryOutcome> RunQuery(engine::Database&, const sql::QueryRequest&) {
  return errors::NotImplemented("queries");
}
absl::StatusOr<std::vector<engine::Chunk>> EvaluateDefault(engine::Database&, const schema::Column&, size_t,
                                                           absl::Time) {
  return errors::NotImplemented("column defaults");
}
#endif

}  // namespace bqcdc::emulator::server
