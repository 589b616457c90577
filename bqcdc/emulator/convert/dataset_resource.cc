#include "bqcdc/emulator/convert/dataset_resource.h"

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/catalog/entity_names.h"
#include "bqcdc/emulator/catalog/location.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/convert/same_name.h"
#include "bqcdc/emulator/errors.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::convert {
namespace {

using nlohmann::json;

json ReferenceToJson(const catalog::DatasetId& id) {
  return {{"projectId", id.project}, {"datasetId", id.dataset}};
}

std::string FullId(const catalog::DatasetId& id) { return base::StrCat(id.project, ":", id.dataset); }

// What a dataset's creator gets where none is asked for.
json DefaultAccess() {
  return json::array({{{"role", "WRITER"}, {"specialGroup", "projectWriters"}},
                      {{"role", "OWNER"}, {"specialGroup", "projectOwners"}},
                      {{"role", "READER"}, {"specialGroup", "projectReaders"}}});
}

absl::Status RefuseUnknownSemantics(const json& body) {
  BQCDC_RETURN_IF_ERROR(RefuseFields(body, "datasets",
                                     {"isCaseInsensitive", "defaultCollation", "linkedDatasetSource",
                                      "externalDatasetReference", "externalCatalogDatasetOptions"}));
  BQCDC_ASSIGN_OR_RETURN(const auto rounding, StringField(body, "defaultRoundingMode"));
  if (rounding && *rounding == "ROUND_HALF_EVEN") {
    return errors::NotImplemented("datasets: defaultRoundingMode ROUND_HALF_EVEN");
  }
  return absl::OkStatus();
}

absl::Status ChangeText(const json& body, const std::string& name, Absent absent, std::string* text) {
  BQCDC_ASSIGN_OR_RETURN(const auto value, StringField(body, name));
  if (value || absent == Absent::kCleared || body.contains(name)) *text = value.value_or("");
  return absl::OkStatus();
}

absl::Status ChangeExpiration(const json& body, const std::string& name, Absent absent,
                              std::optional<int64_t>* expiration_ms) {
  BQCDC_ASSIGN_OR_RETURN(auto value, Int64Field(body, name));
  if (value && *value == 0) value.reset();
  constexpr int64_t kExpirationMsMin =
      3'600'000;  // an hour, by the documentation of defaultTableExpirationMs
  if (value && *value < kExpirationMsMin) {
    return errors::WithLocation(errors::Invalid(base::StrCat(name, " must be at least ", kExpirationMsMin)),
                                name);
  }
  if (value || absent == Absent::kCleared || body.contains(name)) *expiration_ms = value;
  return absl::OkStatus();
}

}  // namespace

json DatasetToJson(const catalog::Dataset& dataset, const std::string& base_url) {
  json resource = {
      {"kind", "bigquery#dataset"},
      {"etag", dataset.etag},
      {"id", FullId(dataset.id)},
      {"selfLink",
       base::StrCat(base_url, "/projects/", dataset.id.project, "/datasets/", dataset.id.dataset)},
      {"datasetReference", ReferenceToJson(dataset.id)},
      {"access", DefaultAccess()},
      {"creationTime", std::to_string(dataset.creation_time_ms)},
      {"lastModifiedTime", std::to_string(dataset.last_modified_ms)},
      {"location", dataset.location},
      {"type", "DEFAULT"},
      {"maxTimeTravelHours", "168"},
  };
  if (!dataset.friendly_name.empty()) resource["friendlyName"] = dataset.friendly_name;
  if (!dataset.description.empty()) resource["description"] = dataset.description;
  if (!dataset.labels.empty()) resource["labels"] = dataset.labels;
  if (dataset.default_table_expiration_ms) {
    resource["defaultTableExpirationMs"] = std::to_string(*dataset.default_table_expiration_ms);
  }
  if (dataset.default_partition_expiration_ms) {
    resource["defaultPartitionExpirationMs"] = std::to_string(*dataset.default_partition_expiration_ms);
  }
  return resource;
}

json DatasetToListItem(const catalog::Dataset& dataset) {
  json item = {{"kind", "bigquery#dataset"},
               {"id", FullId(dataset.id)},
               {"datasetReference", ReferenceToJson(dataset.id)},
               {"location", dataset.location},
               {"type", "DEFAULT"}};
  if (!dataset.friendly_name.empty()) item["friendlyName"] = dataset.friendly_name;
  if (!dataset.labels.empty()) item["labels"] = dataset.labels;
  return item;
}

absl::StatusOr<catalog::Dataset> DatasetFromJson(const json& body, const std::string& project) {
  BQCDC_ASSIGN_OR_RETURN(const json* reference, ObjectField(body, "datasetReference"));
  if (reference == nullptr) {
    return errors::WithLocation(errors::Invalid("Required parameter is missing: datasetReference"),
                                "datasetReference");
  }
  BQCDC_ASSIGN_OR_RETURN(const auto dataset_id, StringField(*reference, "datasetId"));
  BQCDC_ASSIGN_OR_RETURN(const auto named_project, StringField(*reference, "projectId"));
  BQCDC_RETURN_IF_ERROR(CheckSameName("projectId", project, named_project));
  BQCDC_RETURN_IF_ERROR(catalog::CheckDatasetName(dataset_id.value_or("")));
  catalog::Dataset dataset;
  dataset.id = {project, *dataset_id};
  BQCDC_ASSIGN_OR_RETURN(const auto location, StringField(body, "location"));
  dataset.location = catalog::LocationNamed(location.value_or(""));
  BQCDC_RETURN_IF_ERROR(ChangeDataset(body, Absent::kCleared, &dataset));
  return dataset;
}

absl::Status ChangeDataset(const json& body, Absent absent, catalog::Dataset* dataset) {
  BQCDC_RETURN_IF_ERROR(RefuseUnknownSemantics(body));
  BQCDC_ASSIGN_OR_RETURN(const json* reference, ObjectField(body, "datasetReference"));
  if (reference != nullptr) {
    BQCDC_ASSIGN_OR_RETURN(const auto dataset_id, StringField(*reference, "datasetId"));
    BQCDC_RETURN_IF_ERROR(CheckSameName("datasetId", dataset->id.dataset, dataset_id));
  }
  BQCDC_ASSIGN_OR_RETURN(const auto location, StringField(body, "location"));
  if (location && !location->empty() && !absl::EqualsIgnoreCase(*location, dataset->location)) {
    return errors::WithLocation(errors::Invalid("Cannot change the location of a dataset"), "location");
  }
  BQCDC_RETURN_IF_ERROR(ChangeText(body, "friendlyName", absent, &dataset->friendly_name));
  BQCDC_RETURN_IF_ERROR(ChangeText(body, "description", absent, &dataset->description));
  BQCDC_RETURN_IF_ERROR(
      ChangeExpiration(body, "defaultTableExpirationMs", absent, &dataset->default_table_expiration_ms));
  BQCDC_RETURN_IF_ERROR(ChangeExpiration(body, "defaultPartitionExpirationMs", absent,
                                         &dataset->default_partition_expiration_ms));
  if (absent == Absent::kCleared || (body.contains("labels") && body["labels"].is_null()))
    dataset->labels.clear();
  return MergeLabels(body, &dataset->labels);
}

}  // namespace bqcdc::emulator::convert
