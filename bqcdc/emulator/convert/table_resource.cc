#include "bqcdc/emulator/convert/table_resource.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/catalog/entity_names.h"
#include "bqcdc/emulator/catalog/layout_rules.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/convert/same_name.h"
#include "bqcdc/emulator/convert/schema_change.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/schema/column_name_rules.h"
#include "bqcdc/schema/schema_json.h"
#include "bqcdc/values/interval.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::convert {
namespace {

using catalog::Table;
using nlohmann::json;
using schema::ColumnType;

constexpr std::array<std::string_view, 4> kPartitioningTypes = {"DAY", "HOUR", "MONTH", "YEAR"};

bool IsGiven(const json& body, const std::string& name, Absent absent) {
  return absent == Absent::kCleared || body.contains(name);
}

absl::Status InvalidAt(const std::string& field, const std::string& message) {
  return errors::WithLocation(errors::Invalid(message), field);
}

const char* TypeName(const Table& table) { return table.view ? "VIEW" : "TABLE"; }

json TimePartitioningToJson(const catalog::TimePartitioning& partitioning) {
  json resource = {{"type", partitioning.type}};
  if (!partitioning.field.empty()) resource["field"] = partitioning.field;
  if (partitioning.expiration_ms) resource["expirationMs"] = std::to_string(*partitioning.expiration_ms);
  return resource;
}

json RangePartitioningToJson(const catalog::RangePartitioning& partitioning) {
  return {{"field", partitioning.field},
          {"range",
           {{"start", std::to_string(partitioning.start)},
            {"end", std::to_string(partitioning.end)},
            {"interval", std::to_string(partitioning.interval)}}}};
}

void AddPartitioning(const Table& table, json* resource) {
  if (table.time_partitioning)
    (*resource)["timePartitioning"] = TimePartitioningToJson(*table.time_partitioning);
  if (table.range_partitioning)
    (*resource)["rangePartitioning"] = RangePartitioningToJson(*table.range_partitioning);
  if (!table.clustering.empty()) (*resource)["clustering"] = {{"fields", table.clustering}};
}

void AddDescription(const Table& table, json* resource) {
  if (!table.friendly_name.empty()) (*resource)["friendlyName"] = table.friendly_name;
  if (!table.description.empty()) (*resource)["description"] = table.description;
  if (!table.labels.empty()) (*resource)["labels"] = table.labels;
  if (table.expiration_time_ms) (*resource)["expirationTime"] = std::to_string(*table.expiration_time_ms);
}

void AddSize(const TableSize& size, json* resource) {
  const std::string bytes = std::to_string(size.bytes);
  (*resource)["numRows"] = std::to_string(size.rows);
  for (const char* name : {"numBytes", "numTotalLogicalBytes", "numActiveLogicalBytes"})
    (*resource)[name] = bytes;
  for (const char* name : {"numLongTermBytes", "numLongTermLogicalBytes"}) (*resource)[name] = "0";
  if (!size.streaming_buffer) return;
  (*resource)["streamingBuffer"] = {
      {"estimatedRows", std::to_string(size.streaming_buffer->rows)},
      {"estimatedBytes", std::to_string(size.streaming_buffer->bytes)},
      {"oldestEntryTime", std::to_string(size.streaming_buffer->oldest_entry_ms)}};
}

// Spells the column as the schema does: what is kept is compared letter by letter.
absl::Status ResolveColumn(const Table& table, const std::string& field, std::string& name) {
  const schema::Column* column = table.schema.FindColumn(name);
  if (column == nullptr) {
    return InvalidAt(
        field, base::StrCat("The field specified for ", field, " cannot be found in the schema: ", name));
  }
  name = column->name;
  return absl::OkStatus();
}

absl::Status SetClustering(const json& body, Table* table) {
  BQCDC_ASSIGN_OR_RETURN(const json* clustering, ObjectField(body, "clustering"));
  table->clustering.clear();
  if (clustering == nullptr) return absl::OkStatus();
  BQCDC_ASSIGN_OR_RETURN(table->clustering, StringListField(*clustering, "fields"));
  if (table->clustering.size() > catalog::kClusteringColumnsMax) {
    return InvalidAt("clustering", "Too many clustering columns: at most 4 are allowed");
  }
  std::vector<std::string>& columns = table->clustering;
  for (auto column = columns.begin(); column != columns.end(); ++column) {
    BQCDC_RETURN_IF_ERROR(ResolveColumn(*table, "clustering", *column));
    const schema::Column& found = *table->schema.FindColumn(*column);
    if (!catalog::CanClusterBy(found)) {
      return InvalidAt("clustering",
                       base::StrCat("The field specified for clustering has a type that does not "
                                    "support it: ",
                                    *column, ", ", schema::SqlType(found), "."));
    }
    if (std::find(columns.begin(), column, *column) != column)
      return InvalidAt("clustering", base::StrCat("Duplicate clustering column: ", *column));
  }
  return absl::OkStatus();
}

absl::Status SetTimePartitioning(const json& body, Table* table) {
  BQCDC_ASSIGN_OR_RETURN(const json* object, ObjectField(body, "timePartitioning"));
  table->time_partitioning.reset();
  if (object == nullptr) return absl::OkStatus();
  catalog::TimePartitioning partitioning;
  BQCDC_ASSIGN_OR_RETURN(const auto type, StringField(*object, "type"));
  BQCDC_ASSIGN_OR_RETURN(const auto field, StringField(*object, "field"));
  BQCDC_ASSIGN_OR_RETURN(partitioning.expiration_ms, Int64Field(*object, "expirationMs"));
  // Deprecated, but what Google's Python client sends.
  BQCDC_ASSIGN_OR_RETURN(const auto required, BoolField(*object, "requirePartitionFilter"));
  if (required) table->require_partition_filter = *required;
  partitioning.type = type.value_or("DAY");
  partitioning.field = field.value_or("");
  if (std::find(kPartitioningTypes.begin(), kPartitioningTypes.end(), partitioning.type) ==
      kPartitioningTypes.end()) {
    return InvalidAt("timePartitioning.type", base::StrCat("Unknown partitioning type: ", partitioning.type));
  }
  if (!partitioning.field.empty()) {
    BQCDC_RETURN_IF_ERROR(ResolveColumn(*table, "timePartitioning", partitioning.field));
    const schema::Column& column = *table->schema.FindColumn(partitioning.field);
    if (!catalog::CanPartitionByTime(column, partitioning.type)) {
      return InvalidAt(
          "timePartitioning",
          base::StrCat("The field specified for time partitioning can only be of type ",
                       partitioning.type == "HOUR" ? "TIMESTAMP or DATETIME for HOUR partitioning"
                                                   : "TIMESTAMP, DATE or DATETIME",
                       ". The type found is: ", schema::SqlType(column), "."));
    }
  }
  table->time_partitioning = std::move(partitioning);
  return absl::OkStatus();
}

absl::Status SetRangePartitioning(const json& body, Table* table) {
  BQCDC_ASSIGN_OR_RETURN(const json* object, ObjectField(body, "rangePartitioning"));
  table->range_partitioning.reset();
  if (object == nullptr) return absl::OkStatus();
  catalog::RangePartitioning partitioning;
  BQCDC_ASSIGN_OR_RETURN(const auto field, StringField(*object, "field"));
  BQCDC_ASSIGN_OR_RETURN(const json* range, ObjectField(*object, "range"));
  if (!field || range == nullptr)
    return InvalidAt("rangePartitioning", "rangePartitioning needs field and range");
  partitioning.field = *field;
  BQCDC_ASSIGN_OR_RETURN(const auto start, Int64Field(*range, "start"));
  BQCDC_ASSIGN_OR_RETURN(const auto end, Int64Field(*range, "end"));
  BQCDC_ASSIGN_OR_RETURN(const auto interval, Int64Field(*range, "interval"));
  partitioning.start = start.value_or(0);
  partitioning.end = end.value_or(0);
  partitioning.interval = interval.value_or(0);
  if (partitioning.interval <= 0 || partitioning.start >= partitioning.end) {
    return InvalidAt("rangePartitioning", "rangePartitioning needs start < end and an interval above 0");
  }
  BQCDC_RETURN_IF_ERROR(ResolveColumn(*table, "rangePartitioning", partitioning.field));
  const schema::Column& column = *table->schema.FindColumn(partitioning.field);
  if (!catalog::CanPartitionByRange(column)) {
    return InvalidAt(
        "rangePartitioning",
        base::StrCat("The field specified for range partitioning can only be of type INTEGER. The "
                     "type found is: ",
                     schema::SqlType(column), "."));
  }
  table->range_partitioning = std::move(partitioning);
  return absl::OkStatus();
}

absl::Status SetPrimaryKey(const json& body, Table* table) {
  BQCDC_ASSIGN_OR_RETURN(const json* constraints, ObjectField(body, "tableConstraints"));
  table->schema.primary_key.clear();
  if (constraints == nullptr) return absl::OkStatus();
  BQCDC_RETURN_IF_ERROR(RefuseFields(*constraints, "tables: tableConstraints", {"foreignKeys"}));
  BQCDC_ASSIGN_OR_RETURN(const json* key, ObjectField(*constraints, "primaryKey"));
  if (key == nullptr) return absl::OkStatus();
  BQCDC_ASSIGN_OR_RETURN(table->schema.primary_key, StringListField(*key, "columns"));
  for (std::string& name : table->schema.primary_key) {
    if (const schema::Column* column = table->schema.FindColumn(name); column != nullptr) name = column->name;
  }
  return absl::OkStatus();
}

absl::Status SetMaxStaleness(const json& body, Table* table) {
  BQCDC_ASSIGN_OR_RETURN(const auto text, StringField(body, "maxStaleness"));
  table->max_staleness_us.reset();
  if (!text || text->empty()) return absl::OkStatus();
  values::Interval interval;
  if (values::ParseInterval(*text, &interval) != values::ValueError::kNone) {
    return InvalidAt("maxStaleness", "maxStaleness is no interval such as 0-0 0 0:15:0");
  }
  const __int128 micros = interval.TotalMicros();
  constexpr int64_t kMaxStalenessUs = int64_t{24} * 3600 * 1'000'000;
  if (micros < 0 || micros > kMaxStalenessUs) {
    return InvalidAt("maxStaleness", "maxStaleness must lie between 0 and 24 hours");
  }
  table->max_staleness_us = static_cast<int64_t>(micros);
  return absl::OkStatus();
}

absl::Status SetExpiration(const json& body, Table* table) {
  BQCDC_ASSIGN_OR_RETURN(table->expiration_time_ms, Int64Field(body, "expirationTime"));
  if (table->expiration_time_ms == 0) table->expiration_time_ms.reset();
  return absl::OkStatus();
}

absl::Status SetTexts(const json& body, Absent absent, Table* table) {
  if (IsGiven(body, "friendlyName", absent)) {
    BQCDC_ASSIGN_OR_RETURN(const auto text, StringField(body, "friendlyName"));
    table->friendly_name = text.value_or("");
  }
  if (IsGiven(body, "description", absent)) {
    BQCDC_ASSIGN_OR_RETURN(const auto text, StringField(body, "description"));
    table->description = text.value_or("");
  }
  if (absent == Absent::kCleared || (body.contains("labels") && body["labels"].is_null()))
    table->labels.clear();
  return MergeLabels(body, &table->labels);
}

// What of a table's partitioning never changes.
std::string PartitioningKey(const Table& table) {
  if (table.time_partitioning)
    return base::StrCat(table.time_partitioning->type, ":", table.time_partitioning->field);
  if (!table.range_partitioning) return "";
  const catalog::RangePartitioning& range = *table.range_partitioning;
  return base::StrCat("RANGE:", range.field, ":", range.start, ":", range.end, ":", range.interval);
}

absl::Status SetPartitioning(const json& body, Absent absent, Table* table) {
  if (IsGiven(body, "clustering", absent)) BQCDC_RETURN_IF_ERROR(SetClustering(body, table));
  if (IsGiven(body, "requirePartitionFilter", absent)) {
    BQCDC_ASSIGN_OR_RETURN(const auto required, BoolField(body, "requirePartitionFilter"));
    table->require_partition_filter = required.value_or(false);
  }
  // Partitioning is for ever: a PUT that leaves it out keeps it.
  if (body.contains("timePartitioning")) BQCDC_RETURN_IF_ERROR(SetTimePartitioning(body, table));
  if (body.contains("rangePartitioning")) BQCDC_RETURN_IF_ERROR(SetRangePartitioning(body, table));
  if (table->time_partitioning && table->range_partitioning) {
    return errors::Invalid("A table has either timePartitioning or rangePartitioning, not both");
  }
  return absl::OkStatus();
}

// Everything but name and columns.
absl::Status SetProperties(const json& body, Absent absent, RestMaxStaleness staleness, Table* table) {
  BQCDC_RETURN_IF_ERROR(RefuseFields(
      body, "tables",
      {"materializedView", "externalDataConfiguration", "biglakeConfiguration", "snapshotDefinition",
       "cloneDefinition", "tableReplicationInfo", "defaultCollation", "externalCatalogTableOptions"}));
  if (table->view) {
    BQCDC_RETURN_IF_ERROR(RefuseTableFields(body));
    BQCDC_RETURN_IF_ERROR(SetTexts(body, absent, table));
    return IsGiven(body, "expirationTime", absent) ? SetExpiration(body, table) : absl::OkStatus();
  }
  if (IsGiven(body, "tableConstraints", absent)) BQCDC_RETURN_IF_ERROR(SetPrimaryKey(body, table));
  BQCDC_RETURN_IF_ERROR(SetPartitioning(body, absent, table));
  BQCDC_RETURN_IF_ERROR(SetTexts(body, absent, table));
  if (IsGiven(body, "expirationTime", absent)) BQCDC_RETURN_IF_ERROR(SetExpiration(body, table));
  // A PUT without maxStaleness must not undo what DDL has set.
  if (staleness == RestMaxStaleness::kHonoured && body.contains("maxStaleness")) {
    BQCDC_RETURN_IF_ERROR(SetMaxStaleness(body, table));
  }
  const absl::Status valid = schema::ValidateTableSchema(table->schema);
  return valid.ok() ? valid : errors::Invalid(base::ToStd(valid.message()));
}

absl::StatusOr<std::vector<schema::Column>> ReadColumns(const json& schema) {
  absl::StatusOr<std::vector<schema::Column>> columns = schema::ColumnsFromJson(schema);
  if (!columns.ok()) return InvalidAt("schema", std::string(base::ToStd(columns.status().message())));
  return columns;
}

}  // namespace

