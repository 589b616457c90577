#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/sql/types/value.h"

namespace bqcdc::emulator::sql {

// A table whose rows are known: a view of INFORMATION_SCHEMA.
struct ConstantTable {
  std::vector<StructField> columns;
  std::vector<std::vector<Value>> rows;
};

// Where the analyzer finds tables. One for each statement.
class TableProvider {
 public:
  virtual ~TableProvider() = default;
  // NotFound as a query gets it, where the table or its dataset does not exist.
  virtual absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) = 0;
  // The tables of a dataset whose names begin with `prefix`, the newest first. InvalidArgument where one of
  // them cannot be read through a prefix.
  virtual absl::StatusOr<std::vector<catalog::Table>> FindTables(const catalog::DatasetId& dataset,
                                                                 const std::string& prefix) = 0;
  // `dataset` unset: the views of the whole project or region. Unset result: no such view.
  virtual absl::StatusOr<std::optional<ConstantTable>> FindInformationSchema(
      const std::string& project, const std::optional<std::string>& dataset, const std::string& view) = 0;
};

}  // namespace bqcdc::emulator::sql
