#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Looks into a data directory whose server is gone, by opening it as a server would.
namespace bqcdc::faults {

// Makes the tables (`id INT64, value INT64, text STRING`, in project p, dataset d); those of `keyed` have the
// key id.
absl::Status MakeTables(const std::string& data_dir, const std::vector<std::string>& plain,
                        const std::vector<std::string>& keyed);

struct StoredRow {
  int64_t id = 0;
  int64_t value = 0;
};
struct StoredTable {
  std::vector<std::string> columns;  // their names
  std::vector<StoredRow> rows;       // what a query sees, in no order
};
// By name.
absl::StatusOr<std::map<std::string, StoredTable>> ReadTables(const std::string& data_dir,
                                                              const std::vector<std::string>& tables);

}  // namespace bqcdc::faults
