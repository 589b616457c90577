#include "bqcdc/emulator/sql/information_schema/information_schema.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/parser/unparser.h"

namespace bqcdc::emulator::sql {
namespace {

Value Text(const std::string& text) { return Value::String(text); }
Value Time(int64_t millis) { return Value::Of(TypeKind::kTimestamp, millis * 1000); }
Value NoText() { return Value::Null(TypeKind::kString); }

ConstantTable Schemata(engine::Database& database, const std::string& project) {
  ConstantTable view;
  for (const char* name : {"catalog_name", "schema_name", "schema_owner"}) {
    view.columns.push_back({name, TypeKind::kString});
  }
  for (const char* name : {"creation_time", "last_modified_time"})
    view.columns.push_back({name, TypeKind::kTimestamp});
  for (const char* name : {"location", "ddl", "default_collation_name"})
    view.columns.push_back({name, TypeKind::kString});
  for (const catalog::Dataset& dataset : database.ListDatasets(project)) {
    const std::string ddl = "CREATE SCHEMA `" + dataset.id.project + "." + dataset.id.dataset +
                            "`\nOPTIONS(\n  location=" + QuoteString(dataset.location) + "\n);";
    view.rows.push_back({Text(project), Text(dataset.id.dataset), NoText(), Time(dataset.creation_time_ms),
                         Time(dataset.last_modified_ms), Text(dataset.location), Text(ddl), NoText()});
  }
  return view;
}

struct View {
  const char* name;
  ConstantTable (*header)();
  void (*append)(const catalog::Table& table, ConstantTable& view);
};
constexpr View kViews[] = {
    {"COLUMNS", ColumnsHeader, AppendColumnsRows},
    {"TABLE_OPTIONS", TableOptionsHeader, AppendTableOptionsRows},
    {"TABLE_CONSTRAINTS", TableConstraintsHeader, AppendTableConstraintsRow},
    {"KEY_COLUMN_USAGE", KeyColumnUsageHeader, AppendKeyColumnUsageRows},
    {"CONSTRAINT_COLUMN_USAGE", ConstraintColumnUsageHeader, AppendConstraintColumnUsageRows},
};

}  // namespace

absl::StatusOr<std::optional<ConstantTable>> InformationSchemaView(engine::Database& database,
                                                                   const std::string& project,
                                                                   const std::optional<std::string>& dataset,
                                                                   const std::string& view,
                                                                   const std::string& location) {
  if (view == "SCHEMATA") return Schemata(database, project);
  if (!dataset) return std::nullopt;
  if (!database.GetDataset({project, *dataset}).ok()) {
    return errors::DatasetNotFoundInQuery(project, *dataset, location);
  }
  const std::vector<catalog::Table> tables = database.ListTables({project, *dataset});
  if (view == "TABLES") {
    ConstantTable result = TablesHeader();
    for (const catalog::Table& table : tables)
      BQCDC_RETURN_IF_ERROR(AppendTablesRow(database, table, result));
    return result;
  }
  for (const View& known : kViews) {
    if (view != known.name) continue;
    ConstantTable result = known.header();
    for (const catalog::Table& table : tables) known.append(table, result);
    return result;
  }
  return std::nullopt;
}

}  // namespace bqcdc::emulator::sql
