#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/cloud/bigquery/storage/v1/table.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

namespace bqcdc::conformance {

// The message of a row, on protobuf's own reflection. Its fields are numbered from 1 and optional.
//
//   name                  a field of the type that is usual for the table's column: int64 for INT64, else
//                         string
//   name:TYPE             of a scalar type of protobuf in capitals: SINT64, BYTES, …
//   name:ENUM[A B]        of an enum with A = 1, B = 2
//   name:MESSAGE[x y:INT32] and name:GROUP[…]     of a message with these fields
class RowMessage {
 public:
  static absl::StatusOr<std::unique_ptr<RowMessage>> Make(
      const std::vector<std::string>& columns,
      const google::cloud::bigquery::storage::v1::TableSchema& table);

  const google::protobuf::DescriptorProto& schema() const { return schema_; }
  // The bytes of a row, from a JSON object. BYTES are given in hexadecimal digits, an enum by its name or
  // number; {"repeat": "x", "times": 1000} is a long text.
  absl::StatusOr<std::string> Serialize(const std::string& json_row);

 private:
  RowMessage() = default;

  google::protobuf::DescriptorProto schema_;
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_{&pool_};
  const google::protobuf::Descriptor* descriptor_ = nullptr;
};

}  // namespace bqcdc::conformance
