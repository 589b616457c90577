#include "bqcdc/emulator/handlers/append_request.h"

#include <random>

#include "bqcdc/base/testing/proof.h"
#include "bqcdc/emulator/handlers/stream_name.h"
#include "gmock/gmock.h"
#include "google/cloud/bigquery/storage/v1/storage.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::handlers {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

v1::AppendRowsRequest FullRequest() {
  v1::AppendRowsRequest request;
  request.set_write_stream("projects/p/datasets/d/tables/t/_default");
  request.mutable_offset()->set_value(7);
  v1::AppendRowsRequest::ProtoData& rows = *request.mutable_proto_rows();
  rows.mutable_writer_schema()->mutable_proto_descriptor()->set_name("Row");
  rows.mutable_rows()->add_serialized_rows("one");
  rows.mutable_rows()->add_serialized_rows("");
  request.set_trace_id("trace");
  (*request.mutable_missing_value_interpretations())["c"] = v1::AppendRowsRequest::DEFAULT_VALUE;
  request.set_default_missing_value_interpretation(v1::AppendRowsRequest::NULL_VALUE);
  return request;
}

TEST(AppendRequestTest, ReadsWhatProtobufWrote) {
  const std::string bytes = FullRequest().SerializeAsString();
  const auto request = ParseAppendRequest(bytes);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->write_stream, "projects/p/datasets/d/tables/t/_default");
  EXPECT_EQ(request->offset, 7);
  EXPECT_TRUE(request->has_writer_schema);
  EXPECT_EQ(request->format, RowFormat::kProto);
  EXPECT_EQ(request->writer_schema,
            FullRequest().proto_rows().writer_schema().proto_descriptor().SerializeAsString());
  EXPECT_THAT(request->rows, ElementsAre("one", ""));
  EXPECT_EQ(request->trace_id, "trace");
  EXPECT_EQ(request->missing_values.at("c"), MissingValues::kDefault);
  EXPECT_EQ(request->default_missing_values, MissingValues::kNull);
}

TEST(AppendRequestTest, ReadsRowsInArrowFormat) {
  v1::AppendRowsRequest request;
  request.mutable_arrow_rows()->mutable_writer_schema()->set_serialized_schema("schema");
  request.mutable_arrow_rows()->mutable_rows()->set_serialized_record_batch("batch");
  const std::string bytes = request.SerializeAsString();
  const auto read = ParseAppendRequest(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->format, RowFormat::kArrow);
  EXPECT_TRUE(read->has_writer_schema);
  EXPECT_EQ(read->writer_schema, "schema");
  EXPECT_EQ(read->record_batch, "batch");

  // Of a oneof the last counts, and nothing of what came before.
  const std::string both = bytes + FullRequest().SerializeAsString();
  const auto last = ParseAppendRequest(both);
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_EQ(last->format, RowFormat::kProto);
  EXPECT_EQ(last->record_batch, "");
  EXPECT_THAT(last->rows, ElementsAre("one", ""));
  const std::string reversed = FullRequest().SerializeAsString() + bytes;
  EXPECT_EQ(ParseAppendRequest(reversed)->writer_schema, "schema");
  EXPECT_THAT(ParseAppendRequest(reversed)->rows, IsEmpty());
}

TEST(AppendRequestTest, AnOffsetOfZeroIsAnOffset) {
  v1::AppendRowsRequest request;
  request.mutable_offset();
  EXPECT_EQ(ParseAppendRequest(request.SerializeAsString())->offset, 0);
  EXPECT_FALSE(ParseAppendRequest("")->offset.has_value());
}

// Whatever the bytes are: it agrees with protobuf about what can be read, and never leaves them.
TEST(AppendRequestTest, SurvivesMutations) {
  const auto seed = static_cast<uint32_t>(base::TestSeed());
  SCOPED_TRACE(seed);
  const google::protobuf::LogSilencer silence;  // it complains about mutated text on standard error
  std::mt19937 random(seed);
  v1::AppendRowsRequest arrow;
  arrow.mutable_arrow_rows()->mutable_writer_schema()->set_serialized_schema("schema");
  arrow.mutable_arrow_rows()->mutable_rows()->set_serialized_record_batch("batch");
  const std::string original = FullRequest().SerializeAsString() + arrow.SerializeAsString();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = original.substr(0, random() % (original.size() + 1));
    for (int i = random() % 4; i > 0 && !bytes.empty(); --i)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto ours = ParseAppendRequest(bytes);
    v1::AppendRowsRequest theirs;
    if (!theirs.ParseFromString(bytes) || !ours.ok()) continue;  // ours does not look inside of every field
    ASSERT_EQ(ours->format == RowFormat::kArrow, theirs.has_arrow_rows());
    ASSERT_EQ(ours->rows.size(), static_cast<size_t>(theirs.proto_rows().rows().serialized_rows_size()));
    ASSERT_EQ(ours->record_batch, theirs.arrow_rows().rows().serialized_record_batch());
    if (theirs.has_arrow_rows()) {
      ASSERT_EQ(ours->writer_schema, theirs.arrow_rows().writer_schema().serialized_schema());
    }
  }
}

TEST(StreamNameTest, TakesBothFormsOfTheDefaultStream) {
  for (const char* name :
       {"projects/p/datasets/d/tables/t/_default", "projects/p/datasets/d/tables/t/streams/_default"}) {
    const auto stream = ParseStreamName(name);
    ASSERT_TRUE(stream.ok()) << stream.status();
    EXPECT_TRUE(stream->is_default());
    EXPECT_EQ(stream->table.ToString(), "p:d.t");
    EXPECT_EQ(stream->Entity(), "projects/p/datasets/d/tables/t/_default");
  }
  const auto created = ParseStreamName("projects/p/datasets/d/tables/t/streams/Cig2");
  ASSERT_TRUE(created.ok());
  EXPECT_FALSE(created->is_default());
  EXPECT_EQ(created->Entity(), "projects/p/datasets/d/tables/t/streams/Cig2");
}

TEST(StreamNameTest, RefusesEverythingElse) {
  for (const char* name :
       {"", "x", "projects/p/datasets/d/tables/t", "projects/p/datasets/d/tables/t/streams/",
        "projects//datasets/d/tables/t/_default", "projects/p/datasets/d/tables/t/other",
        "projects/p/datasets/d/tables/t/streams/s/x", "project/p/datasets/d/tables/t/_default"}) {
    EXPECT_FALSE(ParseStreamName(name).ok()) << name;
  }
}

}  // namespace
}  // namespace bqcdc::emulator::handlers
