#include "bqcdc/emulator/convert/testing/proto_fixture.h"

#include <cstdlib>
#include <iostream>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "bqcdc/schema/inline_schema.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/text_format.h"

// Registers the option `column_name` with protobuf's text parser.
#include "google/cloud/bigquery/storage/v1/annotations.pb.h"

namespace bqcdc::emulator::convert::testing {

schema::Column MakeColumn(const std::string& declaration) {
  const size_t space = declaration.find(' ');
  schema::Column column;
  column.name = declaration.substr(0, space);
  std::string type = declaration.substr(space + 1);
  if (absl::EndsWith(type, " REQUIRED")) {
    column.mode = schema::ColumnMode::kRequired;
    type.resize(type.size() - 9);
  }
  if (absl::StartsWith(type, "ARRAY<")) {
    column.mode = schema::ColumnMode::kRepeated;
    type = type.substr(6, type.size() - 7);
  }
  if (const absl::Status status = schema::ParseScalarType(type, &column); !status.ok()) {
    std::cerr << declaration << ": " << status << "\n";
    std::abort();
  }
  return column;
}

schema::Column MakeStruct(const std::string& name, std::vector<schema::Column> fields,
                          schema::ColumnMode mode) {
  schema::Column column;
  column.name = name;
  column.type = schema::ColumnType::kStruct;
  column.mode = mode;
  column.fields = std::move(fields);
  return column;
}

std::string Descriptor(const std::string& text) {
  google::protobuf::DescriptorProto proto;
  if (!google::protobuf::TextFormat::ParseFromString(text, &proto)) {
    std::cerr << "bad descriptor: " << text << "\n";
    std::abort();
  }
  return proto.SerializeAsString();
}

}  // namespace bqcdc::emulator::convert::testing
