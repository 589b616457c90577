#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "bqcdc/emulator/convert/cell_converter.h"
#include "bqcdc/emulator/convert/wire_reader.h"
#include "bqcdc/emulator/convert/writer_plan.h"

namespace bqcdc::emulator::convert {

// What one message on the wire held, by field of its plan: the first of two passes over a row. It is kept and
// used again for every row, so that decoding does not allocate. Values point into the scanned bytes. Not
// thread-safe.
class MessageScan {
 public:
  // `plan` must outlive the scan.
  explicit MessageScan(const MessagePlan& plan);
  MessageScan(const MessageScan&) = delete;
  MessageScan& operator=(const MessageScan&) = delete;

  // Forgets what was scanned before.
  void Reset() { ++generation_; }
  // Adds the fields of a message; called several times for a message that came in parts, which merges them as
  // protobuf does. False: the bytes are no message, and the scan is not to be read.
  [[nodiscard]] bool Add(const RawValue& message) { return Add(message.bytes); }

  // The last value of a singular field, nullptr where it is unset.
  const RawValue* Value(size_t field) const {
    return slots_[field].generation == generation_ ? &slots_[field].value : nullptr;
  }
  // All values of a repeated field; for a singular message its parts in order.
  const std::vector<RawValue>& Values(size_t field);

  // Scan of the nested message of a kRecord field.
  MessageScan& Nested(size_t field) { return *nested_[field]; }

 private:
  struct Slot {
    RawValue value;
    uint64_t generation = 0;
  };
  struct List {
    std::vector<RawValue> values;
    uint64_t generation = 0;
  };

  [[nodiscard]] bool Add(std::string_view bytes);
  bool AddField(size_t index, uint32_t number, WireType type, WireReader& reader);
  bool AddPacked(size_t index, std::string_view bytes);
  void Store(size_t index, const RawValue& value);

  const MessagePlan& plan_;
  std::vector<Slot> slots_;
  std::vector<List> lists_;
  std::vector<bool> collects_;  // by field: values go into its list
  std::vector<std::unique_ptr<MessageScan>> nested_;
  uint64_t generation_ = 1;
};

// The value inside of a message shaped as google.protobuf.Int64Value and relatives: zero where it is unset.
[[nodiscard]] bool UnwrapValue(const FieldPlan& field, std::string_view message, RawValue* value);

}  // namespace bqcdc::emulator::convert
