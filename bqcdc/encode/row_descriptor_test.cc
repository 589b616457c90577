#include "bqcdc/encode/row_descriptor.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <string>

#include "bqcdc/schema/schema_json.h"

namespace bqcdc::encode {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptor;

schema::TableSchema Schema(std::string_view json, std::vector<std::string> key = {}) {
  auto columns = schema::ColumnsFromJsonText(json);
  EXPECT_TRUE(columns.ok()) << columns.status();
  return {std::move(*columns), std::move(key)};
}

// Compiles the message as a server does: alone in a proto2 file, inside of some package.
const Descriptor* Compile(const DescriptorProto& message, google::protobuf::DescriptorPool* pool) {
  google::protobuf::FileDescriptorProto file;
  file.set_name("row.proto");
  file.set_package("any.where");
  *file.add_message_type() = message;
  const google::protobuf::FileDescriptor* built = pool->BuildFile(file);
  return built == nullptr ? nullptr : built->message_type(0);
}

TEST(RowDescriptor, EveryTypeHasItsField) {
  const schema::TableSchema table = Schema(R"([
      {"name":"b","type":"BOOL"},{"name":"i","type":"INT64","mode":"REQUIRED"},{"name":"f","type":"FLOAT64"},{"name":"n","type":"NUMERIC"},
      {"name":"bn","type":"BIGNUMERIC"},{"name":"s","type":"STRING","mode":"REPEATED"},{"name":"by","type":"BYTES"},{"name":"d","type":"DATE"},
      {"name":"dt","type":"DATETIME"},{"name":"t","type":"TIME"},{"name":"ts","type":"TIMESTAMP"},{"name":"j","type":"JSON"},
      {"name":"iv","type":"INTERVAL"},{"name":"g","type":"GEOGRAPHY"},{"name":"ps","type":"TIMESTAMP","timestampPrecision":12},
      {"name":"r","type":"RANGE","rangeElementType":{"type":"DATE"}},
      {"name":"st","type":"STRUCT","mode":"REPEATED","fields":[{"name":"x","type":"INT64"},{"name":"st","type":"STRUCT","fields":[{"name":"y","type":"DATE"}]}]}])",
                                           {"i"});
  DescriptorProto message;
  ASSERT_TRUE(BuildRowDescriptor(table, ChangeColumns::kIncluded, &message).ok());
  google::protobuf::DescriptorPool pool;
  const Descriptor* row = Compile(message, &pool);
  ASSERT_NE(row, nullptr) << message.DebugString();
  struct Case {
    const char* name;
    FieldDescriptor::Type type;
  };
  int number = 0;
  for (const Case& c :
       {Case{"b", FieldDescriptor::TYPE_BOOL}, Case{"i", FieldDescriptor::TYPE_INT64},
        Case{"f", FieldDescriptor::TYPE_DOUBLE}, Case{"n", FieldDescriptor::TYPE_BYTES},
        Case{"bn", FieldDescriptor::TYPE_BYTES}, Case{"s", FieldDescriptor::TYPE_STRING},
        Case{"by", FieldDescriptor::TYPE_BYTES}, Case{"d", FieldDescriptor::TYPE_INT32},
        Case{"dt", FieldDescriptor::TYPE_INT64}, Case{"t", FieldDescriptor::TYPE_INT64},
        Case{"ts", FieldDescriptor::TYPE_INT64}, Case{"j", FieldDescriptor::TYPE_STRING},
        Case{"iv", FieldDescriptor::TYPE_STRING}, Case{"g", FieldDescriptor::TYPE_STRING},
        Case{"ps", FieldDescriptor::TYPE_STRING}, Case{"r", FieldDescriptor::TYPE_MESSAGE},
        Case{"st", FieldDescriptor::TYPE_MESSAGE}, Case{"_CHANGE_TYPE", FieldDescriptor::TYPE_STRING},
        Case{"_CHANGE_SEQUENCE_NUMBER", FieldDescriptor::TYPE_STRING}}) {
    const FieldDescriptor* field = row->FindFieldByName(c.name);
    ASSERT_NE(field, nullptr) << c.name;
    EXPECT_EQ(field->type(), c.type) << c.name;
    EXPECT_EQ(field->number(), ++number) << c.name;
    EXPECT_FALSE(field->is_required()) << c.name;
  }
  EXPECT_TRUE(row->FindFieldByName("s")->is_repeated());
  const Descriptor* nested = row->FindFieldByName("st")->message_type();
  EXPECT_EQ(nested->FindFieldByName("st")->message_type()->FindFieldByName("y")->type(),
            FieldDescriptor::TYPE_INT32);
  EXPECT_EQ(row->FindFieldByName("r")->message_type()->FindFieldByName("end")->type(),
            FieldDescriptor::TYPE_INT32);
}

TEST(RowDescriptor, OddAndClashingNames) {
  const schema::TableSchema table = Schema(
      R"([{"name":"name-列","type":"INT64"},{"name":"column_1","type":"INT64"},{"name":"2nd","type":"INT64"},
      {"name":"Row","type":"STRUCT","fields":[{"name":"struct","type":"STRUCT","fields":[{"name":"a b","type":"INT64"}]}]}])");
  DescriptorProto message;
  ASSERT_TRUE(BuildRowDescriptor(table, ChangeColumns::kLeftOut, &message).ok());
  google::protobuf::DescriptorPool pool;
  const Descriptor* row = Compile(message, &pool);
  ASSERT_NE(row, nullptr) << message.DebugString();
  EXPECT_EQ(row->field_count(), 4);
  const auto column_name = [](const FieldDescriptor* field) {
    const auto& unknown = field->options().unknown_fields();
    return unknown.field_count() == 1 && unknown.field(0).number() == kColumnNameOption
               ? unknown.field(0).length_delimited()
               : std::string();
  };
  EXPECT_EQ(column_name(row->FindFieldByNumber(1)), "name-列");
  EXPECT_NE(row->FindFieldByNumber(1)->name(), "column_1");
  EXPECT_EQ(column_name(row->FindFieldByNumber(2)), "");
  EXPECT_EQ(column_name(row->FindFieldByNumber(3)), "2nd");
  EXPECT_EQ(column_name(row->FindFieldByNumber(4)->message_type()->field(0)->message_type()->field(0)),
            "a b");
}

TEST(RowDescriptor, RefusesWhatIsNoTable) {
  DescriptorProto message;
  EXPECT_FALSE(BuildRowDescriptor({}, ChangeColumns::kIncluded, &message).ok());
}

}  // namespace
}  // namespace bqcdc::encode
