#include "bqcdc/emulator/sql/statements/result_columns.h"

#include <string_view>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

// Pseudo-columns can be read, but not kept under their own names.
absl::Status CheckFieldName(const std::string& name) {
  static constexpr std::string_view kPrefixes[] = {"_PARTITION",     "_TABLE_",  "_FILE_",
                                                   "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER"};
  const std::string upper = absl::AsciiStrToUpper(name);
  for (const std::string_view prefix : kPrefixes) {
    if (upper.rfind(prefix, 0) != 0) continue;
    return errors::InvalidQuery(base::StrCat(
        "Invalid field name \"", name,
        "\". Field names are not allowed to start with the (case-insensitive) prefixes _PARTITION, _TABLE_, "
        "_FILE_, _ROW_TIMESTAMP, __ROOT__ and _COLIDENTIFIER"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<schema::Column>> ResultColumns(const ResolvedQuery& query) {
  std::vector<schema::Column> columns;
  for (const OutputColumn& output : query.outputs) {
    BQCDC_RETURN_IF_ERROR(CheckFieldName(output.name));
    BQCDC_ASSIGN_OR_RETURN(schema::Column column, ColumnOfType(output.name, output.type));
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace bqcdc::emulator::sql
