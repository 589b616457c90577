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

// What names a view of INFORMATION_SCHEMA: a dataset, a region (`region-us`), or neither.
struct InformationSchemaName {
  std::string project;
  std::optional<std::string> dataset;
  std::optional<std::string> region;  // as locations are written: US, europe-west1
  std::string view;                   // upper case
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
  // Unset result: no such view.
  virtual absl::StatusOr<std::optional<ConstantTable>> FindInformationSchema(
      const InformationSchemaName& name) = 0;
};

}  // namespace bqcdc::emulator::sql
