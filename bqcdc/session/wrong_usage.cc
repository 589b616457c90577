#include "bqcdc/session/wrong_usage.h"

#include "absl/strings/cord.h"

namespace bqcdc::session {
namespace {

constexpr char kPayload[] = "bqcdc/wrong_usage";

}  // namespace

absl::Status MarkWrongUsage(absl::Status status) {
  status.SetPayload(kPayload, absl::Cord());
  return status;
}

bool IsWrongUsage(const absl::Status& status) { return status.GetPayload(kPayload).has_value(); }

}  // namespace bqcdc::session
