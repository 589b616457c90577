#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/append_rows.h"
#include "bqcdc/emulator/sql/statements/definition.h"
#include "bqcdc/emulator/sql/statements/result_columns.h"
#include "bqcdc/emulator/sql/statements/statement.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"
#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::emulator::sql {
namespace {

const char* SourceClause(const CreateTableStatement& statement) {
  static constexpr const char* kWords[] = {"", "CREATE TABLE LIKE", "CREATE TABLE COPY",
                                           "CREATE TABLE CLONE"};
  return kWords[static_cast<int>(statement.source_kind)];
}

// What LIKE, COPY and CLONE take from the other table, and what may not stand beside them.
absl::Status RefuseBesideSource(const CreateTableStatement& statement) {
  const char* with = statement.has_column_list         ? " with a column list"
                     : statement.query                 ? " with AS query"
                     : !statement.partition_by.empty() ? " with PARTITION BY"
                     : !statement.cluster_by.empty()   ? " with CLUSTER BY"
                     : statement.source_time           ? " with FOR SYSTEM_TIME AS OF"
                                                       : nullptr;
  if (with == nullptr) return absl::OkStatus();
  return Unsupported(statement.position, SourceClause(statement), with);
}

absl::Status RefuseUnsupported(const CreateTableStatement& statement) {
  if (statement.temporary) return Unsupported(statement.position, "CREATE TEMP TABLE");
  if (!statement.foreign_keys.empty()) return Unsupported(statement.foreign_keys[0].position, "foreign key");
  if (statement.default_collate) return Unsupported(statement.position, "DEFAULT COLLATE");
  if (statement.or_replace && statement.if_not_exists) {
    return ErrorAt(statement.position, "CREATE TABLE cannot have both OR REPLACE and IF NOT EXISTS");
  }
  if (statement.source_kind != TableSource::kNone) return RefuseBesideSource(statement);
  if (!statement.has_column_list && !statement.query) {
    return ErrorAt(statement.position, "CREATE TABLE needs a column list or a query");
  }
  return absl::OkStatus();
}

absl::Status ApplyPrimaryKey(const CreateTableStatement& statement, catalog::Table& table) {
  Position position;
  for (const ColumnDefinition& column : statement.columns) {
    if (!column.attributes.primary_key) continue;
    if (!table.schema.primary_key.empty()) {
      return ErrorAt(column.attributes.primary_key_position, "Multiple primary keys are specified");
    }
    table.schema.primary_key.push_back(column.name.text);
    position = column.attributes.primary_key_position;
  }
  for (const PrimaryKeyConstraint& key : statement.primary_keys) {
    if (key.name) return ErrorAt(key.position, "A primary key cannot be given a name");
    if (!table.schema.primary_key.empty())
      return ErrorAt(key.position, "Multiple primary keys are specified");
    BQCDC_RETURN_IF_ERROR(RequireNotEnforced(key.enforced, key.position));
    for (const Identifier& column : key.columns) {
      const schema::Column* found = table.schema.FindColumn(column.text);
      if (found == nullptr) {
        return ErrorAt(column.position, "Primary key column ", column.text, " does not exist");
      }
      table.schema.primary_key.push_back(found->name);
    }
    position = key.position;
  }
  const absl::Status valid = schema::ValidateTableSchema(table.schema);
  if (valid.ok()) return valid;
  return ErrorAt(position == Position{} ? statement.position : position, base::ToStd(valid.message()));
}

// Columns from the list, or from the query; with both the query's columns are converted to the list's.
absl::Status ApplyColumns(Evaluation& evaluation, const CreateTableStatement& statement,
                          const ResolvedQuery* query, catalog::Table& table) {
  for (const ColumnDefinition& definition : statement.columns) {
    if (!definition.type && query != nullptr) {
      return Unsupported(definition.name.position, "column list without types in CREATE TABLE AS SELECT");
    }
    BQCDC_ASSIGN_OR_RETURN(schema::Column column, ColumnOfDefinition(evaluation, definition));
    table.schema.columns.push_back(std::move(column));
  }
  if (query == nullptr || statement.has_column_list) return absl::OkStatus();
  if (query->first_unnamed) {
    return ErrorAt(statement.query->position, "CREATE TABLE columns must be named, but column ",
                   *query->first_unnamed, " has no name");
  }
  BQCDC_ASSIGN_OR_RETURN(table.schema.columns, ResultColumns(*query));
  return absl::OkStatus();
}

// DuckDB's SELECT whose columns are the query's outputs, by position, converted to the table's columns.
absl::StatusOr<std::string> SelectForTable(Evaluation& evaluation, const CreateTableStatement& statement,
                                           ResolvedQuery& query, const catalog::Table& table) {
  if (query.outputs.size() != table.schema.columns.size()) {
    return errors::InvalidQuery(
        "The number of columns in the column definition list does not match the number of "
        "columns produced by the query");
  }
  auto project = std::make_unique<ProjectScan>();
  std::vector<OutputColumn> outputs;
  for (size_t i = 0; i < query.outputs.size(); ++i) {
    const schema::Column& column = table.schema.columns[i];
    const Type type = TypeOfColumn(column);
    const OutputColumn& output = query.outputs[i];
    if (FindCoercion(Analyzer::OutputArgument(*query.scan, output), type) == Coercion::kNone) {
      return ErrorAt(i < statement.columns.size() ? statement.columns[i].name.position : statement.position,
                     "Column '", column.name, "' has type ", type.ToString(),
                     " which cannot be coerced from query output type ", output.type.ToString());
    }
    BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr value,
                           evaluation.analyzer().ConvertOutput(*query.scan, output, type));
    outputs.push_back({column.name, evaluation.analyzer().Compute(std::move(value), *project), type});
  }
  project->input = std::move(query.scan);
  query.scan = std::move(project);
  query.outputs = std::move(outputs);
  return evaluation.SqlOf(query);
}

