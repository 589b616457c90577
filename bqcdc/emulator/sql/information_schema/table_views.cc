// Columns in the order of the documentation pages information-schema-tables, -views, -columns,
// -column-field-paths, -table-options, -table-constraints, -key-column-usage and -constraint-column-usage.

#include <algorithm>
#include <initializer_list>

#include "absl/strings/ascii.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/information_schema/information_schema.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::sql {
namespace {

Value Text(const std::string& text) { return Value::String(text); }
Value NoText() { return Value::Null(TypeKind::kString); }

ConstantTable Texts(std::initializer_list<const char*> names) {
  ConstantTable table;
  for (const char* name : names) table.columns.push_back({name, TypeKind::kString});
  return table;
}

void SetType(ConstantTable& table, std::string_view name, const Type& type) {
  for (StructField& column : table.columns) {
    if (column.name == name) column.type = type;
  }
}

Value NoElements(const Type& type) {
  Value value = Value::Null(type);
  value.is_null = false;
  return value;
}

std::string KeyName(const catalog::Table& table) { return table.id.table + ".pk$"; }

}  // namespace

ConstantTable TablesHeader() {
  ConstantTable view = Texts({"table_catalog",
                              "table_schema",
                              "table_name",
                              "table_type",
                              "managed_table_type",
                              "is_insertable_into",
                              "is_fine_grained_mutations_enabled",
                              "is_typed",
                              "is_change_history_enabled",
                              "creation_time",
                              "base_table_catalog",
                              "base_table_schema",
                              "base_table_name",
                              "snapshot_time_ms",
                              "replica_source_catalog",
                              "replica_source_schema",
                              "replica_source_name",
                              "replication_status",
                              "replication_error",
                              "ddl",
                              "default_collation_name",
                              "sync_status",
                              "upsert_stream_apply_watermark"});
  SetType(view, "creation_time", TypeKind::kTimestamp);
  SetType(view, "snapshot_time_ms", TypeKind::kTimestamp);
  SetType(view, "sync_status", TypeKind::kJson);
  SetType(view, "upsert_stream_apply_watermark", TypeKind::kTimestamp);
  return view;
}

absl::Status AppendTablesRow(const InformationSchemaRequest& request, const catalog::Table& table,
                             ConstantTable& view) {
  std::vector<Value> row;
  for (const StructField& column : view.columns) row.push_back(Value::Null(column.type));
  const auto set = [&](std::string_view name, Value value) {
    for (size_t i = 0; i < view.columns.size(); ++i) {
      if (view.columns[i].name == name) row[i] = std::move(value);
    }
  };
  set("table_catalog", Text(table.id.project));
  set("table_schema", Text(table.id.dataset));
  set("table_name", Text(table.id.table));
  set("table_type", Text(table.view ? "VIEW" : "BASE TABLE"));
  if (!table.view) set("managed_table_type", Text("NATIVE"));
  set("is_insertable_into", Text(table.view ? "NO" : "YES"));
  set("is_fine_grained_mutations_enabled", Text("NO"));
  set("is_typed", Text("NO"));
  set("is_change_history_enabled", Text("NO"));
  set("creation_time", Value::Of(TypeKind::kTimestamp, table.creation_time_ms * 1000));
  set("ddl", Text(DdlOf(table)));
  auto watermark = request.database.Watermark(table.id);
  // A table that was dropped meanwhile has none.
  if (watermark.ok() && *watermark) {
    set("upsert_stream_apply_watermark", Value::Of(TypeKind::kTimestamp, absl::ToUnixMicros(**watermark)));
  }
  view.rows.push_back(std::move(row));
  return absl::OkStatus();
}

ConstantTable ColumnsHeader() {
  ConstantTable view = Texts({"table_catalog",
                              "table_schema",
                              "table_name",
                              "column_name",
                              "ordinal_position",
                              "is_nullable",
                              "data_type",
                              "is_generated",
                              "generation_expression",
                              "is_stored",
                              "is_hidden",
                              "is_updatable",
                              "is_system_defined",
                              "is_partitioning_column",
                              "clustering_ordinal_position",
                              "collation_name",
                              "column_default",
                              "rounding_mode",
                              "data_policies",
                              "policy_tags"});
  SetType(view, "ordinal_position", TypeKind::kInt64);
  SetType(view, "clustering_ordinal_position", TypeKind::kInt64);
  // Neither is known here; they are empty arrays.
  view.columns[18].type = Type::Array(Type::Struct({{"name", TypeKind::kString}}));
  view.columns[19].type = Type::Array(TypeKind::kString);
  return view;
}

