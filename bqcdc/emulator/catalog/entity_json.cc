#include "bqcdc/emulator/catalog/entity_json.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/schema_json.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::catalog {
namespace {

using Json = nlohmann::json;

template <typename T>
void Put(Json& json, const char* name, const std::optional<T>& value) {
  if (value) json[name] = *value;
}

template <typename T>
void Get(const Json& json, const char* name, T& value) {
  if (const auto found = json.find(name); found != json.end()) value = found->get<T>();
}

template <typename T>
void Get(const Json& json, const char* name, std::optional<T>& value) {
  if (const auto found = json.find(name); found != json.end()) value = found->get<T>();
}

Json PartitioningToJson(const TimePartitioning& partitioning) {
  Json json = {{"type", partitioning.type}, {"field", partitioning.field}};
  Put(json, "expirationMs", partitioning.expiration_ms);
  return json;
}

TimePartitioning TimePartitioningFromJson(const Json& json) {
  TimePartitioning partitioning;
  Get(json, "type", partitioning.type);
  Get(json, "field", partitioning.field);
  Get(json, "expirationMs", partitioning.expiration_ms);
  return partitioning;
}

RangePartitioning RangePartitioningFromJson(const Json& json) {
  RangePartitioning partitioning;
  Get(json, "field", partitioning.field);
  Get(json, "start", partitioning.start);
  Get(json, "end", partitioning.end);
  Get(json, "interval", partitioning.interval);
  return partitioning;
}

// What datasets and tables have in common.
template <typename Entity>
void PutShared(Json& json, const Entity& entity) {
  json["friendlyName"] = entity.friendly_name;
  json["description"] = entity.description;
  json["labels"] = entity.labels;
  json["creationTimeMs"] = entity.creation_time_ms;
  json["lastModifiedMs"] = entity.last_modified_ms;
  json["etag"] = entity.etag;
}

template <typename Entity>
void GetShared(const Json& json, Entity& entity) {
  Get(json, "friendlyName", entity.friendly_name);
  Get(json, "description", entity.description);
  Get(json, "labels", entity.labels);
  Get(json, "creationTimeMs", entity.creation_time_ms);
  Get(json, "lastModifiedMs", entity.last_modified_ms);
  Get(json, "etag", entity.etag);
}

absl::StatusOr<Table> TableFromObject(const Json& json) {
  Table table;
  Get(json, "project", table.id.project);
  Get(json, "dataset", table.id.dataset);
  Get(json, "table", table.id.table);
  Get(json, "uid", table.uid);
  Get(json, "schemaVersion", table.schema_version);
  table.columns_version = table.schema_version;
  BQCDC_ASSIGN_OR_RETURN(table.schema.columns, schema::ColumnsFromJson(json.at("columns")));
  Get(json, "primaryKey", table.schema.primary_key);
  Get(json, "clustering", table.clustering);
  if (json.contains("timePartitioning")) {
    table.time_partitioning = TimePartitioningFromJson(json["timePartitioning"]);
  }
  if (json.contains("rangePartitioning")) {
    table.range_partitioning = RangePartitioningFromJson(json["rangePartitioning"]);
  }
  if (const auto view = json.find("view"); view != json.end()) {
    table.view.emplace();
    Get(*view, "query", table.view->query);
    Get(*view, "columns", table.view->columns);
  }
  Get(json, "requirePartitionFilter", table.require_partition_filter);
  Get(json, "maxStalenessUs", table.max_staleness_us);
  Get(json, "expirationTimeMs", table.expiration_time_ms);
  GetShared(json, table);
  return table;
}

}  // namespace

std::string DatasetToJson(const Dataset& dataset) {
  Json json = {
      {"project", dataset.id.project}, {"dataset", dataset.id.dataset}, {"location", dataset.location}};
  Put(json, "defaultTableExpirationMs", dataset.default_table_expiration_ms);
  Put(json, "defaultPartitionExpirationMs", dataset.default_partition_expiration_ms);
  PutShared(json, dataset);
  return json.dump();
}

absl::StatusOr<Dataset> DatasetFromJson(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    Dataset dataset;
    Get(json, "project", dataset.id.project);
    Get(json, "dataset", dataset.id.dataset);
    Get(json, "location", dataset.location);
    Get(json, "defaultTableExpirationMs", dataset.default_table_expiration_ms);
    Get(json, "defaultPartitionExpirationMs", dataset.default_partition_expiration_ms);
    GetShared(json, dataset);
    return dataset;
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat("stored dataset: ", error.what()));
  }
}

std::string TableToJson(const Table& table) {
  Json json = {{"project", table.id.project},
               {"dataset", table.id.dataset},
               {"table", table.id.table},
               {"uid", table.uid},
               {"schemaVersion", table.schema_version},
               {"columns", schema::ColumnsToJson(table.schema.columns)},
               {"primaryKey", table.schema.primary_key},
               {"clustering", table.clustering},
               {"requirePartitionFilter", table.require_partition_filter}};
  if (table.time_partitioning) json["timePartitioning"] = PartitioningToJson(*table.time_partitioning);
  if (const auto& range = table.range_partitioning) {
    json["rangePartitioning"] = {
        {"field", range->field}, {"start", range->start}, {"end", range->end}, {"interval", range->interval}};
  }
  if (table.view) json["view"] = {{"query", table.view->query}, {"columns", table.view->columns}};
  Put(json, "maxStalenessUs", table.max_staleness_us);
  Put(json, "expirationTimeMs", table.expiration_time_ms);
  PutShared(json, table);
  return json.dump();
}

absl::StatusOr<Table> TableFromJson(std::string_view text) {
  try {
    return TableFromObject(Json::parse(text));
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat("stored table: ", error.what()));
  }
}

}  // namespace bqcdc::emulator::catalog
