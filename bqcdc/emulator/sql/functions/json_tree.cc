#include "bqcdc/emulator/sql/functions/json_tree.h"

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::sql {
namespace {

using values::JsonNode;

// At least as many as there are: what begins an array or an object, or stands behind a comma.
size_t ValuesAtMost(std::string_view json) {
  size_t count = 1;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == ',' || c == '[' || c == '{')) {
      ++count;
    }
  }
  return count;
}

}  // namespace

absl::Status CheckJsonValues(std::string_view json) {
  if (json.size() <= kJsonValuesMax || ValuesAtMost(json) <= kJsonValuesMax) return absl::OkStatus();
  return base::InvalidArgument("Not supported by this server: JSON of more than ", kJsonValuesMax, " values");
}

absl::StatusOr<std::optional<JsonNode>> JsonTree(std::string_view json) {
  BQCDC_RETURN_IF_ERROR(CheckJsonValues(json));
  return values::ParseJsonText(json);
}

absl::StatusOr<JsonNode> JsonTreeOrNull(std::string_view json) {
  BQCDC_ASSIGN_OR_RETURN(std::optional<JsonNode> tree, JsonTree(json));
  return std::move(tree).value_or(JsonNode());
}

}  // namespace bqcdc::emulator::sql
