#include <algorithm>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/dataset_resource.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/handlers/etags.h"
#include "bqcdc/emulator/handlers/listing.h"
#include "bqcdc/emulator/handlers/page_token.h"
#include "bqcdc/emulator/handlers/rest_state.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using convert::Absent;
using nlohmann::json;

catalog::DatasetId DatasetOf(const MethodCall& call) {
  return {call.Path("projectId"), call.Path("datasetId")};
}

// `filter`: "labels.key" or "labels.key:value" terms, all of which must hold
// (https://cloud.google.com/bigquery/docs/filtering-labels).
class LabelFilter {
 public:
  static absl::StatusOr<LabelFilter> Parse(std::string_view text) {
    constexpr std::string_view kPrefix = "labels.";
    LabelFilter filter;
    while (!text.empty()) {
      const size_t space = text.find(' ');
      std::string_view term = text.substr(0, space);
      text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
      if (term.empty() || term == "AND") continue;
      if (!term.starts_with(kPrefix)) {
        return errors::WithLocation(
            errors::Invalid("Invalid value for filter: it is made of terms labels.KEY or labels.KEY:VALUE"),
            "filter");
      }
      term.remove_prefix(kPrefix.size());
      const size_t colon = term.find(':');
      Term wanted{std::string(term.substr(0, colon)), std::nullopt};
      if (colon != std::string_view::npos) wanted.value = std::string(term.substr(colon + 1));
      filter.terms_.push_back(std::move(wanted));
    }
    return filter;
  }

  bool Passes(const catalog::Dataset& dataset) const {
    for (const Term& term : terms_) {
      const auto label = dataset.labels.find(term.key);
      if (label == dataset.labels.end() || (term.value && *term.value != label->second)) return false;
    }
    return true;
  }

 private:
  struct Term {
    std::string key;
    std::optional<std::string> value;
  };
  std::vector<Term> terms_;
};

// Datasets that the service makes for itself are named like this; `all` shows them.
bool IsHidden(const catalog::Dataset& dataset) { return dataset.id.dataset.starts_with('_'); }

absl::StatusOr<RestResponse> InsertDataset(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(catalog::Dataset dataset,
                         convert::DatasetFromJson(call.body(), call.Path("projectId")));
  const catalog::DatasetId id = dataset.id;
  BQCDC_RETURN_IF_ERROR(state.database.CreateDataset(std::move(dataset)));
  BQCDC_ASSIGN_OR_RETURN(const catalog::Dataset created, state.database.GetDataset(id));
  return JsonResponse(convert::DatasetToJson(created, BaseUrl(call.request())));
}

absl::StatusOr<RestResponse> ListDatasets(RestContext::State& state, const MethodCall& call) {
  const std::string& project = call.Path("projectId");
  BQCDC_ASSIGN_OR_RETURN(std::vector<catalog::Dataset> datasets, state.database.ListDatasets(project));
  BQCDC_ASSIGN_OR_RETURN(const LabelFilter filter, LabelFilter::Parse(call.Query("filter").value_or("")));
  BQCDC_ASSIGN_OR_RETURN(const bool all, call.QueryBool("all", false));
  std::erase_if(datasets, [&](const catalog::Dataset& dataset) {
    return !filter.Passes(dataset) || (IsHidden(dataset) && !all);
  });
  std::sort(datasets.begin(), datasets.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  std::vector<std::string> names;
  for (const catalog::Dataset& dataset : datasets) names.push_back(dataset.id.dataset);
  BQCDC_ASSIGN_OR_RETURN(const ListPage page, PageOf(call, base::StrCat("datasets ", project), names));
  json list = {{"kind", "bigquery#datasetList"}};
  for (size_t i = page.first; i < page.last; ++i)
    list["datasets"].push_back(convert::DatasetToListItem(datasets[i]));
  if (!page.next_token.empty()) list["nextPageToken"] = page.next_token;
  list["etag"] = TextHash(list.dump());
  return JsonResponse(list);
}

absl::StatusOr<RestResponse> GetDataset(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const catalog::Dataset dataset, state.database.GetDataset(DatasetOf(call)));
  return JsonResponse(convert::DatasetToJson(dataset, BaseUrl(call.request())));
}

absl::StatusOr<RestResponse> ChangeDataset(RestContext::State& state, const MethodCall& call, Absent absent) {
  BQCDC_ASSIGN_OR_RETURN(
      const catalog::Dataset dataset,
      state.database.UpdateDataset(DatasetOf(call), IfMatch(call), [&](catalog::Dataset& changed) {
        return convert::ChangeDataset(call.body(), absent, &changed);
      }));
  return JsonResponse(convert::DatasetToJson(dataset, BaseUrl(call.request())));
}

absl::StatusOr<RestResponse> DeleteDataset(RestContext::State& state, const MethodCall& call) {
  BQCDC_ASSIGN_OR_RETURN(const bool delete_contents, call.QueryBool("deleteContents", false));
  BQCDC_RETURN_IF_ERROR(state.database.DropDataset(DatasetOf(call), delete_contents, IfMatch(call)));
  return RestResponse{.status = 204, .body = "", .etag = ""};
}

}  // namespace

void AddDatasetRoutes(RestContext::State& state) {
  constexpr std::string_view kList = "projects/{projectId}/datasets";
  constexpr std::string_view kOne = "projects/{projectId}/datasets/{datasetId}";
  // Of access lists, which this server does not keep.
  constexpr ParameterSpec kPolicy = {"accessPolicyVersion", ParameterType::kInteger};
  const auto with = [&state](auto function) {
    return [&state, function](const MethodCall& call) { return function(state, call); };
  };
  const auto change = [&state](Absent absent) {
    return [&state, absent](const MethodCall& call) { return ChangeDataset(state, call, absent); };
  };
  state.routes.Add({"datasets.insert", "POST", kList, {kPolicy}, "Dataset", "Dataset", with(InsertDataset)});
  state.routes.Add({"datasets.list",
                    "GET",
                    kList,
                    {{"all", ParameterType::kBoolean},
                     {"filter", ParameterType::kString},
                     {"maxResults", ParameterType::kInteger},
                     {"pageToken", ParameterType::kString}},
                    "",
                    "DatasetList",
                    with(ListDatasets)});
  state.routes.Add(
      {"datasets.get", "GET", kOne, {kPolicy, {"datasetView"}}, "", "Dataset", with(GetDataset)});
  state.routes.Add({"datasets.patch",
                    "PATCH",
                    kOne,
                    {kPolicy, {"updateMode"}},
                    "Dataset",
                    "Dataset",
                    change(Absent::kKept)});
  state.routes.Add({"datasets.update",
                    "PUT",
                    kOne,
                    {kPolicy, {"updateMode"}},
                    "Dataset",
                    "Dataset",
                    change(Absent::kCleared)});
  state.routes.Add({"datasets.delete",
                    "DELETE",
                    kOne,
                    {{"deleteContents", ParameterType::kBoolean}},
                    "",
                    "",
                    with(DeleteDataset)});
}

}  // namespace bqcdc::emulator::handlers
