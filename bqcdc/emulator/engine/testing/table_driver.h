#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/base/testing/temporary_directory.h"
#include "bqcdc/emulator/engine/database.h"

namespace bqcdc::emulator::engine::testing {

// A row for tests: key `id` (NULL allowed), a value, and what it does.
struct TestRow {
  RowOperation operation = RowOperation::kPlain;
  std::optional<int64_t> id;
  std::string name;           // not written by a DELETE
  std::string sequence = {};  // text of _CHANGE_SEQUENCE_NUMBER; empty: none
};

inline TestRow Upsert(std::optional<int64_t> id, std::string name, std::string sequence = "") {
  return {RowOperation::kUpsert, id, std::move(name), std::move(sequence)};
}
inline TestRow Delete(std::optional<int64_t> id, std::string sequence = "") {
  return {RowOperation::kDelete, id, "", std::move(sequence)};
}
inline TestRow Plain(std::optional<int64_t> id, std::string name) {
  return {RowOperation::kPlain, id, std::move(name), ""};
}

using base::TemporaryDirectory;

// A table `p:d.t` (id INT64, name STRING) in a database of its own, driven by a manual clock. Failures abort
// the test program.
class TableDriver {
 public:
  struct Options {
    bool primary_key = true;
    std::optional<int64_t> max_staleness_us;
    DatabaseOptions database;    // data_dir is filled in
    std::string directory = {};  // empty: a temporary one; the dataset and the table may be in it already
  };
  // Applies come by Apply() alone.
  static Options ManualApplies() {
    Options options;
    options.database.background_apply = false;
    return options;
  }
  explicit TableDriver(Options options);

  Database& database() { return *database_; }
  base::ManualClock& clock() { return clock_; }
  const std::string& directory() const { return options_.directory; }
  const catalog::TableId& id() const { return id_; }

  // One request; waits until it is durable.
  absl::Status Append(const std::vector<TestRow>& rows);
  absl::Status AppendBatchAndWait(AppendBatch batch);
  AppendBatch MakeBatch(const std::vector<TestRow>& rows);
  // "1=a 2=b", sorted; "NULL" for a NULL.
  std::string Rows();
  void Apply();
  void Restart();
  // Unix microseconds; -1: unset.
  int64_t Watermark();
  int64_t now() const { return absl::ToUnixMicros(clock_.Now()); }

 private:
  static Options InDirectory(Options options, const std::string& temporary);
  void Open();

  TemporaryDirectory temporary_;
  const Options options_;
  base::ManualClock clock_;
  const catalog::TableId id_{"p", "d", "t"};
  std::unique_ptr<Database> database_;
};

}  // namespace bqcdc::emulator::engine::testing
