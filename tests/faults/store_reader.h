#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/values/sequence_number.h"

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

struct LoggedChange {
  int64_t id = 0;
  bool is_delete = false;
  values::SequenceNumber sequence;

  friend auto operator<=>(const LoggedChange&, const LoggedChange&) = default;
};
// The log of a table with the key id: every change that was stored and that no apply has taken yet, in the
// order of arrival, repeats and changes that a later one hides among them.
absl::StatusOr<std::vector<LoggedChange>> ReadLog(const std::string& data_dir, const std::string& table);

}  // namespace bqcdc::faults
