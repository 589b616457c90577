#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/catalog/entities.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::emulator::handlers {

// Which columns of a table the write API knows. The service's learns of a change late; here it does so after
// a delay (WriteOptions::column_propagation), and of a table's first columns at once. Thread-safe; keeps the
// columns of each table that it was asked about.
class ColumnPropagation {
 public:
  explicit ColumnPropagation(absl::Duration delay) : delay_(delay) {}

  // The columns that are still known although the table has others; nullopt where its own are.
  std::optional<schema::TableSchema> KnownInstead(const catalog::Table& table, absl::Time now);

 private:
  struct Known {
    int64_t version = 0;
    schema::TableSchema schema;
  };

  const absl::Duration delay_;
  absl::Mutex mutex_;
  std::map<int64_t, Known> known_ ABSL_GUARDED_BY(mutex_);  // by uid
};

}  // namespace bqcdc::emulator::handlers
