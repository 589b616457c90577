#include "bqcdc/emulator/handlers/view_columns.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/schema_change.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/schema/schema_json.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::handlers {
namespace {

using schema::Column;

// `changed` begins with the columns of `existing`, as changes of a table's columns leave them. Returns what
// is another than a description, "" for nothing.
std::string OtherChange(const std::vector<Column>& existing, const std::vector<Column>& changed,
                        const std::string& prefix) {
  for (size_t i = 0; i < existing.size(); ++i) {
    const std::string path = prefix + existing[i].name;
    Column own = changed[i];
    own.description = existing[i].description;
    own.fields = existing[i].fields;
    if (own != existing[i]) return base::StrCat("Field ", path, " of a view can change its description only");
    std::string inner = OtherChange(existing[i].fields, changed[i].fields, path + ".");
    if (!inner.empty()) return inner;
  }
  if (changed.size() == existing.size()) return "";
  return base::StrCat("Cannot add fields (field: ", prefix, changed[existing.size()].name, ")");
}

}  // namespace

absl::Status DescribeViewColumns(const nlohmann::json& schema, catalog::Table* view) {
  const absl::StatusOr<std::vector<Column>> wanted = schema::ColumnsFromJson(schema);
  if (!wanted.ok()) {
    return errors::WithLocation(errors::Invalid(base::ToStd(wanted.status().message())), "schema");
  }
  const std::string name = view->id.ToString();
  BQCDC_ASSIGN_OR_RETURN(std::vector<Column> changed,
                         convert::ChangeColumns(view->schema.columns, *wanted, name));
  const std::string other = OtherChange(view->schema.columns, changed, "");
  if (!other.empty()) {
    return errors::Invalid(base::StrCat("Provided Schema does not match Table ", name, ". ", other));
  }
  view->schema.columns = std::move(changed);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::handlers
