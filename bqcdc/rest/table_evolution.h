#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::rest {

// The statements that bring a table's columns to what is wanted without touching a row: columns that are
// missing are added (NULLABLE or REPEATED), REQUIRED is relaxed, types are widened (INT64 to NUMERIC,
// BIGNUMERIC or FLOAT64, NUMERIC to BIGNUMERIC or FLOAT64, longer STRING and BYTES, larger NUMERIC and
// BIGNUMERIC; https://cloud.google.com/bigquery/docs/managing-table-schemas#change_a_columns_data_type).
// Columns that are not wanted stay. Empty = nothing to do. Errors: FailedPrecondition with one line for each
// difference that no such change can settle.
absl::StatusOr<std::vector<std::string>> EvolutionStatements(const TableName& name,
                                                             const std::vector<schema::Column>& wanted,
                                                             const schema::TableSchema& existing);

// Runs them and makes sure of the result. Each statement is atomic and changes nothing where it was run
// before, so two writers may do this at once. Returns how many were run. Errors: as above; NotFound; those of
// the service.
absl::StatusOr<int> EvolveTable(const BigQueryClient& client, const TableName& name,
                                const std::vector<schema::Column>& wanted);

}  // namespace bqcdc::rest
