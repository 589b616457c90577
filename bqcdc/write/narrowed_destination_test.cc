#include "bqcdc/write/narrowed_destination.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include "bqcdc/encode/encode_plan.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/padded_line.h"
#include "bqcdc/write/destination.h"

namespace bqcdc::write {
namespace {

using schema::ColumnType;

schema::TableSchema Schema() {
  schema::Column inner{"inner", ColumnType::kString};
  return {{{"id", ColumnType::kInt64},
           {"A", ColumnType::kString},
           {"s", ColumnType::kStruct, schema::ColumnMode::kNullable, {inner}},
           {"ä", ColumnType::kFloat64},
           {"b", ColumnType::kNumeric, schema::ColumnMode::kRepeated}},
          {"id"}};
}

schema::TableSchema Without(const std::vector<std::string>& names) {
  schema::TableSchema schema = Schema();
  std::erase_if(schema.columns, [&](const schema::Column& column) {
    return std::find(names.begin(), names.end(), column.name) != names.end();
  });
  return schema;
}

std::string Encode(const std::string& members) {
  const auto plan = encode::EncodePlan::Create(Schema());
  encode::JsonRowEncoder encoder(*plan, {});
  encode::EncodedRows rows;
  const encode::OwnedLine line("{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":1" + members + "}");
  EXPECT_EQ(encoder.EncodeLine(line.line(), {{1, 1, 1, 0}}, &rows), encode::EncodeError::kNone);
  return std::string(rows.row(0));
}

std::vector<std::pair<int, std::string>> Fields(const Destination& destination) {
  google::protobuf::DescriptorProto descriptor;
  EXPECT_TRUE(descriptor.ParseFromString(destination.writer_schema));
  std::vector<std::pair<int, std::string>> fields;
  for (const auto& field : descriptor.field()) fields.emplace_back(field.number(), field.name());
  return fields;
}

TEST(NarrowedDestination, IsNothingWhereEachColumnIsThere) {
  const auto whole = *MakeDestination("projects/p/datasets/d/tables/t", Schema());
  EXPECT_EQ(NarrowedDestination::Create(*whole, Schema()), nullptr);
  schema::TableSchema other = Schema();
  other.columns.insert(other.columns.begin(), {"new", ColumnType::kBool});
  other.columns[2].name = "a";  // Names are compared without regard to case.
  EXPECT_EQ(NarrowedDestination::Create(*whole, other), nullptr);
}

TEST(NarrowedDestination, LeavesOutTheFieldsAndKeepsTheNumbersOfTheOthers) {
  const auto whole = *MakeDestination("projects/p/datasets/d/tables/t", Schema());
  const auto narrowed = NarrowedDestination::Create(*whole, Without({"A", "ä"}));
  ASSERT_NE(narrowed, nullptr);
  EXPECT_EQ(narrowed->destination()->write_stream, whole->write_stream);
  EXPECT_EQ(Fields(*narrowed->destination()),
            (std::vector<std::pair<int, std::string>>{
                {1, "id"}, {3, "s"}, {5, "b"}, {6, "_CHANGE_TYPE"}, {7, "_CHANGE_SEQUENCE_NUMBER"}}));
}

TEST(NarrowedDestination, FindsTheRowsThatCarryALostColumn) {
  const auto whole = *MakeDestination("projects/p/datasets/d/tables/t", Schema());
  struct Case {
    std::vector<std::string> dropped;
    std::string members, lost;
  };
  for (const Case& c : std::vector<Case>{
           {{"A"}, R"(,"A":"x")", "A"},
           {{"A"}, R"(,"A":"")", "A"},
           {{"A"}, R"(,"A":null)", ""},
           {{"A"}, R"(,"s":{"inner":"x"},"ä":1.5,"b":[1,2])", ""},
           {{"ä"}, R"(,"A":"x","ä":0)", "ä"},
           {{"s"}, R"(,"s":{})", "s"},
           {{"b"}, R"(,"b":[7])", "b"},
           {{"b"}, R"(,"b":[])", ""},
           {{"A", "b"}, R"(,"b":[7])", "b"},
           // The field number of b stands in the text and in the message of another.
           {{"b"}, R"(,"A":"((((((","s":{"inner":"*"})", ""},
       }) {
    const auto narrowed = NarrowedDestination::Create(*whole, Without(c.dropped));
    ASSERT_NE(narrowed, nullptr);
    EXPECT_EQ(narrowed->FindLost(Encode(c.members)), c.lost) << c.members;
  }
}

}  // namespace
}  // namespace bqcdc::write
