#include "bqcdc/emulator/sql/information_schema/information_schema.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/parser/unparser.h"

namespace bqcdc::emulator::sql {
namespace {

Value Text(const std::string& text) { return Value::String(text); }
Value Time(int64_t millis) { return Value::Of(TypeKind::kTimestamp, millis * 1000); }
Value NoText() { return Value::Null(TypeKind::kString); }

ConstantTable Schemata(const std::vector<catalog::Dataset>& datasets) {
  ConstantTable view;
  for (const char* name : {"catalog_name", "schema_name", "schema_owner"}) {
    view.columns.push_back({name, TypeKind::kString});
  }
  for (const char* name : {"creation_time", "last_modified_time"})
    view.columns.push_back({name, TypeKind::kTimestamp});
  for (const char* name : {"location", "ddl", "default_collation_name"})
    view.columns.push_back({name, TypeKind::kString});
  for (const catalog::Dataset& dataset : datasets) {
    const std::string ddl = "CREATE SCHEMA `" + dataset.id.project + "." + dataset.id.dataset +
                            "`\nOPTIONS(\n  location=" + QuoteString(dataset.location) + "\n);";
    view.rows.push_back({Text(dataset.id.project), Text(dataset.id.dataset), NoText(),
                         Time(dataset.creation_time_ms), Time(dataset.last_modified_ms),
                         Text(dataset.location), Text(ddl), NoText()});
  }
  return view;
}

ConstantTable SchemataOptions(const std::vector<catalog::Dataset>& datasets) {
  ConstantTable view;
  for (const char* name : {"catalog_name", "schema_name", "option_name", "option_type", "option_value"}) {
    view.columns.push_back({name, TypeKind::kString});
  }
  for (const catalog::Dataset& dataset : datasets) {
    for (const TableOption& option : OptionsOf(dataset)) {
      view.rows.push_back({Text(dataset.id.project), Text(dataset.id.dataset), Text(option.name),
                           Text(option.type), Text(option.value)});
    }
  }
  return view;
}

// A view over one table at a time.
struct TableView {
  const char* name;
  ConstantTable (*header)();
  absl::Status (*append)(const InformationSchemaRequest& request, const catalog::Table& table,
                         ConstantTable& view);
  // Whether `region-us.INFORMATION_SCHEMA.name` is a name.
  bool of_region = true;
};

template <void (*kAppend)(const catalog::Table&, ConstantTable&)>
absl::Status Append(const InformationSchemaRequest&, const catalog::Table& table, ConstantTable& view) {
  kAppend(table, view);
  return absl::OkStatus();
}

constexpr TableView kTableViews[] = {
    {"TABLES", TablesHeader, AppendTablesRow},
    {"VIEWS", ViewsHeader, Append<AppendViewsRow>},
    {"COLUMNS", ColumnsHeader, Append<AppendColumnsRows>},
    {"COLUMN_FIELD_PATHS", ColumnFieldPathsHeader, Append<AppendColumnFieldPathsRows>},
    {"TABLE_OPTIONS", TableOptionsHeader, Append<AppendTableOptionsRows>},
    {"PARTITIONS", PartitionsHeader, AppendPartitionsRows, false},
    {"TABLE_CONSTRAINTS", TableConstraintsHeader, Append<AppendTableConstraintsRow>, false},
    {"KEY_COLUMN_USAGE", KeyColumnUsageHeader, Append<AppendKeyColumnUsageRows>, false},
    {"CONSTRAINT_COLUMN_USAGE", ConstraintColumnUsageHeader, Append<AppendConstraintColumnUsageRows>, false},
};

// A view over datasets. They take no region: there the service shows a new dataset only after a while, which
// is nothing to test against.
struct DatasetView {
  const char* name;
  ConstantTable (*make)(const std::vector<catalog::Dataset>& datasets);
};
constexpr DatasetView kDatasetViews[] = {{"SCHEMATA", Schemata}, {"SCHEMATA_OPTIONS", SchemataOptions}};

// Views of jobs. Every job that is not the service's own is the same user's.
struct JobView {
  const char* name;
  bool of_user = false;
};
constexpr JobView kJobViews[] = {{"JOBS"}, {"JOBS_BY_PROJECT"}, {"JOBS_BY_USER", true}};

// The datasets whose tables a view shows.
absl::StatusOr<std::vector<catalog::DatasetId>> DatasetsOf(const InformationSchemaRequest& request) {
  const InformationSchemaName& name = request.name;
  if (name.dataset) {
    const catalog::DatasetId id{name.project, *name.dataset};
    const absl::StatusOr<catalog::Dataset> found = request.database.GetDataset(id);
    if (found.ok()) return std::vector{id};
    if (!absl::IsNotFound(found.status())) return found.status();
    return errors::DatasetNotFoundInQuery(name.project, *name.dataset, request.location);
  }
  BQCDC_ASSIGN_OR_RETURN(const std::vector<catalog::Dataset> datasets,
                         request.database.ListDatasets(name.project));
  std::vector<catalog::DatasetId> ids;
  for (const catalog::Dataset& dataset : datasets) {
    if (dataset.location == name.region) ids.push_back(dataset.id);
  }
  return ids;
}

}  // namespace

absl::StatusOr<std::optional<ConstantTable>> ReadInformationSchema(const InformationSchemaRequest& request) {
  const InformationSchemaName& name = request.name;
  for (const DatasetView& view : kDatasetViews) {
    if (name.view != view.name || name.region) continue;
    BQCDC_ASSIGN_OR_RETURN(const std::vector<catalog::Dataset> datasets,
                           request.database.ListDatasets(name.project));
    return view.make(datasets);
  }
  for (const JobView& view : kJobViews) {
    if (name.view != view.name || !name.region) continue;
    std::vector<JobRecord> jobs;
    if (request.jobs) jobs = request.jobs(name.project, *name.region);
    if (view.of_user) std::erase_if(jobs, [](const JobRecord& job) { return job.of_service; });
    return JobsView(jobs);
  }
  for (const TableView& view : kTableViews) {
    if (name.view != view.name) continue;
    if (!name.dataset && !(name.region && view.of_region)) return std::nullopt;
    BQCDC_ASSIGN_OR_RETURN(const std::vector<catalog::DatasetId> datasets, DatasetsOf(request));
    ConstantTable result = view.header();
    for (const catalog::DatasetId& dataset : datasets) {
      BQCDC_ASSIGN_OR_RETURN(const std::vector<catalog::Table> tables, request.database.ListTables(dataset));
      for (const catalog::Table& listed : tables) {
        // What was dropped or made since the query began is left out.
        const auto table = request.session.FindTable(listed.id);
        if (table.ok()) BQCDC_RETURN_IF_ERROR(view.append(request, *table, result));
      }
    }
    return result;
  }
  return std::nullopt;
}

std::vector<InformationSchemaView> InformationSchemaViews() {
  std::vector<InformationSchemaView> views;
  for (const DatasetView& view : kDatasetViews) views.push_back({view.name});
  for (const TableView& view : kTableViews) views.push_back({view.name, view.of_region});
  for (const JobView& view : kJobViews) views.push_back({view.name, true, true});
  return views;
}

}  // namespace bqcdc::emulator::sql
