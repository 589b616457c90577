#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/column_selection.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "bqcdc/emulator/handlers/query_jobs.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "bqcdc/emulator/handlers/result_page.h"
#include "bqcdc/emulator/handlers/table_reading.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

// Rows that one call reads from the store at most; kPageBytesMax ends most pages before.
constexpr int64_t kRowsReadMax = 100'000;

struct ListCall {
  std::string listing;  // of the page tokens
  int64_t first = 0;
  int64_t count = kRowsReadMax;
  convert::TimestampFormat timestamps = convert::TimestampFormat::kFloat64;
};

absl::StatusOr<ListCall> ParseListCall(const MethodCall& call, std::string listing) {
  ListCall parsed;
  parsed.listing = std::move(listing);
  BQCDC_ASSIGN_OR_RETURN(const auto start_index, call.QueryCount("startIndex"));
  parsed.first = start_index.value_or(0);
  if (const auto token = call.Query("pageToken")) {
    BQCDC_ASSIGN_OR_RETURN(parsed.first, ParseRowToken(parsed.listing, *token));
  }
  BQCDC_ASSIGN_OR_RETURN(const auto max_results, call.QueryCount("maxResults"));
  parsed.count = std::min(max_results.value_or(kRowsReadMax), kRowsReadMax);
  BQCDC_ASSIGN_OR_RETURN(parsed.timestamps, TimestampFormatOf(call));
  return parsed;
}

RestResponse ListAnswer(const ListCall& list, RowPage page, int64_t total) {
  json head = {{"kind", "bigquery#tableDataList"}, {"totalRows", std::to_string(total)}};
  if (page.next_row < total) head["pageToken"] = MakeRowToken(list.listing, page.next_row);
  // Of the rows themselves: the table's own etag stays when rows come.
  head["etag"] = TextHash(base::StrCat(list.listing, " ", total, " ", page.next_row, " ", page.rows_json));
  return ResponseWithRows(head, std::move(page.rows_json));
}

absl::StatusOr<RestResponse> ListResult(const MethodCall& call, const Job& job) {
  const std::string listing = ResultListing(job.spec);
  BQCDC_ASSIGN_OR_RETURN(const ListCall list, ParseListCall(call, listing));
  const sql::QueryOutcome& outcome = job.outcome();
  BQCDC_ASSIGN_OR_RETURN(auto selection,
                         convert::SelectFields(outcome.columns, call.Query("selectedFields").value_or("")));
  const convert::JsonRowWriter writer(outcome.columns, std::move(selection), list.timestamps);
  return ListAnswer(list, RenderPage(outcome.chunks, writer, list.first, list.count), outcome.row_count);
}

absl::StatusOr<RestResponse> ListTabledata(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(call));
  if (const auto job = state.jobs.FindByDestination(id); job != nullptr && HasRows(*job))
    return ListResult(call, *job);
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table table, state.database.GetTable(id));
  if (table.view) return errors::Invalid("Cannot list a table of type VIEW.");
  BQCDC_ASSIGN_OR_RETURN(const ListCall list,
                         ParseListCall(call, base::StrCat("rows ", id.ToString(), " ", table.uid)));
  BQCDC_ASSIGN_OR_RETURN(
      auto selection, convert::SelectFields(table.schema.columns, call.Query("selectedFields").value_or("")));
  BQCDC_ASSIGN_OR_RETURN(const TableRows rows, ReadTable(state.database, table, list.first, list.count));
  const convert::JsonRowWriter writer(table.schema.columns, std::move(selection), list.timestamps);
  RowPage page = RenderPage(rows.chunks, writer, 0, list.count);
  page.next_row += list.first;
  return ListAnswer(list, std::move(page), rows.total);
}

}  // namespace

void AddTabledataRoutes(RestContext::State& state) {
  constexpr std::string_view kData = "projects/{projectId}/datasets/{datasetId}/tables/{tableId}/data";
  state.routes.Add({"tabledata.list",
                    "GET",
                    kData,
                    {{"startIndex"},
                     {"maxResults", ParameterType::kInteger},
                     {"pageToken"},
                     {"selectedFields"},
                     {"formatOptions.useInt64Timestamp", ParameterType::kBoolean},
                     {"formatOptions.timestampOutputFormat"}},
                    "",
                    "TableDataList",
                    [&state](const MethodCall& call) { return ListTabledata(state, call); }});
}

}  // namespace bqcdc::emulator::handlers
