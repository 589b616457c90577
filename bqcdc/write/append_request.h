#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bqcdc::write {

// Where rows go and what they look like. Immutable and shared by all requests of one table and schema.
struct Destination {
  std::string write_stream;   // "projects/p/datasets/d/tables/t/streams/_default"
  std::string writer_schema;  // the DescriptorProto of a row, serialized
  // Names of the table's columns, in the order of their field numbers (encode::ColumnFieldNumber).
  std::vector<std::string> columns = {};
};

// Rows as they stand on the wire: pieces that put together are the body of a ProtoRows message, each row with
// its tag and length before it. The pieces are views into memory that `owner` keeps alive: gRPC sends
// them from there.
struct RowPieces {
  std::shared_ptr<const void> owner;
  std::vector<std::string_view> pieces;
  std::size_t byte_count = 0;
  std::int64_t row_count = 0;
};

struct AppendRequest {
  std::shared_ptr<const Destination> destination;
  RowPieces rows;
};

}  // namespace bqcdc::write
