#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/analyzer/table_provider.h"

namespace bqcdc::emulator::sql {

// The rows of a view of INFORMATION_SCHEMA (https://cloud.google.com/bigquery/docs/information-schema-intro);
// unset where there is no such view here. `dataset` unset: all datasets of the project (SCHEMATA, and
// region-qualified views).
absl::StatusOr<std::optional<ConstantTable>> InformationSchemaView(engine::Database& database,
                                                                   const std::string& project,
                                                                   const std::optional<std::string>& dataset,
                                                                   const std::string& view,
                                                                   const std::string& location);

// The views of tables, each over one table at a time.
ConstantTable TablesHeader();
absl::Status AppendTablesRow(engine::Database& database, const catalog::Table& table, ConstantTable& view);
ConstantTable ColumnsHeader();
void AppendColumnsRows(const catalog::Table& table, ConstantTable& view);
ConstantTable TableOptionsHeader();
void AppendTableOptionsRows(const catalog::Table& table, ConstantTable& view);
ConstantTable TableConstraintsHeader();
void AppendTableConstraintsRow(const catalog::Table& table, ConstantTable& view);
ConstantTable KeyColumnUsageHeader();
void AppendKeyColumnUsageRows(const catalog::Table& table, ConstantTable& view);
ConstantTable ConstraintColumnUsageHeader();
void AppendConstraintColumnUsageRows(const catalog::Table& table, ConstantTable& view);

// name, type and value of each option that is set, as TABLE_OPTIONS shows them.
struct TableOption {
  std::string name;
  std::string type;
  std::string value;
};
std::vector<TableOption> OptionsOf(const catalog::Table& table);
// The CREATE TABLE statement that makes such a table.
std::string DdlOf(const catalog::Table& table);

}  // namespace bqcdc::emulator::sql
