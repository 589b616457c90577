#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/column_selection.h"
#include "bqcdc/emulator/convert/table_resource.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/etags.h"
#include "bqcdc/emulator/handlers/listing.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "bqcdc/emulator/handlers/table_reading.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using convert::Absent;
using convert::RestMaxStaleness;
using nlohmann::json;

catalog::DatasetId DatasetOf(const MethodCall& call) {
  return {call.Path("projectId"), call.Path("datasetId")};
}

RestMaxStaleness Staleness(const RestContext::State& state) {
  return state.options.honour_rest_max_staleness ? RestMaxStaleness::kHonoured : RestMaxStaleness::kDropped;
}

absl::StatusOr<RestResponse> Answer(RestContext::State& state, const MethodCall& call,
                                    const catalog::Table& table, bool with_size) {
  std::optional<convert::TableSize> size;
  if (with_size) {
    BQCDC_ASSIGN_OR_RETURN(size, MeasureTable(state.database, table));
  }
  BQCDC_ASSIGN_OR_RETURN(const catalog::Dataset dataset,
                         state.database.GetDataset({table.id.project, table.id.dataset}));
  return JsonResponse(
      convert::TableToJson(table, dataset.location, BaseUrl(call.request()), size, Staleness(state)));
}

// The rows of a finished query, as the service shows them: a table in a hidden dataset.
absl::StatusOr<RestResponse> AnswerResult(RestContext::State& state, const MethodCall& call, const Job& job) {
  catalog::Table table;
  table.id = job.spec.destination;
  table.schema.columns = job.outcome().columns;
  table.creation_time_ms = table.last_modified_ms = job.end_time_ms();
  table.expiration_time_ms = table.creation_time_ms + kJobAgeMsMax;
  table.etag = TextHash(table.id.ToString());
  const convert::TableSize size = {job.outcome().row_count, job.result_bytes()};
  return JsonResponse(
      convert::TableToJson(table, job.spec.location, BaseUrl(call.request()), size, Staleness(state)));
}

// What the view's columns are. `statement` is what would make it: CREATE VIEW, or CREATE OR REPLACE VIEW.
absl::StatusOr<convert::ViewDefinition> DefineView(RestContext::State& state, const catalog::TableId& id,
                                                   const std::string& query, const std::string& statement) {
  sql::QueryRequest request;
  request.project = id.project;
  request.dry_run = true;
  // By itself first, so that positions in errors are those of the view's text.
  request.text = query;
  BQCDC_RETURN_IF_ERROR(state.run_query(request).status());
  request.text =
      base::StrCat(statement, "`", id.project, "`.`", id.dataset, "`.`", id.table, "` AS\n", query);
  BQCDC_ASSIGN_OR_RETURN(sql::QueryOutcome outcome, state.run_query(request));
  if (outcome.statement_type != "CREATE_VIEW") {
    return errors::WithLocation(errors::Invalid("view.query must be one query"), "view.query");
  }
  return convert::ViewDefinition{query, std::move(outcome.columns)};
}

// A DEFAULT that gives no value of its column would fail every row later.
absl::Status CheckDefaults(RestContext::State& state, const catalog::Table& table,
                           const catalog::Table* before) {
  if (!state.options.check_default) return absl::OkStatus();
  for (const schema::Column& column : table.schema.columns) {
    if (column.default_value_expression.empty()) continue;
    const schema::Column* old =
        before == nullptr ? nullptr : schema::FindColumnIn(before->schema.columns, column.name);
    if (old != nullptr && old->default_value_expression == column.default_value_expression) continue;
    const absl::Status status = state.options.check_default(column);
    if (!status.ok()) {
      return errors::WithLocation(
          errors::Invalid(base::StrCat("The default value expression of column ", column.name,
                                       " is not valid: ", std::string(status.message()))),
          "defaultValueExpression");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RestResponse> InsertTable(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::Dataset dataset, state.database.GetDataset(DatasetOf(call)));
  BQCDC_ASSIGN_OR_RETURN(const auto query,
                         convert::ViewQueryFromJson(call.body(), convert::LegacySqlDefault::kLegacy));
  std::optional<convert::ViewDefinition> view;
  if (query) {
    BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, convert::TableIdFromJson(call.body(), dataset.id));
    BQCDC_ASSIGN_OR_RETURN(view, DefineView(state, id, *query, "CREATE VIEW "));
  }
  BQCDC_ASSIGN_OR_RETURN(catalog::Table table,
                         convert::TableFromJson(call.body(), dataset.id, Staleness(state), view));
  BQCDC_RETURN_IF_ERROR(CheckDefaults(state, table, nullptr));
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table created, state.database.CreateTable(std::move(table), false));
  return Answer(state, call, created, true);
}

