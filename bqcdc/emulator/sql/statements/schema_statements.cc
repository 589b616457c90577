#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/catalog/location.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/definition.h"
#include "bqcdc/emulator/sql/statements/statement.h"

namespace bqcdc::emulator::sql {
namespace {

absl::Status ApplySchemaOptions(Evaluation& evaluation, const OptionsList& options, bool creating,
                                catalog::Dataset& dataset) {
  for (const OptionEntry& entry : options.entries) {
    const std::string name = absl::AsciiStrToLower(entry.name.text);
    if (name == "description") {
      BQCDC_ASSIGN_OR_RETURN(dataset.description, StringOption(evaluation, entry));
    } else if (name == "friendly_name") {
      BQCDC_ASSIGN_OR_RETURN(dataset.friendly_name, StringOption(evaluation, entry));
    } else if (name == "labels") {
      BQCDC_ASSIGN_OR_RETURN(dataset.labels, LabelsOption(evaluation, entry));
    } else if (name == "location" && creating) {
      BQCDC_ASSIGN_OR_RETURN(const std::string location, StringOption(evaluation, entry));
      dataset.location = catalog::LocationNamed(location);
    } else if (name == "default_table_expiration_days") {
      BQCDC_ASSIGN_OR_RETURN(dataset.default_table_expiration_ms, ExpirationOption(evaluation, entry));
    } else if (name == "default_partition_expiration_days") {
      BQCDC_ASSIGN_OR_RETURN(dataset.default_partition_expiration_ms, ExpirationOption(evaluation, entry));
    } else {
      return Unsupported(entry.name.position, "schema option ", entry.name.text);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<QueryOutcome> RunCreateSchema(const StatementContext& context,
                                             const CreateSchemaStatement& statement) {
  if (statement.or_replace) return ErrorAt(statement.position, "CREATE OR REPLACE SCHEMA is not supported");
  if (statement.default_collate) return Unsupported(statement.position, "DEFAULT COLLATE");
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(context.database, context.request));
  catalog::Dataset dataset;
  BQCDC_ASSIGN_OR_RETURN(dataset.id, NewDatasetOf(context, statement.name));
  dataset.location = context.request.location;
  if (statement.options)
    BQCDC_RETURN_IF_ERROR(ApplySchemaOptions(*evaluation, *statement.options, true, dataset));
  QueryOutcome outcome;
  outcome.statement_type = "CREATE_SCHEMA";
  outcome.ddl_operation = "CREATE";
  outcome.ddl_target_dataset = dataset.id;
  if (context.database.GetDataset(dataset.id).ok()) {
    if (!statement.if_not_exists) return errors::DatasetExists(dataset.id.project, dataset.id.dataset);
    outcome.ddl_operation = "SKIP";
    return outcome;
  }
  if (!context.request.dry_run) BQCDC_RETURN_IF_ERROR(context.database.CreateDataset(dataset));
  return outcome;
}

absl::StatusOr<QueryOutcome> RunAlterSchema(const StatementContext& context,
                                            const AlterSchemaStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(context.database, context.request));
  BQCDC_ASSIGN_OR_RETURN(const catalog::DatasetId id, DatasetOf(context, statement.name));
  QueryOutcome outcome;
  outcome.statement_type = "ALTER_SCHEMA";
  outcome.ddl_operation = "ALTER";
  outcome.ddl_target_dataset = id;
  auto dataset = context.database.GetDataset(id);
  if (!dataset.ok()) {
    if (!statement.if_exists) return dataset.status();
    outcome.ddl_operation = "SKIP";
    return outcome;
  }
  for (const AlterSchemaAction& action : statement.actions) {
    if (action.kind != AlterSchemaActionKind::kSetOptions || !action.options) {
      return Unsupported(action.position, "this change of ALTER SCHEMA");
    }
    BQCDC_RETURN_IF_ERROR(ApplySchemaOptions(*evaluation, *action.options, false, *dataset));
  }
  if (context.request.dry_run) return outcome;
  const catalog::Dataset wanted = *std::move(dataset);
  BQCDC_RETURN_IF_ERROR(context.database
                            .UpdateDataset(id, wanted.etag,
                                           [&](catalog::Dataset& stored) {
                                             stored.description = wanted.description;
                                             stored.friendly_name = wanted.friendly_name;
                                             stored.labels = wanted.labels;
                                             stored.default_table_expiration_ms =
                                                 wanted.default_table_expiration_ms;
                                             stored.default_partition_expiration_ms =
                                                 wanted.default_partition_expiration_ms;
                                             return absl::OkStatus();
                                           })
                            .status());
  return outcome;
}

absl::StatusOr<QueryOutcome> RunDrop(const StatementContext& context, const DropStatement& statement) {
  QueryOutcome outcome;
  outcome.ddl_operation = "DROP";
  absl::Status status;
  if (statement.object == DropObject::kSchema) {
    outcome.statement_type = "DROP_SCHEMA";
    BQCDC_ASSIGN_OR_RETURN(outcome.ddl_target_dataset, DatasetOf(context, statement.name));
    status = context.request.dry_run ? context.database.GetDataset(*outcome.ddl_target_dataset).status()
                                     : context.database.DropDataset(*outcome.ddl_target_dataset,
                                                                    statement.mode == DropMode::kCascade);
  } else {
    const bool view = statement.object == DropObject::kView;
    outcome.statement_type = view ? "DROP_VIEW" : "DROP_TABLE";
    BQCDC_ASSIGN_OR_RETURN(outcome.ddl_target_table, TableOf(context, statement.name));
    const auto table = context.database.GetTable(*outcome.ddl_target_table);
    status = table.status();
    if (table.ok() && table->view.has_value() != view) {
      return errors::WrongTableType(table->id.ToString(), view ? "TABLE" : "VIEW");
    }
    if (table.ok() && !context.request.dry_run) {
      status = context.database.DropTable(*outcome.ddl_target_table);
    }
  }
  if (status.code() == absl::StatusCode::kNotFound && statement.if_exists) {
    outcome.ddl_operation = "SKIP";
    return outcome;
  }
  if (!status.ok()) return status;
  return outcome;
}

}  // namespace bqcdc::emulator::sql
