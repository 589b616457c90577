#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/rest/bigquery_client.h"

namespace bqcdc::pipeline {

// Labels of the table that say who writes it. Values are what labels allow: lower-case letters, digits, '_',
// '-'.
inline constexpr char kEpochLabel[] = "bqcdc_epoch";        // decimal
inline constexpr char kSequenceLabel[] = "bqcdc_sequence";  // "assigned" or "own"
inline constexpr char kOwnerLabel[] = "bqcdc_owner";        // of the run, made up at random

// Whether a run numbers its rows itself or its input brings the numbers. Mixed in one table, the order of its
// changes would be unpredictable (docs: change-data-capture, custom ordering).
enum class SequenceMode { kAssigned, kOwn };

// What the labels say; for whoever looks without claiming. Empty mode = never claimed. Errors:
// FailedPrecondition where an epoch is no number.
struct ClaimLabels {
  std::uint64_t epoch = 0;
  std::string mode;
};
absl::StatusOr<ClaimLabels> ReadClaimLabels(const rest::TableName& name, const rest::TableResource& table);

// When the first run of an epoch that bqcdc has chosen began; unset for one that somebody counts by hand,
// which lies far from microseconds since 1970.
std::optional<absl::Time> BeginningOf(std::uint64_t epoch);

struct ClaimOptions {
  rest::TableName table;
  std::uint64_t resume_epoch = 0;  // 0 = a new epoch
  // Nothing was sent with resume_epoch yet: where the table has a higher one, a new one is chosen.
  bool epoch_unused = false;
};

// The right to write a table: an epoch that is kept in the table's label, so that it is lost with the table
// only, and claimed by compare-and-set, so that of two starters one stops. Thread-safe after Claim().
class TableClaim {
 public:
  // Chooses the epoch: that of the options, else max(label + 1, microseconds since 1970), so that of two runs
  // the later wins even if a clock went back. Errors: FailedPrecondition "this table was last written by
  // epoch N" for a lower epoch than the label's.
  static absl::StatusOr<TableClaim> Prepare(const rest::BigQueryClient& client, ClaimOptions options,
                                            const rest::TableResource& table, const base::Clock& clock);

  std::uint64_t epoch() const { return epoch_; }
  std::int64_t creation_time_ms() const { return creation_time_ms_; }
  const std::string& owner() const { return owner_; }

  // Writes the labels. Errors: FailedPrecondition where another run came first, or where the table's rows
  // were numbered in the other way until now.
  absl::Status Claim(SequenceMode mode);

  // Makes sure that the table is the same one and still ours. Errors: FailedPrecondition where it is not;
  // others where it cannot be said (no answer).
  absl::Status Verify() const;

 private:
  TableClaim(const rest::BigQueryClient& client, ClaimOptions options)
      : client_(&client), options_(std::move(options)) {}
  absl::Status CheckSame(const rest::TableResource& table) const;

  const rest::BigQueryClient* client_;
  ClaimOptions options_;
  rest::TableResource seen_;  // before the claim
  std::uint64_t epoch_ = 0;
  std::int64_t creation_time_ms_ = 0;
  std::string owner_;
};

}  // namespace bqcdc::pipeline
