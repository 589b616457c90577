// tabledata.insertAll (https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll): plain
// rows as JSON. They are durable and visible when the answer comes.

#include <map>
#include <set>

#include "absl/synchronization/notification.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/catalog/entity_names.h"
#include "bqcdc/emulator/convert/default_values.h"
#include "bqcdc/emulator/convert/json_cells.h"
#include "bqcdc/emulator/convert/json_fields.h"
#include "bqcdc/emulator/convert/partition_bounds.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/insert_ids.h"
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
  std::vector<std::string> insert_ids;  // of each row, empty: none
  std::string template_suffix;          // empty: the rows are the named table's
  bool skip_invalid_rows = false;
  bool ignore_unknown_values = false;
};

using Faults = std::map<size_t, convert::JsonRowFault>;  // by index in the request

absl::StatusOr<InsertRequest> ParseRequest(const json& body) {
  InsertRequest request;
  BQCDC_ASSIGN_OR_RETURN(auto suffix, convert::StringField(body, "templateSuffix"));
  request.template_suffix = std::move(suffix).value_or("");
  BQCDC_ASSIGN_OR_RETURN(const auto skip, convert::BoolField(body, "skipInvalidRows"));
  BQCDC_ASSIGN_OR_RETURN(const auto ignore, convert::BoolField(body, "ignoreUnknownValues"));
  request.skip_invalid_rows = skip.value_or(false);
  request.ignore_unknown_values = ignore.value_or(false);
  BQCDC_ASSIGN_OR_RETURN(const json* rows, convert::ArrayField(body, "rows"));
  if (rows == nullptr || rows->empty()) return errors::Invalid("No rows present in the request.");
  if (rows->size() > kRowsMax) return errors::Invalid(base::StrCat("Too many rows: at most ", kRowsMax));
  for (const json& row : *rows) {
    BQCDC_ASSIGN_OR_RETURN(const json* object, convert::ObjectField(row, "json"));
    if (object == nullptr) return errors::Invalid("A row has no field json");
    request.rows.push_back(object);
    BQCDC_ASSIGN_OR_RETURN(auto insert_id, convert::StringField(row, "insertId"));
    if (insert_id && insert_id->size() > kInsertIdBytesMax) {
      return errors::WithLocation(
          errors::Invalid(base::StrCat("insertId must have at most ", kInsertIdBytesMax, " bytes")),
          "insertId");
    }
    request.insert_ids.push_back(std::move(insert_id).value_or(""));
  }
  return request;
}

// One request's rows and what is needed to decode them for the table as it is now.
struct DecodeCall {
  const InsertRequest& request;
  const catalog::Table& table;
  std::optional<convert::PartitionBounds> partition;
  convert::DefaultFunction evaluate_default;
};

// The server's own columns of a plain row; the committer fills the others.
void WriteChangeColumns(size_t first, size_t at, Chunk& chunk) {
  chunk.Writer(first + static_cast<size_t>(engine::ChangeColumn::kOperation))
      .SetUint8(at, static_cast<uint8_t>(engine::RowOperation::kPlain));
  chunk.Writer(first + static_cast<size_t>(engine::ChangeColumn::kSequenceHigh)).SetNull(at);
  chunk.Writer(first + static_cast<size_t>(engine::ChangeColumn::kSequenceLow)).SetNull(at);
}

// Decodes the rows that are not in `left_out` into chunks; faults are added to `faults`. Errors: those of
// defaults.
absl::StatusOr<std::vector<Chunk>> DecodeRows(const DecodeCall& call, const std::set<size_t>& left_out,
                                              Faults* faults) {
  const catalog::Table& table = call.table;
  const auto& rows = call.request.rows;
  std::vector<Chunk> chunks;
  size_t at = Chunk::kRowsMax;
  convert::DefaultValues defaults(call.evaluate_default, rows.size());
  size_t row = 0;
  convert::JsonRowOptions options;
  options.ignore_unknown_values = call.request.ignore_unknown_values;
  options.write_default = [&](size_t column, engine::VectorWriter& writer, size_t to) {
    return defaults.Write(table.schema.columns[column], column, row, writer, to);
  };
  for (; row < rows.size(); ++row) {
    if (left_out.contains(row)) continue;
    if (at == Chunk::kRowsMax) {
      chunks.emplace_back(table.schema.columns, true);
      at = 0;
    }
    auto fault = convert::WriteJsonRow(*rows[row], table.schema.columns, options, chunks.back(), at);
    BQCDC_RETURN_IF_ERROR(defaults.status());
    if (!fault && call.partition) {
      auto outside = call.partition->FaultOf(chunks.back().Reader(call.partition->column()), at);
      if (outside) fault = {table.schema.columns[call.partition->column()].name, *std::move(outside)};
    }
    if (fault) faults->emplace(row, *std::move(fault));
    WriteChangeColumns(table.schema.columns.size(), at, chunks.back());
    chunks.back().SetRowCount(++at);
  }
  return chunks;
}

