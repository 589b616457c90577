#include <algorithm>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/catalog/entity_names.h"
#include "bqcdc/emulator/catalog/type_widening.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/definition.h"
#include "bqcdc/emulator/sql/statements/statement.h"
#include "bqcdc/schema/column_name_rules.h"

namespace bqcdc::emulator::sql {
namespace {

absl::StatusOr<schema::Column*> FindColumn(catalog::Table& table, const Identifier& name) {
  for (schema::Column& column : table.schema.columns) {
    if (absl::AsciiStrToLower(column.name) == absl::AsciiStrToLower(name.text)) return &column;
  }
  return ErrorAt(name.position, "Column not found: ", name.text);
}

absl::Status AddColumn(Evaluation& evaluation, const AddColumnAction& action, catalog::Table& table) {
  const ColumnDefinition& definition = action.column;
  if (table.schema.FindColumn(definition.name.text) != nullptr) {
    if (action.if_not_exists) return absl::OkStatus();
    return ErrorAt(definition.name.position, "Column already exists: ", definition.name.text);
  }
  if (definition.attributes.not_null) {
    return ErrorAt(definition.attributes.not_null_position,
                   "Cannot add required fields to an existing schema");
  }
  if (definition.attributes.default_value) {
    return ErrorAt(definition.name.position,
                   "Adding a column with a default value to an existing table schema is not "
                   "supported; add the column, then set its default");
  }
  if (definition.attributes.primary_key) {
    return ErrorAt(definition.name.position, "A primary key is added with ADD PRIMARY KEY");
  }
  BQCDC_ASSIGN_OR_RETURN(schema::Column column, ColumnOfDefinition(evaluation, definition));
  table.schema.columns.push_back(std::move(column));
  const absl::Status valid = schema::ValidateTableSchema(table.schema);
  return valid.ok() ? valid : ErrorAt(definition.name.position, base::ToStd(valid.message()));
}

absl::Status AddPrimaryKey(const AddPrimaryKeyAction& action, catalog::Table& table) {
  const PrimaryKeyConstraint& key = action.primary_key;
  if (key.name) return ErrorAt(key.position, "A primary key cannot be given a name");
  BQCDC_RETURN_IF_ERROR(RequireNotEnforced(key.enforced, key.position));
  if (table.has_primary_key()) {
    return ErrorAt(key.position, "Already Exists: primary key of table ", table.id.ToString());
  }
  for (const Identifier& name : key.columns) {
    BQCDC_ASSIGN_OR_RETURN(const schema::Column* column, FindColumn(table, name));
    table.schema.primary_key.push_back(column->name);
  }
  const absl::Status valid = schema::ValidateTableSchema(table.schema);
  return valid.ok() ? valid : ErrorAt(key.position, base::ToStd(valid.message()));
}

absl::Status DropPrimaryKey(const DropPrimaryKeyAction& action, catalog::Table& table) {
  if (!table.has_primary_key() && !action.if_exists) {
    return ErrorAt(action.position, "Table ", table.id.ToString(), " has no primary key");
  }
  table.schema.primary_key.clear();
  return absl::OkStatus();
}

bool IsPartitioningColumn(const catalog::Table& table, const schema::Column& column) {
  return (table.time_partitioning && table.time_partitioning->field == column.name) ||
         (table.range_partitioning && table.range_partitioning->field == column.name);
}

void CopyTypes(const schema::Column& from, schema::Column& to) {
  to.type = from.type;
  to.max_length = from.max_length;
  to.precision = from.precision;
  to.scale = from.scale;
  for (size_t i = 0; i < to.fields.size(); ++i) CopyTypes(from.fields[i], to.fields[i]);
}

// Fields become wider too, except where their stored form would have to be computed anew one by one.
bool NeedsFieldRewrite(const schema::Column& before, const schema::Column& after) {
  for (size_t i = 0; i < before.fields.size(); ++i) {
    const schema::Column &from = before.fields[i], &to = after.fields[i];
    const bool rewritten = from.type != to.type && (to.type == schema::ColumnType::kBigNumeric ||
                                                    from.type == schema::ColumnType::kNumeric);
    if (rewritten || NeedsFieldRewrite(from, to)) return true;
  }
  return false;
}

absl::Status SetDataType(Evaluation& evaluation, const AlterColumnAction& action, const catalog::Table& table,
                         schema::Column& column) {
  BQCDC_ASSIGN_OR_RETURN(const schema::Column wanted,
                         ColumnOfTypeName(evaluation, *action.data_type, column.name));
  if (!catalog::IsWidening(column, wanted)) {
    return ErrorAt(
        action.position, "ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type (",
        schema::SqlType(column), ") is assignable to the new type (", schema::SqlType(wanted), ")");
  }
  if (column.type != wanted.type) {
    if (table.schema.KeyPosition(column.name)) {
      return ErrorAt(action.position, "Cannot change the data type of column ", column.name,
                     ", which is part of the primary key");
    }
    if (IsPartitioningColumn(table, column)) {
      return ErrorAt(action.position, "Cannot change the data type of partitioning column ", column.name);
    }
  }
  if (NeedsFieldRewrite(column, wanted)) {
    return Unsupported(action.position, "SET DATA TYPE of a field from ", schema::SqlType(column), " to ",
                       schema::SqlType(wanted));
  }
  // Everything but the type stays: mode, default, descriptions.
  CopyTypes(wanted, column);
  return absl::OkStatus();
}

absl::Status AlterColumn(Evaluation& evaluation, const AlterColumnAction& action, catalog::Table& table) {
  auto found = FindColumn(table, action.column);
  if (!found.ok()) return action.if_exists ? absl::OkStatus() : found.status();
  schema::Column& column = **found;
  switch (action.change) {
    case AlterColumnChange::kDropNotNull:
      if (column.repeated()) return ErrorAt(action.position, "Column ", column.name, " is an ARRAY");
      column.mode = schema::ColumnMode::kNullable;
      return absl::OkStatus();
    case AlterColumnChange::kSetDefault: {
      BQCDC_ASSIGN_OR_RETURN(column.default_value_expression,
                             DefaultOf(evaluation, *action.default_value, column));
      return absl::OkStatus();
    }
    case AlterColumnChange::kDropDefault:
      column.default_value_expression.clear();
      return absl::OkStatus();
    case AlterColumnChange::kSetOptions: {
      BQCDC_ASSIGN_OR_RETURN(column.description, ColumnDescription(evaluation, action.options));
      return absl::OkStatus();
    }
    case AlterColumnChange::kSetDataType:
      return SetDataType(evaluation, action, table, column);
  }
  return absl::OkStatus();
}

bool IsClusteringColumn(const catalog::Table& table, const schema::Column& column) {
  return std::find(table.clustering.begin(), table.clustering.end(), column.name) != table.clustering.end();
}

// What the table needs the column for; null: nothing.
const char* UseOf(const catalog::Table& table, const schema::Column& column) {
  return table.schema.KeyPosition(column.name) ? "part of the primary key"
         : IsPartitioningColumn(table, column) ? "the partitioning column"
         : IsClusteringColumn(table, column)   ? "a clustering column"
                                               : nullptr;
}

absl::Status DropColumn(const DropColumnAction& action, catalog::Table& table) {
  const auto found = FindColumn(table, action.column);
  if (!found.ok()) return action.if_exists ? absl::OkStatus() : found.status();
  const schema::Column& column = **found;
  const char* used_as = UseOf(table, column);
  if (used_as == nullptr && table.schema.columns.size() == 1) used_as = "the only column of the table";
  if (used_as != nullptr)
    return ErrorAt(action.position, "Cannot drop column ", column.name, ", which is ", used_as);
  table.schema.columns.erase(table.schema.columns.begin() + (&column - table.schema.columns.data()));
  return absl::OkStatus();
}

absl::Status ApplyAction(Evaluation& evaluation, const AlterTableAction& action, catalog::Table& table) {
  switch (action.kind) {
    case AlterTableActionKind::kSetOptions:
      return ApplyTableOptions(evaluation, As<SetOptionsAction>(action).options, table);
    case AlterTableActionKind::kAddColumn:
      return AddColumn(evaluation, As<AddColumnAction>(action), table);
    case AlterTableActionKind::kAddPrimaryKey:
      return AddPrimaryKey(As<AddPrimaryKeyAction>(action), table);
    case AlterTableActionKind::kDropPrimaryKey:
      return DropPrimaryKey(As<DropPrimaryKeyAction>(action), table);
    case AlterTableActionKind::kAlterColumn:
      return AlterColumn(evaluation, As<AlterColumnAction>(action), table);
    case AlterTableActionKind::kDropColumn:
      return DropColumn(As<DropColumnAction>(action), table);
    case AlterTableActionKind::kRenameColumn:
      return Unsupported(action.position, "ALTER TABLE RENAME COLUMN beside other changes");
    case AlterTableActionKind::kAddForeignKey:
      return Unsupported(action.position, "ALTER TABLE ADD FOREIGN KEY");
    case AlterTableActionKind::kDropConstraint:
      return Unsupported(action.position, "ALTER TABLE DROP CONSTRAINT");
    case AlterTableActionKind::kRenameTo:
      return Unsupported(action.position, "ALTER TABLE RENAME TO beside other changes");
    case AlterTableActionKind::kSetDefaultCollate:
      return Unsupported(action.position, "ALTER TABLE SET DEFAULT COLLATE");
  }
  return absl::OkStatus();
}

absl::Status RenameTable(const StatementContext& context, const RenameToAction& action,
                         const catalog::Table& table) {
  catalog::TableId renamed = table.id;
  renamed.table = action.new_name.text;
  if (renamed.table.find('.') != std::string::npos) {
    return ErrorAt(action.position, "RENAME TO takes the table's new name alone, without project or dataset");
  }
  BQCDC_RETURN_IF_ERROR(catalog::CheckTableName(renamed.table));
  if (table.has_primary_key()) {
    return ErrorAt(action.position, "Table ", table.id.ToString(),
                   " has a primary key and cannot be renamed; drop the primary key first");
  }
  if (context.database.GetTable(renamed).ok()) return errors::TableExists(renamed.ToString());
  if (context.request.dry_run) return absl::OkStatus();
  return context.database.RenameTable(table.id, renamed.table).status();
}

// Several at once name the columns as they are before any of them.
absl::Status RenameColumns(const StatementContext& context, const AlterTableStatement& statement,
                           catalog::Table table) {
  std::vector<engine::Database::ColumnRename> renames;
  catalog::Table renamed = table;
  for (const AlterTableActionPtr& each : statement.actions) {
    const auto& action = As<RenameColumnAction>(*each);
    const auto found = FindColumn(table, action.column);
    if (!found.ok() && action.if_exists) continue;
    if (!found.ok()) return found.status();
    const schema::Column& column = **found;
    if (const char* used_as = UseOf(table, column); used_as != nullptr) {
      return ErrorAt(action.position, "Cannot rename column ", column.name, ", which is ", used_as);
    }
    const auto again = std::find_if(renames.begin(), renames.end(),
                                    [&](const auto& rename) { return rename.column == column.name; });
    if (again != renames.end()) return ErrorAt(action.position, "Column ", column.name, " is renamed twice");
    renames.push_back({column.name, action.new_name.text});
    renamed.schema.columns[&column - table.schema.columns.data()].name = action.new_name.text;
  }
  for (const AlterTableActionPtr& each : statement.actions) {
    const Identifier& name = As<RenameColumnAction>(*each).new_name;
    const auto same = [&](const schema::Column& column) {
      return absl::AsciiStrToLower(column.name) == absl::AsciiStrToLower(name.text);
    };
    const auto& columns = renamed.schema.columns;
    if (std::count_if(columns.begin(), columns.end(), same) > 1)
      return ErrorAt(name.position, "Column already exists: ", name.text);
    const absl::Status valid = schema::ValidateColumnName(name.text);
    if (!valid.ok()) return ErrorAt(name.position, base::ToStd(valid.message()));
  }
  if (context.request.dry_run || renames.empty()) return absl::OkStatus();
  return context.database.RenameColumns(table.id, table.etag, renames).status();
}

bool RenamesColumnsOnly(const AlterTableStatement& statement) {
  return std::all_of(
      statement.actions.begin(), statement.actions.end(),
      [](const AlterTableActionPtr& action) { return action->kind == AlterTableActionKind::kRenameColumn; });
}

// Options of the view and of its columns; all else is what its query says.
absl::Status ApplyViewAction(Evaluation& evaluation, const AlterTableAction& action, catalog::Table& view) {
  if (const auto* options = TryAs<SetOptionsAction>(action))
    return ApplyViewOptions(evaluation, options->options, view);
  const auto* column = TryAs<AlterColumnAction>(action);
  if (column != nullptr && column->change == AlterColumnChange::kSetOptions)
    return AlterColumn(evaluation, *column, view);
  return ErrorAt(action.position, "ALTER VIEW takes SET OPTIONS and ALTER COLUMN ... SET OPTIONS only");
}

}  // namespace

absl::StatusOr<QueryOutcome> RunAlterTable(const StatementContext& context,
                                           const AlterTableStatement& statement) {
  BQCDC_ASSIGN_OR_RETURN(auto evaluation, Evaluation::Begin(context.database, context.request));
  QueryOutcome outcome;
  outcome.statement_type = statement.is_view ? "ALTER_VIEW" : "ALTER_TABLE";
  outcome.ddl_operation = "ALTER";
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(context, statement.name));
  outcome.ddl_target_table = id;
  auto table = context.database.GetTable(id);
  if (!table.ok()) {
    if (table.status().code() == absl::StatusCode::kNotFound && statement.if_exists) {
      outcome.ddl_operation = "SKIP";
      return outcome;
    }
    return table.status();
  }
  if (table->view.has_value() != statement.is_view)
    return errors::WrongTableType(id.ToString(), table->view ? "VIEW" : "TABLE");
  if (!statement.is_view && RenamesColumnsOnly(statement)) {
    BQCDC_RETURN_IF_ERROR(RenameColumns(context, statement, *table));
    return outcome;
  }
  if (!statement.is_view && statement.actions.size() == 1) {
    const AlterTableAction& only = *statement.actions[0];
    if (const auto* rename = TryAs<RenameToAction>(only)) {
      BQCDC_RETURN_IF_ERROR(RenameTable(context, *rename, *table));
      return outcome;
    }
  }
  const auto change = [&](catalog::Table& changed) -> absl::Status {
    for (const AlterTableActionPtr& action : statement.actions) {
      BQCDC_RETURN_IF_ERROR(statement.is_view ? ApplyViewAction(*evaluation, *action, changed)
                                              : ApplyAction(*evaluation, *action, changed));
    }
    return absl::OkStatus();
  };
  // Once on a copy: expressions are evaluated outside of the store's lock, and a dry run ends here.
  BQCDC_RETURN_IF_ERROR(change(*table));
  if (context.request.dry_run) return outcome;
  const catalog::Table wanted = *std::move(table);
  BQCDC_RETURN_IF_ERROR(context.database
                            .UpdateTable(
                                id, wanted.etag,
                                [&](catalog::Table& stored) {
                                  stored.schema = wanted.schema;
                                  stored.max_staleness_us = wanted.max_staleness_us;
                                  stored.description = wanted.description;
                                  stored.friendly_name = wanted.friendly_name;
                                  stored.labels = wanted.labels;
                                  stored.expiration_time_ms = wanted.expiration_time_ms;
                                  stored.time_partitioning = wanted.time_partitioning;
                                  stored.require_partition_filter = wanted.require_partition_filter;
                                  return absl::OkStatus();
                                },
                                engine::ColumnDrops::kAllowed)
                            .status());
  return outcome;
}

}  // namespace bqcdc::emulator::sql
