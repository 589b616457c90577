#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/schema/table_schema.h"

// What the server knows of datasets and tables: plain values, copied freely, never pointing into a store.
namespace bqcdc::emulator::catalog {

struct DatasetId {
  std::string project;
  std::string dataset;
  auto operator<=>(const DatasetId&) const = default;
};

struct TableId {
  std::string project;
  std::string dataset;
  std::string table;
  auto operator<=>(const TableId&) const = default;
  // `project:dataset.table`, the form of the service's messages.
  std::string ToString() const { return project + ":" + dataset + "." + table; }
};

struct Dataset {
  DatasetId id;
  std::string location = "US";
  std::string friendly_name;
  std::string description;
  std::map<std::string, std::string> labels;
  // What tables made from now on get; of a partitioned table the second one alone counts where it is set.
  std::optional<int64_t> default_table_expiration_ms;
  std::optional<int64_t> default_partition_expiration_ms;
  int64_t creation_time_ms = 0;  // Unix epoch
  int64_t last_modified_ms = 0;
  std::string etag;  // changes with every change of the entity
};

struct TimePartitioning {
  std::string type = "DAY";  // DAY, HOUR, MONTH or YEAR
  std::string field;         // empty: by ingestion time
  std::optional<int64_t> expiration_ms;
};

struct RangePartitioning {
  std::string field;
  int64_t start = 0, end = 0, interval = 0;
};

// What makes a table a view: its rows are those of a query.
struct View {
  std::string query;                 // GoogleSQL as it was written
  std::vector<std::string> columns;  // the names that CREATE VIEW v (a, b) gives; empty: the query's own
};

struct Table {
  TableId id;
  // Never given out twice, so a table re-created under its name is another one.
  int64_t uid = 0;
  // Counts changes of the columns; decoded rows name the version that they were made for.
  int64_t schema_version = 1;
  // The version that changed the columns last; another key makes a version, too. Of this run of the server.
  int64_t columns_version = 1;
  schema::TableSchema schema;
  std::vector<std::string> clustering;
  std::optional<TimePartitioning> time_partitioning;
  std::optional<RangePartitioning> range_partitioning;
  // Set: the table stores nothing, and `schema` is what the query gave when the view was made.
  std::optional<View> view;
  bool require_partition_filter = false;
  // Unset: never given (no row in TABLE_OPTIONS). Zero: given as 0 or NULL (the row stays); both mean
  // disabled.
  std::optional<int64_t> max_staleness_us;
  std::string friendly_name;
  std::string description;
  std::map<std::string, std::string> labels;
  std::optional<int64_t> expiration_time_ms;
  int64_t creation_time_ms = 0;
  int64_t last_modified_ms = 0;
  std::string etag;

  bool has_primary_key() const { return !schema.primary_key.empty(); }
  // By the time at which rows come in: they are in the partitions of `_PARTITIONTIME`.
  bool partitioned_by_ingestion() const { return time_partitioning && time_partitioning->field.empty(); }
};

// An expired table is as good as dropped.
inline bool IsExpired(const Table& table, int64_t now_us) {
  return table.expiration_time_ms && *table.expiration_time_ms <= now_us / 1000;  // which may be any number
}

}  // namespace bqcdc::emulator::catalog
