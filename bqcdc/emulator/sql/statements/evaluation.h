#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/analyzer/table_provider.h"
#include "bqcdc/emulator/sql/duckdb/generator.h"
#include "bqcdc/emulator/sql/query_runner.h"

namespace bqcdc::emulator::sql {

// One consistent view of the store for one statement: finds tables for the analyzer, gives their relations to
// the generator, runs what comes out. Not thread-safe.
class Evaluation final : public TableProvider, public RelationSource {
 public:
  static absl::StatusOr<std::unique_ptr<Evaluation>> Begin(engine::Database& database,
                                                           const QueryRequest& request);
  // On a session of the caller's, who has registered the functions before it began.
  static absl::StatusOr<std::unique_ptr<Evaluation>> Over(engine::Database& database,
                                                          const QueryRequest& request,
                                                          engine::ReadSession& session);

  absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) override;
  absl::StatusOr<std::vector<catalog::Table>> FindTables(const catalog::DatasetId& dataset,
                                                         const std::string& prefix) override;
  absl::StatusOr<std::optional<ConstantTable>> FindInformationSchema(
      const InformationSchemaName& name) override;
  absl::StatusOr<std::string> RelationSql(const catalog::Table& table) override;
  absl::StatusOr<std::string> NumberedRelationSql(const catalog::Table& table) override;

  Analyzer& analyzer() { return analyzer_; }
  absl::StatusOr<std::string> SqlOf(const ResolvedQuery& query);
  absl::StatusOr<std::string> SqlOf(const ResolvedExpression& expression);
  // All rows of a SELECT.
  absl::StatusOr<std::vector<engine::Chunk>> Run(const std::string& sql);
  // The value of an expression without columns.
  absl::StatusOr<Value> Constant(const ResolvedExpression& expression);
  engine::ReadSession& session() { return session_; }
  absl::Time query_time() const { return session_.query_time(); }

 private:
  Evaluation(engine::Database& database, const QueryRequest& request, AnalyzerOptions options,
             engine::ReadSession& session);
  // NotFound as a query gets it, also where the query runs in another location than the dataset's: the one
  // that it names, or that of the first dataset checked.
  absl::Status CheckDataset(const catalog::DatasetId& id);

  engine::Database& database_;
  const QueryRequest& request_;
  std::optional<std::string> location_;               // unset: given by the first dataset that is read
  std::unique_ptr<engine::ReadSession> own_session_;  // null: the caller's
  engine::ReadSession& session_;
  Analyzer analyzer_;
};

// An error of running a query in the service's words: never a text of DuckDB about a statement that the user
// has not written.
absl::Status EvaluationError(const absl::Status& status);

// Reads a cell that has been computed with `type`.
Value ReadValue(const engine::VectorReader& reader, size_t row, const Type& type);

// Makes constants of the request's parameters. Errors are `invalid` with the location "parameter".
absl::StatusOr<AnalyzerOptions> MakeAnalyzerOptions(const QueryRequest& request);

}  // namespace bqcdc::emulator::sql
