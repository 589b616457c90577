// tabledata.insertAll (https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll): plain
// rows as JSON. They are durable and visible when the answer comes; `insertId` is taken and not used, as the
// service promises nothing of it.

#include <algorithm>
#include <map>

#include "absl/synchronization/notification.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/json_cells.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/convert/partition_bounds.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "bqcdc/emulator/handlers/table_reading.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using engine::Chunk;
using nlohmann::json;

constexpr size_t kRowsMax = 50'000;  // https://cloud.google.com/bigquery/quotas#streaming_inserts
constexpr int kDecodeAttemptsMax = 3;

struct InsertRequest {
  std::vector<const json*> rows;
  bool skip_invalid_rows = false;
  convert::JsonRowOptions options;
};

using Faults = std::map<size_t, convert::JsonRowFault>;  // by index in the request

absl::StatusOr<InsertRequest> ParseRequest(const json& body) {
  InsertRequest request;
  BQCDC_RETURN_IF_ERROR(convert::RefuseFields(body, "tabledata.insertAll", {"templateSuffix"}));
  BQCDC_ASSIGN_OR_RETURN(const auto skip, convert::BoolField(body, "skipInvalidRows"));
  BQCDC_ASSIGN_OR_RETURN(const auto ignore, convert::BoolField(body, "ignoreUnknownValues"));
  request.skip_invalid_rows = skip.value_or(false);
  request.options.ignore_unknown_values = ignore.value_or(false);
  BQCDC_ASSIGN_OR_RETURN(const json* rows, convert::ArrayField(body, "rows"));
  if (rows == nullptr || rows->empty()) return errors::Invalid("No rows present in the request.");
  if (rows->size() > kRowsMax) return errors::Invalid(base::StrCat("Too many rows: at most ", kRowsMax));
  for (const json& row : *rows) {
    BQCDC_ASSIGN_OR_RETURN(const json* object, convert::ObjectField(row, "json"));
    if (object == nullptr) return errors::Invalid("A row has no field json");
    request.rows.push_back(object);
  }
  return request;
}

// A row that leaves such a column out would have to get its value, which only the SQL layer can make.
absl::Status RefuseDefaults(const catalog::Table& table, const std::vector<const json*>& rows) {
  for (const schema::Column& column : table.schema.columns) {
    if (column.default_value_expression.empty()) continue;
    for (const json* row : rows) {
      const bool given = std::any_of(row->items().begin(), row->items().end(), [&](const auto& item) {
        return schema::FindColumnIn({column}, item.key()) != nullptr;
      });
      if (!given) {
        return errors::NotImplemented(
            base::StrCat("tabledata.insertAll: a row without column ", column.name, ", which has a default"));
      }
    }
  }
  return absl::OkStatus();
}

// The server's own columns of a plain row; the committer fills the others.
void WriteChangeColumns(size_t first, size_t at, Chunk& chunk) {
  chunk.Writer(first + static_cast<size_t>(engine::ChangeColumn::kOperation))
      .SetUint8(at, static_cast<uint8_t>(engine::RowOperation::kPlain));
  chunk.Writer(first + static_cast<size_t>(engine::ChangeColumn::kSequenceHigh)).SetNull(at);
  chunk.Writer(first + static_cast<size_t>(engine::ChangeColumn::kSequenceLow)).SetNull(at);
}

// Decodes the rows that are not in `left_out` into chunks; faults are added to `faults`.
std::vector<Chunk> DecodeRows(const catalog::Table& table, const InsertRequest& request,
                              const std::optional<convert::PartitionBounds>& partition,
                              const Faults& left_out, Faults* faults) {
  std::vector<Chunk> chunks;
  size_t at = Chunk::kRowsMax;
  for (size_t i = 0; i < request.rows.size(); ++i) {
    if (left_out.contains(i)) continue;
    if (at == Chunk::kRowsMax) {
      chunks.emplace_back(table.schema.columns, true);
      at = 0;
    }
    auto fault =
        convert::WriteJsonRow(*request.rows[i], table.schema.columns, request.options, chunks.back(), at);
    if (!fault && partition) {
      auto outside = partition->FaultOf(chunks.back().Reader(partition->column()), at);
      if (outside) fault = {table.schema.columns[partition->column()].name, *std::move(outside)};
    }
    if (fault) faults->emplace(i, *std::move(fault));
    WriteChangeColumns(table.schema.columns.size(), at, chunks.back());
    chunks.back().SetRowCount(++at);
  }
  return chunks;
}

absl::Status AppendAndWait(engine::Database& database, const catalog::Table& table, std::vector<Chunk> chunks,
                           size_t bytes) {
  absl::Status status;
  absl::Notification durable;
  database.Append({.table_uid = table.uid,
                   .schema_version = table.schema_version,
                   .chunks = std::move(chunks),
                   .bytes = static_cast<int64_t>(bytes)},
                  [&](absl::Status result) {
                    status = std::move(result);
                    durable.Notify();
                  });
  durable.WaitForNotification();
  return status;
}

json ErrorsToJson(const InsertRequest& request, const Faults& faults) {
  json list = json::array();
  for (size_t i = 0; i < request.rows.size(); ++i) {
    const auto fault = faults.find(i);
    if (fault == faults.end() && request.skip_invalid_rows) continue;
    json error = {{"reason", "stopped"}, {"location", ""}, {"debugInfo", ""}, {"message", ""}};
    if (fault != faults.end()) {
      error["reason"] = "invalid";
      error["location"] = fault->second.location;
      error["message"] = fault->second.message;
    }
    list.push_back({{"index", i}, {"errors", json::array({std::move(error)})}});
  }
  return list;
}

absl::StatusOr<RestResponse> InsertAll(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const InsertRequest request, ParseRequest(call.body()));
  for (int attempt = 1;; ++attempt) {
    BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, state.database.GetTable(TableOf(call)));
    BQCDC_RETURN_IF_ERROR(RefuseDefaults(table, request.rows));
    Faults faults;
    const auto partition = convert::PartitionBounds::Of(table, state.clock.Now());
    std::vector<Chunk> chunks = DecodeRows(table, request, partition, {}, &faults);
    json answer = {{"kind", "bigquery#tableDataInsertAllResponse"}};
    if (!faults.empty()) {
      answer["insertErrors"] = ErrorsToJson(request, faults);
      if (!request.skip_invalid_rows) return JsonResponse(answer);
      Faults none;
      chunks = DecodeRows(table, request, partition, faults, &none);
    }
    if (chunks.empty()) return JsonResponse(answer);
    const absl::Status stored =
        AppendAndWait(state.database, table, std::move(chunks), call.request().body.size());
    // The columns changed meanwhile: decode again.
    if (absl::IsAborted(stored) && attempt < kDecodeAttemptsMax) continue;
    BQCDC_RETURN_IF_ERROR(stored);
    return JsonResponse(answer);
  }
}

}  // namespace

void AddInsertAllRoute(RestContext::State& state) {
  state.routes.Add({"tabledata.insertAll",
                    "POST",
                    "projects/{projectId}/datasets/{datasetId}/tables/{tableId}/insertAll",
                    {},
                    "TableDataInsertAllRequest",
                    "TableDataInsertAllResponse",
                    [&state](const MethodCall& call) { return InsertAll(state, call); }});
}

}  // namespace bqcdc::emulator::handlers
