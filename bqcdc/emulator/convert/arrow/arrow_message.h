#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace bqcdc::emulator::convert {

namespace ipc {
struct Message;
struct RecordBatch;
struct Schema;
}  // namespace ipc

// One encapsulated message of Arrow's IPC format
// (https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format): a length, metadata, a
// body. The bytes are foreign; what stands behind the body is passed over. Movable.
class ArrowMessage {
 public:
  // `what`: "schema" or "record batch", for errors. `bytes` outlive the message; the metadata is copied, to
  // lie where its numbers are aligned. Errors: InvalidArgument where the bytes are no such message.
  static absl::StatusOr<ArrowMessage> Parse(std::string_view bytes, std::string_view what);

  // nullptr where the message is something else.
  const ipc::Schema* schema() const;
  const ipc::RecordBatch* record_batch() const;
  std::string_view body() const { return body_; }

 private:
  ArrowMessage() = default;
  const ipc::Message& root() const;

  std::vector<uint64_t> metadata_;
  std::string_view body_;
};

}  // namespace bqcdc::emulator::convert
