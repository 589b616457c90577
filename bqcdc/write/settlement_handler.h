#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/write/row_batch.h"

namespace bqcdc::write {

// Rows of a batch: all of them, or those with the given indexes (rising).
struct RowSelection {
  bool whole = true;
  std::vector<std::size_t> indexes;

  std::size_t count(const RowBatch& batch) const { return whole ? batch.rows.row_count() : indexes.size(); }
  std::size_t at(std::size_t i) const { return whole ? i : indexes[i]; }
  encode::RowCounts counts(const RowBatch& batch) const {
    if (whole) return batch.rows.counts();
    encode::RowCounts counts;
    for (const std::size_t row : indexes)
      counts.Add(batch.rows.facts(row).change_type, batch.rows.framed_row(row).size());
    return counts;
  }
};

// Why a row cannot be stored.
enum class RefusalReason {
  kRefused,        // the service says so; the message is its own and may hold values of the row
  kUnknownColumn,  // the row carries a column that the table has lost since it was encoded
};

// A row that cannot be stored.
struct RefusedRow {
  std::size_t index = 0;  // in its batch
  std::string message;
  RefusalReason reason = RefusalReason::kRefused;
  std::string column = {};  // of the table, that is to blame; empty = not known. Holds no value
};

// Told what becomes of each batch. All calls come from the thread that runs the sender, one at a time, and
// for one batch in this order: OnStart, then any number of OnStored and OnRefused, then OnSettled when each
// row was named once.
class SettlementHandler {
 public:
  virtual ~SettlementHandler() = default;

  // Before anything of the batch is sent. An error ends the run.
  virtual absl::Status OnStart(RowBatch& batch) = 0;
  virtual void OnStored(RowBatch& batch, const RowSelection& rows) = 0;
  // Sets rows aside, durably: they count as settled when it returns Ok. An error ends the run; the rows stay
  // unsettled.
  virtual absl::Status OnRefused(RowBatch& batch, std::span<const RefusedRow> rows) = 0;
  // Every row of the batch is settled.
  virtual void OnSettled(const std::shared_ptr<RowBatch>& batch) = 0;
};

}  // namespace bqcdc::write
