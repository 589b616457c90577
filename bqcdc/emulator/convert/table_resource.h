#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/convert/dataset_resource.h"
#include "bqcdc/emulator/convert/view_resource.h"
#include "nlohmann/json_fwd.hpp"

// The Table resource (https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table). What this
// server does not have (external tables, foreign keys) is refused by name.
namespace bqcdc::emulator::convert {

// Rows that came by streaming and are not applied yet: `streamingBuffer`.
struct StreamingBuffer {
  int64_t rows = 0;  // at least 1
  int64_t bytes = 0;
  int64_t oldest_entry_ms = 0;  // Unix epoch
};

struct TableSize {
  int64_t rows = 0;
  int64_t bytes = 0;          // logical bytes, https://cloud.google.com/bigquery/pricing#data
  int64_t newest_row_ms = 0;  // when the newest row came in; 0: there is none
  std::optional<StreamingBuffer> streaming_buffer;  // unset: there is none
};

// How `maxStaleness` is treated: the service takes it for an ordinary table, stores nothing and never returns
// it.
enum class RestMaxStaleness { kDropped, kHonoured };

// As tables.get answers. `size` unset: view=BASIC, without numRows and the like.
nlohmann::json TableToJson(const catalog::Table& table, const std::string& location,
                           const std::string& base_url, const std::optional<TableSize>& size,
                           RestMaxStaleness staleness);
// An item of tables.list.
nlohmann::json TableToListItem(const catalog::Table& table);
nlohmann::json TableReferenceToJson(const catalog::TableId& id);

// The name that a body of tables.insert into `dataset` gives.
absl::StatusOr<catalog::TableId> TableIdFromJson(const nlohmann::json& body,
                                                 const catalog::DatasetId& dataset);
// The body of tables.insert into `dataset`; `view` is set where it makes a view.
absl::StatusOr<catalog::Table> TableFromJson(const nlohmann::json& body, const catalog::DatasetId& dataset,
                                             RestMaxStaleness staleness,
                                             const std::optional<ViewDefinition>& view);

// Puts a body of tables.patch or tables.update into `table`; `view` is set where it has a view's text.
absl::Status ChangeTable(const nlohmann::json& body, Absent absent, RestMaxStaleness staleness,
                         const std::optional<ViewDefinition>& view, catalog::Table* table);

}  // namespace bqcdc::emulator::convert
