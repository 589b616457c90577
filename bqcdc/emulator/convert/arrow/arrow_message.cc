#include "bqcdc/emulator/convert/arrow/arrow_message.h"

#include <cstring>
#include <optional>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/arrow/ipc_generated.h"

namespace bqcdc::emulator::convert {
namespace {

// Stands before the length since Arrow 0.15.
constexpr uint32_t kContinuation = 0xFFFFFFFF;
// Tables of a schema of kFieldsMax fields, three of each: the field, its type, and room to spare.
constexpr flatbuffers::uoffset_t kTablesMax = 100'000;
// A field within a field takes one level; STRUCTs lie 15 deep, in ARRAYs.
constexpr flatbuffers::uoffset_t kDepthMax = 64;

std::optional<uint32_t> TakeUint32(std::string_view* bytes) {
  uint32_t value;
  if (bytes->size() < sizeof value) return std::nullopt;
  std::memcpy(&value, bytes->data(), sizeof value);
  bytes->remove_prefix(sizeof value);
  return value;
}

}  // namespace

absl::StatusOr<ArrowMessage> ArrowMessage::Parse(std::string_view bytes, std::string_view what) {
  const auto invalid = [&](std::string_view why) {
    return base::InvalidArgument("Invalid Arrow ", what, ": ", why);
  };
  std::optional<uint32_t> size = TakeUint32(&bytes);
  if (size == kContinuation) size = TakeUint32(&bytes);
  if (!size || *size == 0 || *size > bytes.size()) return invalid("not an encapsulated IPC message");

  ArrowMessage message;
  message.metadata_.resize((*size + sizeof(uint64_t) - 1) / sizeof(uint64_t));
  std::memcpy(message.metadata_.data(), bytes.data(), *size);
  bytes.remove_prefix(*size);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(message.metadata_.data()), *size, kDepthMax,
                                 kTablesMax);
  if (!ipc::VerifyMessageBuffer(verifier)) return invalid("its metadata is not a FlatBuffer of Arrow's");
  const int64_t body_length = message.root().body_length();
  if (body_length < 0 || static_cast<uint64_t>(body_length) > bytes.size()) {
    return invalid(base::StrCat("its body has ", bytes.size(), " bytes, its metadata says ", body_length));
  }
  message.body_ = bytes.substr(0, static_cast<size_t>(body_length));
  return message;
}

const ipc::Message& ArrowMessage::root() const { return *ipc::GetMessage(metadata_.data()); }
const ipc::Schema* ArrowMessage::schema() const { return root().header_as_Schema(); }
const ipc::RecordBatch* ArrowMessage::record_batch() const { return root().header_as_RecordBatch(); }

}  // namespace bqcdc::emulator::convert
