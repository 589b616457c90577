#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"
#include "nlohmann/json_fwd.hpp"

namespace bqcdc::schema {

// How NULLABLE modes are written: table resources of DDL-made tables leave them out, query results never do.
enum class NullableMode { kWritten, kLeftOut };

// Reads the REST form of a schema: an object with "fields", or the bare array of fields (the file form of
// `bq`). Integers are taken as numbers and as text. Unknown keys are ignored; unknown types, modes, missing
// names and names that ValidateColumns refuses are errors that name the field by its path. A deeper STRUCT
// than kStructDepthMax is refused.
absl::StatusOr<std::vector<Column>> ColumnsFromJson(const nlohmann::json& json);

// The same from text.
absl::StatusOr<std::vector<Column>> ColumnsFromJsonText(std::string_view text);

// Reads "schema" and "tableConstraints.primaryKey.columns" of a table resource.
absl::StatusOr<TableSchema> TableSchemaFromTableJson(const nlohmann::json& table);

// Writes the array of fields, types by their REST names, int64 values as text.
nlohmann::json ColumnsToJson(const std::vector<Column>& columns,
                             NullableMode nullable = NullableMode::kWritten);

// Writes {"fields": [...]}.
nlohmann::json SchemaToJson(const std::vector<Column>& columns,
                            NullableMode nullable = NullableMode::kWritten);

}  // namespace bqcdc::schema
