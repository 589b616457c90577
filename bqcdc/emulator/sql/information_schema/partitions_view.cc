// INFORMATION_SCHEMA.PARTITIONS (https://cloud.google.com/bigquery/docs/information-schema-partitions):
// counted from the rows, as a query sees them.

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/logical_size.h"
#include "bqcdc/emulator/sql/information_schema/information_schema.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

constexpr const char* kIngest = "\"$ingest\"";
constexpr const char* kNullPartition = "'__NULL__'";

// How the time of a partition's beginning reads as its id.
const char* IdFormat(const std::string& granularity) {
  if (granularity == "HOUR") return "%Y%m%d%H";
  if (granularity == "MONTH") return "%Y%m";
  if (granularity == "YEAR") return "%Y";
  return "%Y%m%d";
}

std::string TimePartitionSql(const catalog::Table& table) {
  const catalog::TimePartitioning& partitioning = *table.time_partitioning;
  std::string value = QuoteDuckDbName(partitioning.field);
  std::string time = value;
  const schema::Column* column = table.schema.FindColumn(partitioning.field);
  if (partitioning.field.empty()) {
    value = kIngest;
    time = base::StrCat("make_timestamp(", kIngest, ")");
  } else if (column != nullptr && column->type == schema::ColumnType::kTimestamp) {
    time = base::StrCat("bq_timestamp_to_datetime(", value, ", 'UTC')");
  }
  return base::StrCat("CASE WHEN ", value, " IS NULL THEN ", kNullPartition, " ELSE strftime(", time, ", '",
                      IdFormat(partitioning.type), "') END");
}

std::string RangePartitionSql(const catalog::RangePartitioning& range) {
  const std::string value = QuoteDuckDbName(range.field);
  return base::StrCat("CASE WHEN ", value, " IS NULL THEN ", kNullPartition, " WHEN ", value, " < ",
                      range.start, " OR ", value, " >= ", range.end, " THEN '__UNPARTITIONED__' ELSE CAST(",
                      range.start, " + ((", value, " - ", range.start, ") // ", range.interval, ") * ",
                      range.interval, " AS VARCHAR) END");
}

}  // namespace

ConstantTable PartitionsHeader() {
  ConstantTable view;
  for (const char* name : {"table_catalog", "table_schema", "table_name", "partition_id"}) {
    view.columns.push_back({name, TypeKind::kString});
  }
  view.columns.push_back({"total_rows", TypeKind::kInt64});
  view.columns.push_back({"total_logical_bytes", TypeKind::kInt64});
  view.columns.push_back({"last_modified_time", TypeKind::kTimestamp});
  view.columns.push_back({"storage_tier", TypeKind::kString});
  return view;
}

absl::Status AppendPartitionsRows(const InformationSchemaRequest& request, const catalog::Table& table,
                                  ConstantTable& view) {
  if (table.view) return absl::OkStatus();
  const bool partitioned = table.time_partitioning || table.range_partitioning;
  const std::string id = table.time_partitioning    ? TimePartitionSql(table)
                         : table.range_partitioning ? RangePartitionSql(*table.range_partitioning)
                                                    : "CAST(NULL AS VARCHAR)";
  BQCDC_ASSIGN_OR_RETURN(const std::string relation,
                         request.session.RelationSql(table, engine::IngestColumn::kShown));
  // Without partitions there is one row, even for an empty table.
  BQCDC_ASSIGN_OR_RETURN(
      const auto result,
      request.session.Execute(base::StrCat(
          "SELECT ", partitioned ? "id" : "any_value(id)",
          ", count(*)::BIGINT, coalesce(sum(bytes), 0)::BIGINT, ", "max(ingest)::BIGINT FROM (SELECT ", id,
          " AS id, ", engine::LogicalRowBytesSql(table), " AS bytes, ", kIngest, " AS ingest FROM ", relation,
          " AS t) AS p", partitioned ? " GROUP BY id ORDER BY id" : "")));
  while (true) {
    BQCDC_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk, result->Next());
    if (!chunk) return absl::OkStatus();
    const engine::VectorReader ids = chunk->Reader(0), rows = chunk->Reader(1), bytes = chunk->Reader(2),
                               modified = chunk->Reader(3);
    for (size_t i = 0; i < chunk->row_count(); ++i) {
      const int64_t modified_us = modified.IsNull(i) ? table.last_modified_ms * 1000 : modified.Int64(i);
      view.rows.push_back(
          {Value::String(table.id.project), Value::String(table.id.dataset), Value::String(table.id.table),
           ids.IsNull(i) ? Value::Null(TypeKind::kString) : Value::String(std::string(ids.Bytes(i))),
           Value::Int64(rows.Int64(i)), Value::Int64(bytes.Int64(i)),
           Value::Of(TypeKind::kTimestamp, modified_us), Value::String("ACTIVE")});
    }
  }
}

}  // namespace bqcdc::emulator::sql