// Rows among the good ones that were stored already, by an earlier request or an earlier row of this one.
std::set<size_t> RepeatedRows(const DecodeCall& call, const Faults& faults, InsertIds& known,
                              absl::Time now) {
  std::set<size_t> repeated;
  std::set<std::string_view> here;
  for (size_t i = 0; i < call.request.insert_ids.size(); ++i) {
    const std::string& id = call.request.insert_ids[i];
    if (id.empty() || faults.contains(i)) continue;
    if (!here.insert(id).second || known.Contains(call.table.uid, id, now)) repeated.insert(i);
  }
  return repeated;
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

// The rows that are stored, and what the answer says of the others.
struct Judged {
  std::vector<Chunk> chunks;
  std::vector<std::string> insert_ids;  // of the good rows
  json answer = {{"kind", "bigquery#tableDataInsertAllResponse"}};
};

absl::StatusOr<Judged> JudgeRows(const DecodeCall& call, InsertIds& known, absl::Time now) {
  Judged judged;
  Faults faults;
  BQCDC_ASSIGN_OR_RETURN(judged.chunks, DecodeRows(call, {}, &faults));
  if (!faults.empty()) {
    judged.answer["insertErrors"] = ErrorsToJson(call.request, faults);
    if (!call.request.skip_invalid_rows) {
      judged.chunks.clear();
      return judged;
    }
  }
  for (size_t i = 0; i < call.request.insert_ids.size(); ++i) {
    const std::string& id = call.request.insert_ids[i];
    if (!id.empty() && !faults.contains(i)) judged.insert_ids.push_back(id);
  }
  std::set<size_t> left_out = RepeatedRows(call, faults, known, now);
  for (const auto& [index, fault] : faults) left_out.insert(index);
  if (left_out.empty()) return judged;
  Faults none;
  BQCDC_ASSIGN_OR_RETURN(judged.chunks, DecodeRows(call, left_out, &none));
  return judged;
}

// The table called `id` with the suffix, made with the columns of `id` where it is missing.
absl::StatusOr<catalog::Table> InstanceOf(engine::Database& database, const catalog::TableId& id,
                                          const std::string& suffix) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table base, database.GetTable(id));
  if (suffix.empty() || base.view) return base;
  catalog::Table instance;
  instance.id = {id.project, id.dataset, id.table + suffix};
  BQCDC_RETURN_IF_ERROR(catalog::CheckTableName(instance.id.table));
  absl::StatusOr<catalog::Table> found = database.GetTable(instance.id);
  if (!absl::IsNotFound(found.status())) return found;
  instance.schema.columns = base.schema.columns;
  absl::StatusOr<catalog::Table> made = database.CreateTable(instance, false);
  // Another request was faster.
  return absl::IsAlreadyExists(made.status()) ? database.GetTable(instance.id) : made;
}

absl::StatusOr<RestResponse> InsertAll(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(call));
  BQCDC_ASSIGN_OR_RETURN(const InsertRequest request, ParseRequest(call.body()));
  for (int attempt = 1;; ++attempt) {
    const absl::Time now = state.clock.Now();
    BQCDC_ASSIGN_OR_RETURN(const catalog::Table table,
                           InstanceOf(state.database, id, request.template_suffix));
    if (table.view) return errors::Invalid("Cannot add rows to a table of type VIEW.");
    DecodeCall decode{request, table, convert::PartitionBounds::Of(table, now), {}};
    if (const DefaultEvaluator& evaluate = state.options.evaluate_default) {
      decode.evaluate_default = [&](const schema::Column& column, size_t rows) {
        return evaluate(column, rows, now);
      };
    }
    BQCDC_ASSIGN_OR_RETURN(Judged judged, JudgeRows(decode, state.insert_ids, now));
    if (judged.chunks.empty()) return JsonResponse(judged.answer);
    const absl::Status stored =
        AppendAndWait(state.database, table, std::move(judged.chunks), call.request().body.size());
    // The columns changed meanwhile: decode again.
    if (absl::IsAborted(stored) && attempt < kDecodeAttemptsMax) continue;
    BQCDC_RETURN_IF_ERROR(stored);
    state.insert_ids.Remember(table.uid, judged.insert_ids, now);
    return JsonResponse(judged.answer);
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
