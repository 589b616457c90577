#pragma once

#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/parser/ast.h"
#include "bqcdc/emulator/sql/query_runner.h"

// One function for each kind of statement: checks it and, unless the request is a dry run, carries it out.
namespace bqcdc::emulator::sql {

struct StatementContext {
  engine::Database& database;
  const QueryRequest& request;

  engine::Cancellation* cancellation() const { return request.cancellation.get(); }
};

absl::StatusOr<QueryOutcome> RunSelect(const StatementContext& context, const QueryStatement& statement);
absl::StatusOr<QueryOutcome> RunCreateTable(const StatementContext& context,
                                            const CreateTableStatement& statement);
absl::StatusOr<QueryOutcome> RunCreateView(const StatementContext& context,
                                           const CreateViewStatement& statement);
absl::StatusOr<QueryOutcome> RunAlterTable(const StatementContext& context,
                                           const AlterTableStatement& statement);
absl::StatusOr<QueryOutcome> RunCreateSchema(const StatementContext& context,
                                             const CreateSchemaStatement& statement);
absl::StatusOr<QueryOutcome> RunAlterSchema(const StatementContext& context,
                                            const AlterSchemaStatement& statement);
absl::StatusOr<QueryOutcome> RunDrop(const StatementContext& context, const DropStatement& statement);
absl::StatusOr<QueryOutcome> RunInsert(const StatementContext& context, const InsertStatement& statement);
// Refused where the table is active with CDC.
absl::StatusOr<QueryOutcome> RunDelete(const StatementContext& context, const DeleteStatement& statement);
absl::StatusOr<QueryOutcome> RunUpdate(const StatementContext& context, const UpdateStatement& statement);
absl::StatusOr<QueryOutcome> RunMerge(const StatementContext& context, const MergeStatement& statement);
absl::StatusOr<QueryOutcome> RunTruncate(const StatementContext& context, const TruncateStatement& statement);

// The table or dataset that a DDL statement names.
absl::StatusOr<catalog::TableId> TableOf(const StatementContext& context, const TablePath& path);
absl::StatusOr<catalog::DatasetId> DatasetOf(const StatementContext& context, const TablePath& path);
// The same of one that the statement makes: its name must be allowed.
absl::StatusOr<catalog::TableId> NewTableOf(const StatementContext& context, const TablePath& path);
absl::StatusOr<catalog::DatasetId> NewDatasetOf(const StatementContext& context, const TablePath& path);

}  // namespace bqcdc::emulator::sql
