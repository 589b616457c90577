#include "bqcdc/emulator/engine/scalar_function.h"

#include <duckdb.h>

#include <memory>

#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::engine {
namespace {

using schema::ColumnType;

// How chunk.h says that a type is stored.
duckdb_logical_type MakeType(const schema::Column& column, bool element = false) {
  if (column.repeated() && !element) {
    duckdb_logical_type child = MakeType(column, true);
    duckdb_logical_type list = duckdb_create_list_type(child);
    duckdb_destroy_logical_type(&child);
    return list;
  }
  switch (column.type) {
    case ColumnType::kBool:
      return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case ColumnType::kInt64:
      return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case ColumnType::kFloat64:
      return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case ColumnType::kNumeric:
      return duckdb_create_decimal_type(38, 9);
    case ColumnType::kBigNumeric:
    case ColumnType::kBytes:
      return duckdb_create_logical_type(DUCKDB_TYPE_BLOB);
    case ColumnType::kDate:
      return duckdb_create_logical_type(DUCKDB_TYPE_DATE);
    case ColumnType::kDatetime:
      return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP);
    case ColumnType::kTime:
      return duckdb_create_logical_type(DUCKDB_TYPE_TIME);
    case ColumnType::kTimestamp:
      return duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP_TZ);
    case ColumnType::kInterval:
      return duckdb_create_logical_type(DUCKDB_TYPE_INTERVAL);
    default:
      return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  }
}

void Evaluate(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const auto& function = *static_cast<ScalarFunction*>(duckdb_scalar_function_get_extra_info(info));
  std::vector<VectorReader> arguments;
  const size_t columns = duckdb_data_chunk_get_column_count(input);
  arguments.reserve(columns);
  for (size_t i = 0; i < columns; ++i) arguments.emplace_back(duckdb_data_chunk_get_vector(input, i));
  const absl::Status status =
      function.evaluate(arguments, duckdb_data_chunk_get_size(input), VectorWriter(output));
  if (!status.ok()) duckdb_scalar_function_set_error(info, std::string(status.message()).c_str());
}

}  // namespace

absl::Status RegisterScalarFunction(void* connection, const ScalarFunction& function) {
  duckdb_scalar_function handle = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(handle, function.name.c_str());
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    duckdb_logical_type type = MakeType(function.parameters[i]);
    if (function.variadic && i + 1 == function.parameters.size()) {
      duckdb_scalar_function_set_varargs(handle, type);
    } else {
      duckdb_scalar_function_add_parameter(handle, type);
    }
    duckdb_destroy_logical_type(&type);
  }
  duckdb_logical_type result = MakeType(function.result);
  duckdb_scalar_function_set_return_type(handle, result);
  duckdb_destroy_logical_type(&result);
  duckdb_scalar_function_set_special_handling(handle);
  if (function.is_volatile) duckdb_scalar_function_set_volatile(handle);
  duckdb_scalar_function_set_extra_info(handle, new ScalarFunction(function),
                                        [](void* data) { delete static_cast<ScalarFunction*>(data); });
  duckdb_scalar_function_set_function(handle, &Evaluate);
  const duckdb_state state =
      duckdb_register_scalar_function(static_cast<duckdb_connection>(connection), handle);
  duckdb_destroy_scalar_function(&handle);
  if (state == DuckDBError) return base::Internal("cannot register the function ", function.name);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::engine
