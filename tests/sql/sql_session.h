#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/emulator/engine/database.h"
#include "bqcdc/emulator/sql/query_runner.h"

namespace bqcdc::tests::sql {

// A store of its own in a temporary directory, with the dataset `d` of project `p` as default dataset and a
// clock that stands at 2026-01-02 03:04:05.678901 UTC.
class SqlSession {
 public:
  SqlSession();
  ~SqlSession();

  absl::StatusOr<emulator::sql::QueryOutcome> Run(const std::string& sql, bool dry_run = false);
  emulator::engine::Database& database() { return *database_; }

 private:
  std::string directory_;
  base::ManualClock clock_;
  std::unique_ptr<emulator::engine::Database> database_;
};

// The header `name:TYPE ...` and a line for each row, cells divided by " | ".
std::vector<std::string> PrintRows(const emulator::sql::QueryOutcome& outcome);

// What a DML statement did: "1 inserted, 2 updated, 3 deleted", without what did not occur, or "nothing".
std::string PrintChanges(const emulator::sql::QueryOutcome& outcome);

}  // namespace bqcdc::tests::sql
