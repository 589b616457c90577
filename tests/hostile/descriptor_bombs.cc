#include "tests/hostile/descriptor_bombs.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.pb.h"

namespace bqcdc::hostile {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;

DescriptorProto Row() {
  DescriptorProto row;
  row.set_name("Row");
  FieldDescriptorProto& id = *row.add_field();
  id.set_name("id");
  id.set_number(1);
  id.set_type(FieldDescriptorProto::TYPE_INT64);
  id.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  return row;
}

FieldDescriptorProto& AddField(DescriptorProto& message, const std::string& name, int number,
                               const std::string& type) {
  FieldDescriptorProto& field = *message.add_field();
  field.set_name(name);
  field.set_number(number);
  field.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
  field.set_type(FieldDescriptorProto::TYPE_MESSAGE);
  field.set_type_name(type);
  return field;
}

void AppendVarint(size_t value, std::string* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->push_back(static_cast<char>(value | 0x80));
  bytes->push_back(static_cast<char>(value));
}

// `levels` messages, each in the one before; written by hand, for libraries refuse to.
std::string Nested(int levels) {
  std::string inner = Row().SerializeAsString();
  for (int i = 0; i < levels; ++i) {
    std::string outer = "\x0a\x01M\x1a";  // name "M", nested_type
    AppendVarint(inner.size(), &outer);
    inner = outer + inner;
  }
  return inner;
}

std::string ManyMessages(int count) {
  DescriptorProto row = Row();
  for (int i = 0; i < count; ++i) row.add_nested_type()->set_name(absl::StrCat("M", i));
  return row.SerializeAsString();
}

std::string ManyFields(int count) {
  DescriptorProto row = Row();
  for (int i = 2; i < count; ++i) AddField(row, absl::StrCat("f", i), i, "Row");
  return row.SerializeAsString();
}

std::string ManyEnumValues(int count) {
  DescriptorProto row = Row();
  auto* type = row.add_enum_type();
  type->set_name("E");
  for (int i = 0; i < count; ++i) {
    auto* value = type->add_value();
    value->set_name(absl::StrCat("V", i));
    value->set_number(i);
  }
  return row.SerializeAsString();
}

std::string Recursive() {
  DescriptorProto row = Row();
  AddField(row, "r", 2, "Row");
  return row.SerializeAsString();
}

// a → b → a.
std::string MutuallyRecursive() {
  DescriptorProto row = Row();
  DescriptorProto& a = *row.add_nested_type();
  a.set_name("A");
  AddField(a, "r", 1, "Row.B");
  DescriptorProto& b = *row.add_nested_type();
  b.set_name("B");
  AddField(b, "r", 1, "Row.A");
  AddField(row, "r", 2, "Row.A");
  return row.SerializeAsString();
}

std::string With(const std::function<void(DescriptorProto&)>& change) {
  DescriptorProto row = Row();
  change(row);
  return row.SerializeAsString();
}

}  // namespace

std::vector<DescriptorBomb> DescriptorBombs() {
  return {
      {"90 levels of messages", Nested(90)},
      {"5,000 levels of messages", Nested(5'000)},
      {"20,000 levels of messages", Nested(20'000)},
      {"a message of itself", Recursive(), true},
      {"two messages of each other", MutuallyRecursive(), true},
      {"200,000 messages", ManyMessages(200'000), true},
      {"100,000 fields", ManyFields(100'000)},
      {"200,000 enum values", ManyEnumValues(200'000), true},
      {"5 MiB", std::string(5 * 1024 * 1024, '\x0a')},
      {"no descriptor", "\xff\xff\xff\xff"},
      {"a length beyond the end", "\x0a\xff\xff\xff\xff\x0f"},
      {"a name of 1 MiB", With([](DescriptorProto& row) { row.set_name(std::string(1024 * 1024, 'n')); }),
       true},
      {"a field's name of 1 MiB",
       With([](DescriptorProto& row) { row.mutable_field(0)->set_name(std::string(1024 * 1024, 'n')); })},
      {"a field's number of -1", With([](DescriptorProto& row) { row.mutable_field(0)->set_number(-1); })},
      {"a field's number beyond the last",
       With([](DescriptorProto& row) { row.mutable_field(0)->set_number(1 << 30); })},
      {"a type that there is not", With([](DescriptorProto& row) { AddField(row, "r", 2, "Nobody"); })},
      {"a type outside of it",
       With([](DescriptorProto& row) { AddField(row, "r", 2, ".google.protobuf.FileDescriptorProto"); })},
      {"a oneof that there is not",
       With([](DescriptorProto& row) { row.mutable_field(0)->set_oneof_index(7); })},
      {"all extension numbers", With([](DescriptorProto& row) {
         auto* range = row.add_extension_range();
         range->set_start(2);
         range->set_end(1 << 29);
       }),
       true},
      {"a default that is no number",
       With([](DescriptorProto& row) { row.mutable_field(0)->set_default_value("x"); })},
      {"names with NUL",
       With([](DescriptorProto& row) { row.mutable_field(0)->set_name(std::string("i\0d", 3)); })},
  };
}

}  // namespace bqcdc::hostile
