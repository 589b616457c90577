#include "bqcdc/emulator/handlers/system_parameters.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using nlohmann::json;

std::string Dump(const json& value, bool pretty) {
  return value.dump(pretty ? 2 : -1, ' ', false, json::error_handler_t::replace);
}

// Puts the rows in as the last field of the object that `body` is the text of.
void AppendRows(const std::string& rows_json, std::string* body) {
  if (rows_json.empty()) return;
  body->pop_back();
  if (body->back() != '{') body->push_back(',');
  body->append("\"rows\":[").append(rows_json).append("]}");
}

}  // namespace

absl::StatusOr<SystemParameters> SystemParameters::Of(const RestRequest& request) {
  SystemParameters parameters;
  const json no_body = json::object();
  const MethodCall call(request, {}, no_body);
  for (const char* name : {"alt", "$alt"}) {
    const auto alt = call.Query(name);
    if (!alt || *alt == "json") continue;
    return errors::WithLocation(
        errors::Invalid(base::StrCat("Invalid value for ", name, ": '", *alt, "'; answers are json")), name);
  }
  for (const char* name : {"prettyPrint", "$prettyPrint"}) {
    BQCDC_ASSIGN_OR_RETURN(parameters.pretty_print, call.QueryBool(name, parameters.pretty_print));
  }
  for (const char* name : {"fields", "$fields"}) {
    const auto fields = call.Query(name);
    if (!fields) continue;
    BQCDC_ASSIGN_OR_RETURN(parameters.fields, FieldMask::Parse(*fields));
  }
  return parameters;
}

void FinishBody(const SystemParameters& parameters, RestResponse* response) {
  const std::string rows_json = std::move(response->rows_json);
  response->rows_json.clear();
  if (!parameters.fields && !parameters.pretty_print) {
    AppendRows(rows_json, &response->body);
    return;
  }
  if (response->body.empty()) return;
  const bool all_rows = !parameters.fields || parameters.fields->SelectsAllOf("rows");
  const bool some_rows = !parameters.fields || parameters.fields->SelectsSomeOf("rows");
  // Rows are read again only where something inside of them is asked for: a page of them has up to 10 MB.
  const bool read_rows = some_rows && (!all_rows || parameters.pretty_print);
  if (read_rows) AppendRows(rows_json, &response->body);
  json answer = json::parse(response->body, nullptr, false);
  if (parameters.fields) parameters.fields->Apply(&answer);
  response->body = Dump(answer, parameters.pretty_print);
  if (some_rows && !read_rows) AppendRows(rows_json, &response->body);
}

}  // namespace bqcdc::emulator::handlers
