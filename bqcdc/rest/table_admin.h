#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/schema/table_schema.h"
#include "bqcdc/values/interval.h"

namespace bqcdc::rest {

// A table as it is wanted.
struct TableSpec {
  TableName name;
  schema::TableSchema schema;                     // with primary key
  std::vector<std::string> clustering;            // empty = not asked for
  std::optional<values::Interval> max_staleness;  // unset = not asked for
};

enum class CreateOutcome { kCreated, kExisted };

// Makes the dataset if it is missing, and the table by DDL, since the REST API drops max_staleness silently
// (terraform-provider-google 21839). A table that is there already is compared with the wanted one.
// Errors: AlreadyExists with one line for each difference; those of the service.
absl::StatusOr<CreateOutcome> CreateTable(const BigQueryClient& client, const TableSpec& spec);

// Sets max_staleness and makes sure that TABLE_OPTIONS has it.
absl::Status SetStaleness(const BigQueryClient& client, const TableName& name,
                          const values::Interval& staleness);

// What TABLE_OPTIONS says; unset and 0 are both "disabled", given as 0.
absl::StatusOr<values::Interval> ReadStaleness(const BigQueryClient& client, const TableName& name);

// The statements. Columns of the key are NOT NULL.
std::string CreateTableStatement(const TableSpec& spec);
// "INTERVAL 15 MINUTE", or the canonical text where it is no whole number of minutes.
std::string StalenessExpression(const values::Interval& staleness);

}  // namespace bqcdc::rest