json TableReferenceToJson(const catalog::TableId& id) {
  return {{"projectId", id.project}, {"datasetId", id.dataset}, {"tableId", id.table}};
}

json TableToJson(const Table& table, const std::string& location, const std::string& base_url,
                 const std::optional<TableSize>& size, RestMaxStaleness staleness) {
  json resource = {
      {"kind", "bigquery#table"},
      {"etag", table.etag},
      {"id", table.id.ToString()},
      {"selfLink", base::StrCat(base_url, "/projects/", table.id.project, "/datasets/", table.id.dataset,
                                "/tables/", table.id.table)},
      {"tableReference", TableReferenceToJson(table.id)},
      {"schema", schema::SchemaToJson(table.schema.columns, schema::NullableMode::kLeftOut)},
      {"creationTime", std::to_string(table.creation_time_ms)},
      {"lastModifiedTime", std::to_string(std::max(table.last_modified_ms, size ? size->newest_row_ms : 0))},
      {"type", TypeName(table)},
      {"location", location},
  };
  if (table.view) resource["view"] = ViewToJson(*table.view);
  if (table.has_primary_key()) {
    resource["tableConstraints"] = {{"primaryKey", {{"columns", table.schema.primary_key}}}};
  }
  if (table.require_partition_filter) resource["requirePartitionFilter"] = true;
  if (staleness == RestMaxStaleness::kHonoured && table.max_staleness_us) {
    resource["maxStaleness"] =
        values::FormatInterval({.months = 0, .days = 0, .micros = *table.max_staleness_us});
  }
  AddPartitioning(table, &resource);
  AddDescription(table, &resource);
  if (size) AddSize(*size, &resource);
  return resource;
}

