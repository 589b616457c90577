#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::rest {

// What brings a table's columns to what is wanted without touching a row.
struct EvolutionPlan {
  // The fields of the schema with those that are added or relaxed within a STRUCT, for
  // BigQueryClient::SetTableFields(), since no statement can do that; empty = there are none.
  std::string schema_fields;
  std::vector<std::string> statements;

  bool empty() const { return schema_fields.empty() && statements.empty(); }
};

// Columns, and fields of a STRUCT, that are missing are added (NULLABLE or REPEATED), and REQUIRED is
// relaxed; types of columns are widened (INT64 to NUMERIC, BIGNUMERIC or FLOAT64, NUMERIC to BIGNUMERIC or
// FLOAT64, longer STRING and BYTES, larger NUMERIC and BIGNUMERIC;
// https://cloud.google.com/bigquery/docs/managing-table-schemas#change_a_columns_data_type). What is not
// wanted stays. Errors: FailedPrecondition with one line for each difference that no such change can settle.
absl::StatusOr<EvolutionPlan> PlanEvolution(const TableName& name, const std::vector<schema::Column>& wanted,
                                            const TableResource& existing);

// Carries it out and makes sure of the result. Each change is atomic and changes nothing where it was made
// before, so two writers may do this at once. Returns how many were made. Errors: as above; NotFound; Aborted
// where others keep changing the table; those of the service.
absl::StatusOr<int> EvolveTable(const BigQueryClient& client, const TableName& name,
                                const std::vector<schema::Column>& wanted);

}  // namespace bqcdc::rest
