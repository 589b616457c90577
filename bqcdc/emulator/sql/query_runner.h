#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/emulator/engine/cancellation.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/job_record.h"
#include "bqcdc/emulator/sql/script_observer.h"
#include "bqcdc/emulator/sql/types/value.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::sql {

// A query parameter as REST v2 gives it: `type` names the GoogleSQL type (with fields for STRUCT and mode
// REPEATED for ARRAY), the value is text, or nested.
struct ParameterValue {
  std::optional<std::string> text;  // unset: NULL, or a nested value
  std::vector<ParameterValue> children;
  bool is_null = false;
};
struct QueryParameter {
  std::string name;  // empty: positional
  schema::Column type;
  ParameterValue value;
};

struct QueryRequest {
  std::string text;
  std::string project;
  std::optional<catalog::DatasetId> default_dataset;
  std::string location = "US";
  // Datasets of other locations are not found then. Else any are, as where the service finds the location.
  bool location_given = false;
  std::vector<QueryParameter> parameters;
  bool positional_parameters = false;
  bool dry_run = false;  // analyse only
  // Ends the statement from another thread; may be null.
  std::shared_ptr<engine::Cancellation> cancellation;
  JobLister jobs;  // for INFORMATION_SCHEMA; may be empty
  // Told of the statements of a script; may be null.
  std::shared_ptr<ScriptObserver> script_observer;
  // Of a script, by their names in lower case.
  std::map<std::string, Value> variables;
};

struct QueryOutcome {
  std::string statement_type;  // SELECT, CREATE_TABLE, INSERT, …
  std::vector<schema::Column> columns;
  // Rows of a SELECT, else null. Materialised chunks: nothing of the store is pinned.
  std::vector<engine::Chunk> chunks;
  int64_t row_count = 0;
  std::optional<engine::RowChangeCounts> dml_counts;
  std::string ddl_operation;  // CREATE, SKIP, REPLACE, ALTER, DROP
  std::optional<catalog::TableId> ddl_target_table;
  std::optional<catalog::DatasetId> ddl_target_dataset;
  // Of a script, whose `statement_type` is SCRIPT: what came of its last statement; all else is unset then.
  std::shared_ptr<const QueryOutcome> last;

  // What is shown of it.
  const QueryOutcome& shown() const { return last != nullptr ? *last : *this; }
};

// Parses, analyses and runs GoogleSQL: a statement, or a script. What a script did before a statement that
// fails stays. Thread-safe as far as `database` is. Errors are made by emulator/errors.h, with positions.
absl::StatusOr<QueryOutcome> RunQuery(engine::Database& database, const QueryRequest& request);

}  // namespace bqcdc::emulator::sql
