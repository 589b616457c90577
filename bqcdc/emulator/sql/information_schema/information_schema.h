#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/analyzer/table_provider.h"
#include "bqcdc/emulator/sql/job_record.h"

namespace bqcdc::emulator::sql {

// Where a view of INFORMATION_SCHEMA looks.
struct InformationSchemaRequest {
  engine::Database& database;
  engine::ReadSession& session;
  const InformationSchemaName& name;
  const std::string& location;  // of the query
  const JobLister& jobs;        // may be empty: there are none
};

// The rows of a view of INFORMATION_SCHEMA (https://cloud.google.com/bigquery/docs/information-schema-intro);
// unset where there is no such view here.
absl::StatusOr<std::optional<ConstantTable>> ReadInformationSchema(const InformationSchemaRequest& request);
// Those views, for the documentation.
struct InformationSchemaView {
  std::string name;
  bool of_region = false;    // `region-us`.INFORMATION_SCHEMA.name is a name
  bool region_only = false;  // nothing else is
};
std::vector<InformationSchemaView> InformationSchemaViews();

// JOBS and its relatives.
ConstantTable JobsView(const std::vector<JobRecord>& jobs);

// The views of tables, each over one table at a time.
ConstantTable TablesHeader();
absl::Status AppendTablesRow(const InformationSchemaRequest& request, const catalog::Table& table,
                             ConstantTable& view);
ConstantTable ColumnsHeader();
void AppendColumnsRows(const catalog::Table& table, ConstantTable& view);
ConstantTable ColumnFieldPathsHeader();
void AppendColumnFieldPathsRows(const catalog::Table& table, ConstantTable& view);
ConstantTable ViewsHeader();
void AppendViewsRow(const catalog::Table& table, ConstantTable& view);
ConstantTable PartitionsHeader();
absl::Status AppendPartitionsRows(const InformationSchemaRequest& request, const catalog::Table& table,
                                  ConstantTable& view);
ConstantTable TableOptionsHeader();
void AppendTableOptionsRows(const catalog::Table& table, ConstantTable& view);
ConstantTable TableConstraintsHeader();
void AppendTableConstraintsRow(const catalog::Table& table, ConstantTable& view);
ConstantTable KeyColumnUsageHeader();
void AppendKeyColumnUsageRows(const catalog::Table& table, ConstantTable& view);
ConstantTable ConstraintColumnUsageHeader();
void AppendConstraintColumnUsageRows(const catalog::Table& table, ConstantTable& view);

// name, type and value of each option that is set, as TABLE_OPTIONS and SCHEMATA_OPTIONS show them.
struct TableOption {
  std::string name;
  std::string type;
  std::string value;
};
std::vector<TableOption> OptionsOf(const catalog::Table& table);
std::vector<TableOption> OptionsOf(const catalog::Dataset& dataset);
// The CREATE TABLE or CREATE VIEW statement that makes such a table.
std::string DdlOf(const catalog::Table& table);

}  // namespace bqcdc::emulator::sql
