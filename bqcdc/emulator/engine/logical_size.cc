#include "bqcdc/emulator/engine/logical_size.h"

#include <algorithm>
#include <map>
#include <vector>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/balanced_chain.h"
#include "bqcdc/emulator/engine/chunk.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/emulator/engine/store_error.h"

namespace bqcdc::emulator::engine {
namespace {

using schema::Column;
using schema::ColumnType;

// Functions of ours that take any number of values: an expression for each of 10,000 columns takes DuckDB
// seconds to plan.
constexpr const char* kPresentValues = "bqcdc_present_values";  // how many are not NULL
constexpr const char* kTextBytes = "bqcdc_text_bytes";          // lengths of those, and 2 for each

int FixedBytes(ColumnType type) {
  switch (type) {
    case ColumnType::kBool:
      return 1;
    case ColumnType::kNumeric:
    case ColumnType::kInterval:
    case ColumnType::kRange:
      return 16;
    case ColumnType::kBigNumeric:
      return 32;
    default:
      return 8;
  }
}

// Values, as SQL, by how their bytes are counted.
class ValueSizes {
 public:
  void Add(const Column& column, const std::string& value) {
    if (!column.repeated()) return AddSingle(column, value);
    ValueSizes element;
    element.AddSingle(column, "e");
    sums_.push_back(
        base::StrCat("coalesce(list_sum(list_transform(", value, ", lambda e: ", element.Sql(), ")), 0)"));
  }

  std::string Sql() const {
    std::vector<std::string> sums = sums_;
    for (const auto& [bytes, values] : fixed_) {
      sums.push_back(base::StrCat(bytes, " * ", kPresentValues, "(", values, ")"));
    }
    if (!texts_.empty()) sums.push_back(base::StrCat(kTextBytes, "(", texts_, ")"));
    return sums.empty() ? "0" : BalancedChain(sums, " + ");
  }

 private:
  void AddSingle(const Column& column, const std::string& value) {
    switch (column.type) {
      case ColumnType::kString:
      case ColumnType::kJson:
      case ColumnType::kGeography:
      case ColumnType::kBytes:
        return AddTo(texts_, value);
      case ColumnType::kStruct:
        for (const Column& field : column.fields) {
          Add(field, base::StrCat("struct_extract(", value, ", ", QuoteLiteral(field.name), ")"));
        }
        return;
      default:
        return AddTo(fixed_[FixedBytes(column.type)], value);
    }
  }

  static void AddTo(std::string& list, const std::string& value) {
    base::StrAppend(&list, list.empty() ? "" : ", ", value);
  }

  std::map<int, std::string> fixed_;  // by the bytes of each
  std::string texts_;
  std::vector<std::string> sums_;  // of ARRAYs
};

// Adds up `bytes_of(values, row)` of all arguments that are not NULL.
template <typename BytesOf>
void AddUp(duckdb_data_chunk input, duckdb_vector output, BytesOf bytes_of) {
  const size_t rows = duckdb_data_chunk_get_size(input);
  auto* sums = static_cast<int64_t*>(duckdb_vector_get_data(output));
  std::fill_n(sums, rows, 0);
  const size_t columns = duckdb_data_chunk_get_column_count(input);
  for (size_t column = 0; column < columns; ++column) {
    const VectorReader values(duckdb_data_chunk_get_vector(input, column));
    for (size_t row = 0; row < rows; ++row) {
      if (!values.IsNull(row)) sums[row] += bytes_of(values, row);
    }
  }
}

void EvaluatePresentValues(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  AddUp(input, output, [](const VectorReader&, size_t) { return int64_t{1}; });
}

void EvaluateTextBytes(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  AddUp(input, output, [](const VectorReader& values, size_t row) {
    return static_cast<int64_t>(values.Bytes(row).size()) + 2;
  });
}

absl::Status Register(Connection& connection, const char* name, duckdb_scalar_function_t evaluate) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_scalar_function_set_name(function, name);
  duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
  duckdb_scalar_function_set_varargs(function, any);
  duckdb_destroy_logical_type(&any);
  duckdb_logical_type result = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_scalar_function_set_return_type(function, result);
  duckdb_destroy_logical_type(&result);
  duckdb_scalar_function_set_special_handling(function);  // NULL arguments come too
  duckdb_scalar_function_set_function(function, evaluate);
  const duckdb_state state = duckdb_register_scalar_function(connection.handle(), function);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBError) return base::Internal(kStoreErrorPrefix, "cannot register ", name);
  return absl::OkStatus();
}

}  // namespace

std::string LogicalRowBytesSql(const catalog::Table& table) {
  ValueSizes sizes;
  for (const Column& column : table.schema.columns) sizes.Add(column, QuoteIdentifier(column.name));
  return sizes.Sql();
}

absl::Status RegisterLogicalSize(Connection& connection) {
  BQCDC_RETURN_IF_ERROR(Register(connection, kPresentValues, &EvaluatePresentValues));
  return Register(connection, kTextBytes, &EvaluateTextBytes);
}

}  // namespace bqcdc::emulator::engine