absl::StatusOr<RestResponse> ListTables(RestContext::State& state, const MethodCall& call) {
  const catalog::DatasetId id = DatasetOf(call);
  BQCDC_RETURN_IF_ERROR(state.database.GetDataset(id).status());
  BQCDC_ASSIGN_OR_RETURN(std::vector<catalog::Table> tables, state.database.ListTables(id));
  std::sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::vector<std::string> names;
  for (const catalog::Table& table : tables) names.push_back(table.id.table);
  BQCDC_ASSIGN_OR_RETURN(const ListPage page,
                         PageOf(call, base::StrCat("tables ", id.project, ":", id.dataset), names));
  json list = {{"kind", "bigquery#tableList"}, {"totalItems", tables.size()}};
  for (size_t i = page.first; i < page.last; ++i)
    list["tables"].push_back(convert::TableToListItem(tables[i]));
  if (!page.next_token.empty()) list["nextPageToken"] = page.next_token;
  list["etag"] = TextHash(list.dump());
  return JsonResponse(list);
}

absl::StatusOr<bool> ViewHasSize(const MethodCall& call) {
  const std::string view = call.Query("view").value_or("STORAGE_STATS");
  if (view == "BASIC") return false;
  if (view == "STORAGE_STATS" || view == "FULL" || view == "TABLE_METADATA_VIEW_UNSPECIFIED") return true;
  return errors::WithLocation(errors::Invalid(base::StrCat("Unknown view: ", view)), "view");
}

absl::StatusOr<RestResponse> GetTable(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(call));
  if (const auto job = state.jobs.FindByDestination(id); job != nullptr && HasRows(*job)) {
    return AnswerResult(state, call, *job);
  }
  BQCDC_ASSIGN_OR_RETURN(const bool with_size, ViewHasSize(call));
  BQCDC_ASSIGN_OR_RETURN(catalog::Table table, state.database.GetTable(id));
  if (const auto selected = call.Query("selectedFields")) {
    BQCDC_ASSIGN_OR_RETURN(const auto selection, convert::SelectFields(table.schema.columns, *selected));
    std::optional<convert::TableSize> size;
    if (with_size) {
      BQCDC_ASSIGN_OR_RETURN(size, MeasureTable(state.database, table));
    }
    table.schema.columns = convert::ApplySelection(table.schema.columns, selection);
    BQCDC_ASSIGN_OR_RETURN(const catalog::Dataset dataset,
                           state.database.GetDataset({id.project, id.dataset}));
    return JsonResponse(
        convert::TableToJson(table, dataset.location, BaseUrl(call.request()), size, Staleness(state)));
  }
  return Answer(state, call, table, with_size);
}

absl::StatusOr<RestResponse> ChangeTable(RestContext::State& state, const MethodCall& call, Absent absent) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(call));
  BQCDC_ASSIGN_OR_RETURN(const auto query,
                         convert::ViewQueryFromJson(call.body(), convert::LegacySqlDefault::kStandard));
  std::optional<convert::ViewDefinition> view;
  if (query) {
    BQCDC_ASSIGN_OR_RETURN(view, DefineView(state, id, *query, "CREATE OR REPLACE VIEW "));
  }
  // Where the change itself fails, UpdateTable says so.
  if (const auto before = state.database.GetTable(id); before.ok()) {
    catalog::Table after = *before;
    if (convert::ChangeTable(call.body(), absent, Staleness(state), view, &after).ok()) {
      BQCDC_RETURN_IF_ERROR(CheckDefaults(state, after, &*before));
    }
  }
  BQCDC_ASSIGN_OR_RETURN(const catalog::Table table,
                         state.database.UpdateTable(id, IfMatch(call), [&](catalog::Table& changed) {
                           return convert::ChangeTable(call.body(), absent, Staleness(state), view, &changed);
                         }));
  return Answer(state, call, table, true);
}

absl::StatusOr<RestResponse> DeleteTable(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::TableId id, TableOf(call));
  BQCDC_RETURN_IF_ERROR(state.database.DropTable(id, IfMatch(call)));
  return RestResponse{.status = 204, .body = "", .etag = ""};
}

}  // namespace

void AddTableRoutes(RestContext::State& state) {
  constexpr std::string_view kList = "projects/{projectId}/datasets/{datasetId}/tables";
  constexpr std::string_view kOne = "projects/{projectId}/datasets/{datasetId}/tables/{tableId}";
  const auto with = [&state](auto function) {
    return [&state, function](const MethodCall& call) { return function(state, call); };
  };
  const auto change = [&state](Absent absent) {
    return [&state, absent](const MethodCall& call) { return ChangeTable(state, call, absent); };
  };
  state.routes.Add({"tables.insert", "POST", kList, {}, "Table", "Table", with(InsertTable)});
  state.routes.Add({"tables.list",
                    "GET",
                    kList,
                    {{"maxResults", ParameterType::kInteger}, {"pageToken"}},
                    "",
                    "TableList",
                    with(ListTables)});
  state.routes.Add({"tables.get", "GET", kOne, {{"selectedFields"}, {"view"}}, "", "Table", with(GetTable)});
  const std::vector<ParameterSpec> kChange = {{"autodetect_schema", ParameterType::kBoolean}};
  state.routes.Add({"tables.patch", "PATCH", kOne, kChange, "Table", "Table", change(Absent::kKept)});
  state.routes.Add({"tables.update", "PUT", kOne, kChange, "Table", "Table", change(Absent::kCleared)});
  state.routes.Add({"tables.delete", "DELETE", kOne, {}, "", "", with(DeleteTable)});
}

}  // namespace bqcdc::emulator::handlers