json TableToListItem(const Table& table) {
  json item = {{"kind", "bigquery#table"},
               {"id", table.id.ToString()},
               {"tableReference", TableReferenceToJson(table.id)},
               {"type", TypeName(table)},
               {"creationTime", std::to_string(table.creation_time_ms)}};
  if (table.view) item["view"] = ViewToListJson();
  AddPartitioning(table, &item);
  if (!table.friendly_name.empty()) item["friendlyName"] = table.friendly_name;
  if (!table.labels.empty()) item["labels"] = table.labels;
  if (table.expiration_time_ms) item["expirationTime"] = std::to_string(*table.expiration_time_ms);
  return item;
}

absl::StatusOr<catalog::TableId> TableIdFromJson(const json& body, const catalog::DatasetId& dataset) {
  BQCDC_ASSIGN_OR_RETURN(const json* reference, ObjectField(body, "tableReference"));
  if (reference == nullptr)
    return InvalidAt("tableReference", "Required parameter is missing: tableReference");
  BQCDC_ASSIGN_OR_RETURN(const auto project, StringField(*reference, "projectId"));
  BQCDC_ASSIGN_OR_RETURN(const auto dataset_name, StringField(*reference, "datasetId"));
  BQCDC_ASSIGN_OR_RETURN(const auto table_name, StringField(*reference, "tableId"));
  BQCDC_RETURN_IF_ERROR(CheckSameName("projectId", dataset.project, project));
  BQCDC_RETURN_IF_ERROR(CheckSameName("datasetId", dataset.dataset, dataset_name));
  BQCDC_RETURN_IF_ERROR(catalog::CheckTableName(table_name.value_or("")));
  return catalog::TableId{dataset.project, dataset.dataset, *table_name};
}

