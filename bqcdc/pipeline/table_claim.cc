#include "bqcdc/pipeline/table_claim.h"

#include <algorithm>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::pipeline {
namespace {

// Labels change for other reasons too (someone edits the description): the claim is tried again then.
constexpr int kClaimAttemptsMax = 5;

std::string LabelOf(const rest::TableResource& table, const char* label) {
  const auto found = table.labels.find(label);
  return found == table.labels.end() ? std::string() : found->second;
}

absl::StatusOr<std::uint64_t> EpochOf(const rest::TableName& name, const rest::TableResource& table) {
  const std::string text = LabelOf(table, kEpochLabel);
  std::uint64_t epoch = 0;
  if (!text.empty() && !absl::SimpleAtoi(text, &epoch)) {
    return absl::FailedPreconditionError(
        absl::StrCat("label ", kEpochLabel, " of table ", name.ToString(), " is no number: '", text, "'"));
  }
  return epoch;
}

std::string RandomOwner() {
  std::random_device random;
  return absl::StrCat(absl::Hex(random(), absl::kZeroPad8), absl::Hex(random(), absl::kZeroPad8));
}

std::string_view ModeText(SequenceMode mode) { return mode == SequenceMode::kOwn ? "own" : "assigned"; }

}  // namespace

absl::StatusOr<ClaimLabels> ReadClaimLabels(const rest::TableName& name, const rest::TableResource& table) {
  ClaimLabels labels;
  BQCDC_ASSIGN_OR_RETURN(labels.epoch, EpochOf(name, table));
  labels.mode = LabelOf(table, kSequenceLabel);
  return labels;
}

std::optional<absl::Time> BeginningOf(std::uint64_t epoch) {
  constexpr std::uint64_t kMicrosMin = 1'000'000'000'000'000,
                          kMicrosMax = 10'000'000'000'000'000;  // 2001, 2286
  if (epoch < kMicrosMin || epoch >= kMicrosMax) return std::nullopt;
  return absl::FromUnixMicros(static_cast<std::int64_t>(epoch));
}

absl::StatusOr<TableClaim> TableClaim::Prepare(const rest::BigQueryClient& client, ClaimOptions options,
                                               const rest::TableResource& table, const base::Clock& clock) {
  TableClaim claim(client, std::move(options));
  claim.seen_ = table;
  claim.creation_time_ms_ = table.creation_time_ms;
  claim.owner_ = RandomOwner();
  BQCDC_ASSIGN_OR_RETURN(const std::uint64_t last, EpochOf(claim.options_.table, table));
  const std::uint64_t resumed = claim.options_.resume_epoch;
  if (resumed == 0 || (claim.options_.epoch_unused && resumed < last)) {
    const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(absl::ToUnixMicros(clock.Now()), 1));
    claim.epoch_ = std::max(last + 1, now);
  } else if (claim.options_.resume_epoch < last) {
    return absl::FailedPreconditionError(
        absl::StrCat("table ", claim.options_.table.ToString(), " was last written by epoch ", last,
                     "; rows of epoch ", claim.options_.resume_epoch, " would be ignored, all of them"));
  } else {
    claim.epoch_ = claim.options_.resume_epoch;
  }
  return claim;
}

absl::Status TableClaim::Claim(SequenceMode mode) {
  const std::string name = options_.table.ToString();
  BQCDC_ASSIGN_OR_RETURN(const std::uint64_t last, EpochOf(options_.table, seen_));
  const std::string mode_text(ModeText(mode));
  for (int attempt = 1;; ++attempt) {
    const std::string mode_before = LabelOf(seen_, kSequenceLabel);
    if (!mode_before.empty() && mode_before != mode_text) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the rows of table ", name, " were numbered by ", mode_before == "own" ? "their source" : "bqcdc",
          " until now (label ", kSequenceLabel, "=", mode_before, "), this input ",
          mode == SequenceMode::kOwn ? "brings its own numbers" : "brings none",
          "; mixing both makes the order of changes unpredictable"));
    }
    const absl::StatusOr<rest::TableResource> written = client_->SetTableLabels(
        options_.table,
        {{kEpochLabel, std::to_string(epoch_)}, {kSequenceLabel, mode_text}, {kOwnerLabel, owner_}},
        seen_.etag);
    if (written.ok()) {
      if (LabelOf(*written, kOwnerLabel) == owner_) return absl::OkStatus();
      return absl::FailedPreconditionError(absl::StrCat("the labels of table ", name, " were not kept"));
    }
    const absl::StatusCode code = written.status().code();
    const bool unclear = code == absl::StatusCode::kFailedPrecondition ||
                         code == absl::StatusCode::kAborted || code == absl::StatusCode::kDeadlineExceeded;
    if (!unclear || attempt >= kClaimAttemptsMax) return written.status();
    // Lost the race, or lost the answer: what stands there now decides.
    BQCDC_ASSIGN_OR_RETURN(seen_, client_->GetTable(options_.table));
    if (LabelOf(seen_, kOwnerLabel) == owner_) return absl::OkStatus();
    BQCDC_ASSIGN_OR_RETURN(const std::uint64_t now, EpochOf(options_.table, seen_));
    if (now != last || seen_.creation_time_ms != creation_time_ms_) {
      return absl::FailedPreconditionError(absl::StrCat(
          "another run has taken table ", name, " at the same moment: it was last written by epoch ", now));
    }
  }
}

absl::Status TableClaim::Verify() const {
  const absl::StatusOr<rest::TableResource> table = client_->GetTable(options_.table);
  if (table.status().code() == absl::StatusCode::kNotFound) {
    return absl::FailedPreconditionError(absl::StrCat(
        "table ", options_.table.ToString(), " was deleted during the run: ", table.status().message()));
  }
  BQCDC_RETURN_IF_ERROR(table.status());
  return CheckSame(*table);
}

absl::Status TableClaim::CheckSame(const rest::TableResource& table) const {
  const std::string name = options_.table.ToString();
  if (table.creation_time_ms != creation_time_ms_) {
    return absl::FailedPreconditionError(absl::StrCat("table ", name, " was created again during the run"));
  }
  if (LabelOf(table, kOwnerLabel) == owner_) return absl::OkStatus();
  BQCDC_ASSIGN_OR_RETURN(const std::uint64_t last, EpochOf(options_.table, table));
  return absl::FailedPreconditionError(absl::StrCat("another run has taken over table ", name,
                                                    ": this table was last written by epoch ", last,
                                                    ", ours is ", epoch_));
}

}  // namespace bqcdc::pipeline
