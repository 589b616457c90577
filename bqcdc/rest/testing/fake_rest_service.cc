#include "bqcdc/rest/testing/fake_rest_service.h"

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bqcdc::rest::testing {
namespace {

using nlohmann::json;

http::Response Answer(const json& body, int code = 200) { return {code, body.dump(), {}}; }

json TableJson(const FakeRestService::Table& table) {
  json body = {{"kind", "bigquery#table"}, {"etag", std::to_string(table.etag)},
               {"type", table.type},       {"creationTime", std::to_string(table.creation_time_ms)},
               {"labels", table.labels},   {"schema", {{"fields", json::parse(table.schema_fields)}}}};
  if (!table.location.empty()) body["location"] = table.location;
  if (!table.primary_key.empty()) {
    body["tableConstraints"] = {{"primaryKey", {{"columns", json::parse(table.primary_key)}}}};
  }
  return body;
}

std::string Header(const http::Request& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace

http::Response ErrorResponse(int code, const std::string& reason, const std::string& message) {
  return Answer(
      {{"error",
        {{"code", code},
         {"message", message},
         {"errors", json::array({{{"message", message}, {"domain", "global"}, {"reason", reason}}})}}}},
      code);
}

absl::StatusOr<http::Response> FakeRestService::Perform(const http::Request& request) {
  if (on_request) on_request(request);
  absl::MutexLock lock(&mutex_);
  requests_.push_back(request);
  if (!next_.empty()) {
    absl::StatusOr<http::Response> response = std::move(next_.front());
    next_.pop_front();
    return response;
  }
  return Serve(request);
}

http::Response FakeRestService::Serve(const http::Request& request) {
  const std::size_t path_begin = request.url.find("/bigquery/v2/projects/");
  if (path_begin == std::string::npos) return ErrorResponse(404, "notFound", "no such path");
  const std::string path = request.url.substr(path_begin + std::string("/bigquery/v2/projects/").size());
  const std::vector<std::string> parts = absl::StrSplit(path.substr(0, path.find('?')), '/');
  if (parts.size() == 2 && parts[1] == "queries") {
    const std::string sql = json::parse(request.body).value("query", "");
    for (const auto& [part, body, code] : query_answers_) {
      if (absl::StrContains(sql, part)) return {code, body, {}};
    }
    return Answer({{"jobComplete", true}, {"jobReference", {{"jobId", "j"}, {"location", "US"}}}});
  }
  if (parts.size() == 2 && request.method == "POST") {
    datasets_[absl::StrCat(parts[0], ".",
                           json::parse(request.body)["datasetReference"].value("datasetId", ""))] = true;
    return Answer(json::object());
  }
  if (parts.size() == 3) {
    const std::string name = absl::StrCat(parts[0], ".", parts[2]);
    return datasets_.contains(name)
               ? Answer(json::object())
               : ErrorResponse(404, "notFound", absl::StrCat("Not found: Dataset ", parts[0], ":", parts[2]));
  }
  if (absl::EndsWith(parts.back(), ":testIamPermissions")) return {rights_.second, rights_.first, {}};
  return ServeTable(request, absl::StrCat(parts[0], ".", parts[2], ".", parts.back()));
}

http::Response FakeRestService::ServeTable(const http::Request& request, const std::string& name) {
  const auto found = tables_.find(name);
  if (found == tables_.end()) return ErrorResponse(404, "notFound", absl::StrCat("Not found: Table ", name));
  Table& table = found->second;
  if (request.method == "PATCH") {
    const std::string etag = Header(request, "If-Match");
    if (!etag.empty() && etag != std::to_string(table.etag)) {
      return ErrorResponse(412, "conditionNotMet", "Precondition check failed.");
    }
    const json body = json::parse(request.body);
    if (body.contains("labels")) {
      for (const auto& [label, value] : body["labels"].items())
        table.labels[label] = value.get<std::string>();
    }
    if (body.contains("schema")) table.schema_fields = body["schema"]["fields"].dump();
    ++table.etag;
  }
  return Answer(TableJson(table));
}

void FakeRestService::PutTable(const std::string& name, Table table) {
  absl::MutexLock lock(&mutex_);
  tables_[name] = std::move(table);
}
void FakeRestService::ChangeTable(const std::string& name, const std::function<void(Table&)>& change) {
  absl::MutexLock lock(&mutex_);
  change(tables_[name]);
  ++tables_[name].etag;
}
FakeRestService::Table FakeRestService::GetTable(const std::string& name) const {
  absl::MutexLock lock(&mutex_);
  return tables_.at(name);
}
void FakeRestService::RemoveTable(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  tables_.erase(name);
}
void FakeRestService::PutDataset(const std::string& name) {
  absl::MutexLock lock(&mutex_);
  datasets_[name] = true;
}
void FakeRestService::AnswerQueries(const std::string& part, const std::string& body, int code) {
  absl::MutexLock lock(&mutex_);
  query_answers_.emplace_back(part, body, code);
}
void FakeRestService::AnswerRights(const std::string& body, int code) {
  absl::MutexLock lock(&mutex_);
  rights_ = {body, code};
}
void FakeRestService::AnswerNext(absl::StatusOr<http::Response> response) {
  absl::MutexLock lock(&mutex_);
  next_.push_back(std::move(response));
}
std::vector<http::Request> FakeRestService::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}
std::vector<std::string> FakeRestService::queries() const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> texts;
  for (const http::Request& request : requests_) {
    if (absl::StrContains(request.url, "/queries") && request.method == "POST") {
      texts.push_back(json::parse(request.body).value("query", ""));
    }
  }
  return texts;
}

}  // namespace bqcdc::rest::testing