absl::StatusOr<Table> TableFromJson(const json& body, const catalog::DatasetId& dataset,
                                    RestMaxStaleness staleness, const std::optional<ViewDefinition>& view) {
  Table table;
  BQCDC_ASSIGN_OR_RETURN(table.id, TableIdFromJson(body, dataset));
  if (view) {
    if (FindField(body, "schema") != nullptr) {
      return errors::Invalid("Schema field shouldn't be used as input with a view");
    }
    table.view = catalog::View{view->query, {}};
    table.schema.columns = view->columns;
  } else {
    BQCDC_ASSIGN_OR_RETURN(const json* schema, ObjectField(body, "schema"));
    // Checked first: those have no schema either.
    BQCDC_RETURN_IF_ERROR(RefuseFields(body, "tables", {"materializedView", "externalDataConfiguration"}));
    if (schema == nullptr) return errors::NotImplemented("tables: a table without a schema");
    BQCDC_ASSIGN_OR_RETURN(table.schema.columns, ReadColumns(*schema));
  }
  BQCDC_RETURN_IF_ERROR(SetProperties(body, Absent::kCleared, staleness, &table));
  return table;
}

absl::Status ChangeTable(const json& body, Absent absent, RestMaxStaleness staleness,
                         const std::optional<ViewDefinition>& view, Table* table) {
  BQCDC_ASSIGN_OR_RETURN(const json* reference, ObjectField(body, "tableReference"));
  if (reference != nullptr) {
    BQCDC_ASSIGN_OR_RETURN(const auto name, StringField(*reference, "tableId"));
    BQCDC_RETURN_IF_ERROR(CheckSameName("tableId", table->id.table, name));
  }
  if (view && !table->view) {
    return errors::Invalid(base::StrCat("Cannot turn table ", table->id.ToString(), " into a view"));
  }
  if (view) {
    table->view = catalog::View{view->query, {}};
    table->schema.columns = view->columns;
  }
  BQCDC_ASSIGN_OR_RETURN(const json* schema, ObjectField(body, "schema"));
  if (schema != nullptr) {
    BQCDC_ASSIGN_OR_RETURN(const std::vector<schema::Column> wanted, ReadColumns(*schema));
    const auto change = table->view ? DescribeColumns : ChangeColumns;
    BQCDC_ASSIGN_OR_RETURN(table->schema.columns,
                           change(table->schema.columns, wanted, table->id.ToString()));
  }
  if (table->view) return SetProperties(body, absent, staleness, table);
  const std::string partitioned_by = PartitioningKey(*table);
  BQCDC_RETURN_IF_ERROR(SetProperties(body, absent, staleness, table));
  if (PartitioningKey(*table) != partitioned_by) {
    return errors::Invalid(base::StrCat("Cannot change the partitioning of table ", table->id.ToString(),
                                        "; only the expiration of its partitions may change"));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::convert
