#include "bqcdc/emulator/engine/write_stream.h"

#include <random>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bqcdc::emulator::engine {
namespace {

constexpr char kRefusalUrl[] = "bqcdc/stream-refusal";
// Ids of the service begin like this and are opaque.
constexpr std::string_view kIdStart = "Cig";
constexpr size_t kIdRandomBytes = 24;
constexpr size_t kIdBytes = 3 + kIdRandomBytes * 4 / 3;

}  // namespace

absl::Duration Lifetime(const WriteStream& stream) {
  switch (stream.type) {
    case WriteStreamType::kCommitted:
      return absl::Hours(3 * 24);
    case WriteStreamType::kBuffered:
      return absl::Hours(7 * 24);
    case WriteStreamType::kPending:
      break;
  }
  return absl::Hours(stream.finalized && !stream.commit_us ? 4 : 24);
}

bool IsExpired(const WriteStream& stream, int64_t now_us) {
  return now_us - stream.touched_us > absl::ToInt64Microseconds(Lifetime(stream));
}

std::string NewStreamId() {
  std::random_device random;
  std::string bytes(kIdRandomBytes, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return absl::StrCat(std::string(kIdStart), absl::WebSafeBase64Escape(bytes));
}

bool IsStreamId(std::string_view id) { return id.size() == kIdBytes && id.starts_with(kIdStart); }

absl::Status StreamRefused(const StreamRefusal& refusal) {
  absl::Status status = absl::FailedPreconditionError("the write stream refuses it");
  status.SetPayload(
      kRefusalUrl, absl::Cord(absl::StrCat(static_cast<int>(refusal.fault), " ", refusal.expected_offset, " ",
                                           refusal.received_offset)));
  return status;
}

std::optional<StreamRefusal> RefusalOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRefusalUrl);
  if (!payload) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(std::string(*payload), ' ');
  int fault = 0;
  StreamRefusal refusal;
  if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &fault) ||
      !absl::SimpleAtoi(parts[1], &refusal.expected_offset) ||
      !absl::SimpleAtoi(parts[2], &refusal.received_offset)) {
    return std::nullopt;
  }
  refusal.fault = static_cast<StreamFault>(fault);
  return refusal;
}

}  // namespace bqcdc::emulator::engine
