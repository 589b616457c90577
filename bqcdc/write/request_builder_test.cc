#include "bqcdc/write/request_builder.h"

#include <google/cloud/bigquery/storage/v1/storage.pb.h>
#include <gtest/gtest.h>

#include <string>

namespace bqcdc::write {
namespace {

namespace storage = google::cloud::bigquery::storage::v1;

std::string Join(const RowPieces& pieces) {
  std::string bytes;
  for (const std::string_view piece : pieces.pieces) bytes += piece;
  return bytes;
}

std::shared_ptr<const encode::EncodedRows> Rows(const std::vector<std::string>& rows) {
  auto encoded = std::make_shared<encode::EncodedRows>();
  for (const std::string& row : rows) encoded->Append(row, {});
  return encoded;
}

Destination SomeDestination(std::size_t schema_bytes) {
  // Field 1 (name) of a DescriptorProto.
  std::string schema = "\x0a";
  const std::size_t text = schema_bytes > 130 ? schema_bytes - 3 : schema_bytes - 2;
  if (text >= 128) {
    schema.push_back(static_cast<char>(0x80 | (text & 127)));
    schema.push_back(static_cast<char>(text >> 7));
  } else {
    schema.push_back(static_cast<char>(text));
  }
  schema.append(text, 'n');
  return {"projects/p/datasets/d/tables/t/streams/_default", schema};
}

// Sizes on both sides of where a length takes one byte more.
TEST(RequestBuilder, BuildsWhatProtobufReads) {
  for (const std::size_t schema_bytes : {10, 122, 123, 124, 125, 126, 127, 140, 5000}) {
    for (const std::size_t row_bytes :
         {0, 1, 100, 120, 121, 122, 123, 124, 125, 126, 127, 128, 16375, 16380, 16384, 3000000}) {
      SCOPED_TRACE(::testing::Message() << "schema " << schema_bytes << ", row " << row_bytes);
      const Destination destination = SomeDestination(schema_bytes);
      const RowPieces rows = AllRows(Rows({std::string(row_bytes, 'x')}));
      const std::string preamble = BuildPreamble({&destination, "trace"}, rows.byte_count);
      const std::string later = BuildPreamble({}, rows.byte_count);
      EXPECT_LE(preamble.size(), PreambleBytesMax(destination, "trace"));

      storage::AppendRowsRequest request;
      ASSERT_TRUE(request.ParseFromString(preamble + Join(rows)));
      EXPECT_EQ(request.ByteSizeLong(), preamble.size() + rows.byte_count);
      EXPECT_EQ(request.write_stream(), destination.write_stream);
      EXPECT_EQ(request.trace_id(), "trace");
      EXPECT_EQ(request.proto_rows().writer_schema().proto_descriptor().SerializeAsString(),
                destination.writer_schema);
      ASSERT_EQ(request.proto_rows().rows().serialized_rows_size(), 1);
      EXPECT_EQ(request.proto_rows().rows().serialized_rows(0).size(), row_bytes);

      ASSERT_TRUE(request.ParseFromString(later + Join(rows)));
      EXPECT_EQ(request.ByteSizeLong(), later.size() + rows.byte_count);
      EXPECT_FALSE(request.proto_rows().has_writer_schema());
      EXPECT_EQ(request.write_stream(), "");
    }
  }
}

TEST(RequestBuilder, ChoosesRowsWithoutCopyingThem) {
  const auto rows = Rows({"a", "bb", "ccc", "dddd", "eeeee"});
  const std::size_t indexes[] = {0, 2, 3};
  const RowPieces chosen = ChosenRows(rows, indexes);
  EXPECT_EQ(chosen.row_count, 3);
  ASSERT_EQ(chosen.pieces.size(), 2u);  // Neighbours are one piece.
  EXPECT_EQ(chosen.pieces[0].data(), rows->framed().data());
  EXPECT_EQ(chosen.byte_count, Join(chosen).size());
  storage::ProtoRows parsed;
  ASSERT_TRUE(parsed.ParseFromString(Join(chosen)));
  ASSERT_EQ(parsed.serialized_rows_size(), 3);
  EXPECT_EQ(parsed.serialized_rows(0), "a");
  EXPECT_EQ(parsed.serialized_rows(1), "ccc");
  EXPECT_EQ(parsed.serialized_rows(2), "dddd");
  EXPECT_EQ(rows.use_count(), 2);
}

}  // namespace
}  // namespace bqcdc::write
