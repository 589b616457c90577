#include "bqcdc/rest/query_result.h"

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/schema/schema_json.h"

namespace bqcdc::rest {
namespace {

using Json = nlohmann::json;

absl::Status Malformed(std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, "query result: ", what);
}

std::string TextMember(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

absl::StatusOr<std::vector<Cell>> ParseFields(const std::vector<schema::Column>& columns, const Json& row);

// `value` is what stands under "v".
absl::StatusOr<Cell> ParseValue(const schema::Column& column, const Json& value, bool element) {
  Cell cell;
  if (column.repeated() && !element) {
    if (value.is_null()) return cell;  // An empty array.
    if (!value.is_array()) return Malformed(base::StrCat("column ", column.name, " is no array"));
    for (const Json& item : value) {
      const auto inner = item.is_object() ? item.find("v") : item.end();
      if (!item.is_object() || inner == item.end())
        return Malformed(base::StrCat("column ", column.name, " has no element value"));
      BQCDC_ASSIGN_OR_RETURN(cell.parts.emplace_back(), ParseValue(column, *inner, true));
    }
    return cell;
  }
  if (value.is_null()) {
    cell.null = true;
  } else if (column.type == schema::ColumnType::kStruct) {
    BQCDC_ASSIGN_OR_RETURN(cell.parts, ParseFields(column.fields, value));
  } else if (value.is_string()) {
    cell.text = value.get<std::string>();
  } else {
    return Malformed(base::StrCat("column ", column.name, " is no text"));
  }
  return cell;
}

absl::StatusOr<std::vector<Cell>> ParseFields(const std::vector<schema::Column>& columns, const Json& row) {
  const auto fields = row.is_object() ? row.find("f") : row.end();
  if (!row.is_object() || fields == row.end() || !fields->is_array() || fields->size() != columns.size()) {
    return Malformed("a row does not fit the schema");
  }
  std::vector<Cell> cells;
  cells.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Json& field = (*fields)[i];
    const auto value = field.is_object() ? field.find("v") : field.end();
    if (!field.is_object() || value == field.end()) return Malformed("a field has no value");
    BQCDC_ASSIGN_OR_RETURN(cells.emplace_back(), ParseValue(columns[i], *value, false));
  }
  return cells;
}

}  // namespace

absl::StatusOr<QueryPage> ParseQueryPage(std::string_view json) {
  const Json body = Json::parse(json, nullptr, false);
  if (!body.is_object()) return Malformed("not a JSON object");
  QueryPage page;
  const auto complete = body.find("jobComplete");
  page.complete = complete != body.end() && complete->is_boolean() && complete->get<bool>();
  page.page_token = TextMember(body, "pageToken");
  if (const auto job = body.find("jobReference"); job != body.end() && job->is_object()) {
    page.job_id = TextMember(*job, "jobId");
    page.location = TextMember(*job, "location");
  }
  std::int64_t affected = 0;
  if (absl::SimpleAtoi(TextMember(body, "numDmlAffectedRows"), &affected)) page.affected_rows = affected;
  if (const auto schema = body.find("schema");
      schema != body.end() && schema->is_object() && schema->contains("fields")) {
    BQCDC_ASSIGN_OR_RETURN(page.columns, schema::ColumnsFromJson(*schema));
  }
  if (const auto rows = body.find("rows"); rows != body.end() && rows->is_array()) {
    page.rows.reserve(rows->size());
    for (const Json& row : *rows) {
      BQCDC_ASSIGN_OR_RETURN(page.rows.emplace_back(), ParseFields(page.columns, row));
    }
  }
  return page;
}

}  // namespace bqcdc::rest
