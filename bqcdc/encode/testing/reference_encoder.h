#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/schema/table_schema.h"

namespace bqcdc::encode::testing {

// The slow oracle of JsonRowEncoder: the same JSON line, parsed by nlohmann/json, put into a dynamic message
// field by field through protobuf's reflection, serialized in field order. Shares the descriptor with the
// fast encoder, and nothing else: values are computed by reference_values.h.
//
// Takes valid lines; refuses values out of a column's range, and of other mistakes only those that it trips
// over.
class ReferenceEncoder {
 public:
  static absl::StatusOr<std::unique_ptr<ReferenceEncoder>> Create(const schema::TableSchema& schema);

  // The row's bytes. `sequence` is the number for a line that brings none.
  absl::StatusOr<std::string> Encode(std::string_view line, std::string_view sequence) const;

  // The bytes of a row in field order, whatever order its fields have.
  absl::StatusOr<std::string> Normalize(std::string_view row) const;

  const google::protobuf::Descriptor* descriptor() const { return descriptor_; }
  // An empty message of the row's type.
  std::unique_ptr<google::protobuf::Message> NewRow() const;

 private:
  ReferenceEncoder() = default;

  schema::TableSchema schema_;
  google::protobuf::DescriptorPool pool_;
  mutable google::protobuf::DynamicMessageFactory factory_{&pool_};
  const google::protobuf::Descriptor* descriptor_ = nullptr;
};

}  // namespace bqcdc::encode::testing