void AppendColumnsRows(const catalog::Table& table, ConstantTable& view) {
  for (size_t i = 0; i < table.schema.columns.size(); ++i) {
    const schema::Column& column = table.schema.columns[i];
    const bool partitions = (table.time_partitioning && table.time_partitioning->field == column.name) ||
                            (table.range_partitioning && table.range_partitioning->field == column.name);
    const auto clustered = std::find(table.clustering.begin(), table.clustering.end(), column.name);
    view.rows.push_back(
        {Text(table.id.project),
         Text(table.id.dataset),
         Text(table.id.table),
         Text(column.name),
         Value::Int64(static_cast<int64_t>(i) + 1),
         Text(column.required() ? "NO" : "YES"),
         Text(schema::SqlType(column)),
         Text("NEVER"),
         NoText(),
         NoText(),
         Text("NO"),
         NoText(),
         Text("NO"),
         Text(partitions ? "YES" : "NO"),
         clustered == table.clustering.end() ? Value::Null(TypeKind::kInt64)
                                             : Value::Int64(clustered - table.clustering.begin() + 1),
         Text("NULL"),
         Text(column.default_value_expression.empty() ? "NULL" : column.default_value_expression),
         NoText(),
         NoElements(view.columns[18].type),
         NoElements(view.columns[19].type)});
  }
}

ConstantTable ColumnFieldPathsHeader() {
  ConstantTable view = Texts({"table_catalog", "table_schema", "table_name", "column_name", "field_path",
                              "data_type", "description", "collation_name", "rounding_mode", "policy_tags"});
  SetType(view, "policy_tags", Type::Array(TypeKind::kString));
  return view;
}

namespace {

// The column, or a field of it, and everything below.
void AppendFieldPaths(const catalog::Table& table, const std::string& column_name,
                      const schema::Column& column, const std::string& path, ConstantTable& view) {
  view.rows.push_back({Text(table.id.project), Text(table.id.dataset), Text(table.id.table),
                       Text(column_name), Text(path), Text(schema::SqlType(column)),
                       column.description.empty() ? NoText() : Text(column.description), Text("NULL"),
                       NoText(), NoElements(view.columns.back().type)});
  for (const schema::Column& field : column.fields) {
    AppendFieldPaths(table, column_name, field, base::StrCat(path, ".", field.name), view);
  }
}

}  // namespace

void AppendColumnFieldPathsRows(const catalog::Table& table, ConstantTable& view) {
  for (const schema::Column& column : table.schema.columns) {
    AppendFieldPaths(table, column.name, column, column.name, view);
  }
}

ConstantTable ViewsHeader() {
  return Texts(
      {"table_catalog", "table_schema", "table_name", "view_definition", "check_option", "use_standard_sql"});
}

void AppendViewsRow(const catalog::Table& table, ConstantTable& view) {
  if (!table.view) return;
  view.rows.push_back({Text(table.id.project), Text(table.id.dataset), Text(table.id.table),
                       Text(table.view->query), NoText(), Text("YES")});
}

ConstantTable TableOptionsHeader() {
  return Texts({"table_catalog", "table_schema", "table_name", "option_name", "option_type", "option_value"});
}

void AppendTableOptionsRows(const catalog::Table& table, ConstantTable& view) {
  for (const TableOption& option : OptionsOf(table)) {
    view.rows.push_back({Text(table.id.project), Text(table.id.dataset), Text(table.id.table),
                         Text(option.name), Text(option.type), Text(option.value)});
  }
}

ConstantTable TableConstraintsHeader() {
  return Texts({"constraint_catalog", "constraint_schema", "constraint_name", "table_catalog", "table_schema",
                "table_name", "constraint_type", "is_deferrable", "initially_deferred", "enforced"});
}

void AppendTableConstraintsRow(const catalog::Table& table, ConstantTable& view) {
  if (!table.has_primary_key()) return;
  view.rows.push_back({Text(table.id.project), Text(table.id.dataset), Text(KeyName(table)),
                       Text(table.id.project), Text(table.id.dataset), Text(table.id.table),
                       Text("PRIMARY KEY"), Text("NO"), Text("NO"), Text("NO")});
}

ConstantTable KeyColumnUsageHeader() {
  ConstantTable view =
      Texts({"constraint_catalog", "constraint_schema", "constraint_name", "table_catalog", "table_schema",
             "table_name", "column_name", "ordinal_position", "position_in_unique_constraint"});
  SetType(view, "ordinal_position", TypeKind::kInt64);
  SetType(view, "position_in_unique_constraint", TypeKind::kInt64);
  return view;
}

void AppendKeyColumnUsageRows(const catalog::Table& table, ConstantTable& view) {
  for (size_t i = 0; i < table.schema.primary_key.size(); ++i) {
    view.rows.push_back({Text(table.id.project), Text(table.id.dataset), Text(KeyName(table)),
                         Text(table.id.project), Text(table.id.dataset), Text(table.id.table),
                         Text(table.schema.primary_key[i]), Value::Int64(static_cast<int64_t>(i) + 1),
                         Value::Null(TypeKind::kInt64)});
  }
}

ConstantTable ConstraintColumnUsageHeader() {
  return Texts({"table_catalog", "table_schema", "table_name", "column_name", "constraint_catalog",
                "constraint_schema", "constraint_name"});
}

void AppendConstraintColumnUsageRows(const catalog::Table& table, ConstantTable& view) {
  for (const std::string& column : table.schema.primary_key) {
    view.rows.push_back({Text(table.id.project), Text(table.id.dataset), Text(table.id.table), Text(column),
                         Text(table.id.project), Text(table.id.dataset), Text(KeyName(table))});
  }
}

}  // namespace bqcdc::emulator::sql
