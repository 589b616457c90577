#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/row_changes.h"

namespace bqcdc::emulator::sql {

// What INFORMATION_SCHEMA.JOBS tells of a query job, or of the service's own job that applied changes of
// `destination`, which has no query. Times are milliseconds since the Unix epoch.
struct JobRecord {
  struct Failure {
    std::string reason;
    std::string location;
    std::string message;
  };
  std::string project;
  std::string user_email;
  bool of_service = false;  // not of a user's
  std::string id;
  std::string parent_id;       // empty: none
  std::string statement_type;  // empty: not known (yet)
  std::string priority;
  std::string query;  // empty: none
  std::string state;
  int64_t creation_time_ms = 0;
  std::optional<int64_t> start_time_ms;
  std::optional<int64_t> end_time_ms;
  std::optional<Failure> failure;
  std::optional<catalog::TableId> destination;
  std::map<std::string, std::string> labels;
  std::optional<engine::RowChangeCounts> dml_counts;
};

// The jobs of a project in a location, newest first.
using JobLister =
    std::function<std::vector<JobRecord>(const std::string& project, const std::string& location)>;

}  // namespace bqcdc::emulator::sql