// The table that LIKE, COPY or CLONE names.
absl::StatusOr<catalog::Table> SourceOf(const StatementContext& context, Evaluation& evaluation,
                                        const CreateTableStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(context, statement.source));
  BQCDC_ASSIGN_OR_RETURN(catalog::Table source, evaluation.FindTable(id));
  if (source.view) return errors::WrongTableType(id.ToString(), "VIEW");
  if (statement.source_kind == TableSource::kLike) return source;
  if (source.partitioned_by_ingestion()) {
    // The rows would come in anew, into the partition of this moment.
    return Unsupported(statement.source.position, SourceClause(statement),
                       " of a table partitioned by ingestion time");
  }
  if (evaluation.session().NeedsMerge(source)) {
    // https://cloud.google.com/bigquery/docs/change-data-capture#limitations
    return ErrorAt(statement.source.position, "Table ", id.ToString(),
                   " has un-applied upsert data that is not fresh enough for its max_staleness: it cannot be "
                   "copied or cloned until the data is applied");
  }
  return source;
}

// Everything but the name, the times, and what ends with the source.
void CopyDefinition(const catalog::Table& source, catalog::Table& table) {
  const catalog::TableId id = table.id;
  table = source;
  table.id = id;
  table.expiration_time_ms.reset();
}

}  // namespace

absl::StatusOr<QueryOutcome> RunCreateTable(const StatementContext& context,
                                            const CreateTableStatement& statement) {
  BQCDC_RETURN_IF_ERROR(RefuseUnsupported(statement));
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(context.database, context.request));
  catalog::Table table;
  BQCDC_ASSIGN_OR_RETURN(table.id, NewTableOf(context, statement.name));
  std::optional<ResolvedQuery> query;
  if (statement.query) {
    BQCDC_ASSIGN_OR_RETURN(query, evaluation->analyzer().AnalyzeQuery(*statement.query));
  }
  std::optional<catalog::Table> source;
  if (statement.source_kind != TableSource::kNone) {
    BQCDC_ASSIGN_OR_RETURN(source, SourceOf(context, *evaluation, statement));
    CopyDefinition(*source, table);
  } else {
    BQCDC_RETURN_IF_ERROR(ApplyColumns(*evaluation, statement, query ? &*query : nullptr, table));
    BQCDC_RETURN_IF_ERROR(ApplyPrimaryKey(statement, table));
    BQCDC_RETURN_IF_ERROR(ApplyPartitioning(statement, table));
    BQCDC_RETURN_IF_ERROR(ApplyClustering(statement, table));
  }
  if (statement.options) BQCDC_RETURN_IF_ERROR(ApplyTableOptions(*evaluation, *statement.options, table));

  QueryOutcome outcome;
  outcome.statement_type = statement.query ? "CREATE_TABLE_AS_SELECT" : "CREATE_TABLE";
  outcome.ddl_target_table = table.id;
  outcome.columns = table.schema.columns;
  const auto existing = context.database.GetTable(table.id);
  const bool exists = existing.ok();
  outcome.ddl_operation = !exists ? "CREATE" : statement.or_replace ? "REPLACE" : "SKIP";
  if (exists && !statement.or_replace && !statement.if_not_exists) {
    return errors::TableExists(table.id.ToString());
  }
  if (exists && statement.or_replace && existing->view) {
    return errors::WrongTableType(table.id.ToString(), "VIEW");
  }
  std::optional<engine::AppendBatch> rows;
  if (query && outcome.ddl_operation != "SKIP") {
    BQCDC_ASSIGN_OR_RETURN(const std::string sql, SelectForTable(*evaluation, statement, *query, table));
    if (!context.request.dry_run) {
      BQCDC_ASSIGN_OR_RETURN(rows, ReadRows(*evaluation, table, sql));
    }
  }
  if (context.request.dry_run || outcome.ddl_operation == "SKIP") return outcome;
  if (source && statement.source_kind != TableSource::kLike) {
    BQCDC_ASSIGN_OR_RETURN(const std::string relation, evaluation->session().RelationSql(*source));
    BQCDC_ASSIGN_OR_RETURN(rows,
                           ReadRows(*evaluation, table, base::StrCat("SELECT * FROM ", relation, " AS s")));
  }
  evaluation.reset();
  BQCDC_ASSIGN_OR_RETURN(const auto committing, engine::PointOfNoReturn::Enter(context.cancellation()));
  auto created = context.database.CreateTable(table, statement.or_replace);
  if (!created.ok()) {
    // Somebody else was quicker.
    if (statement.if_not_exists && created.status().code() == absl::StatusCode::kAlreadyExists) {
      outcome.ddl_operation = "SKIP";
      return outcome;
    }
    return created.status();
  }
  if (rows) BQCDC_RETURN_IF_ERROR(AppendRows(context.database, *created, *std::move(rows)).status());
  return outcome;
}

}  // namespace bqcdc::emulator::sql
