#include "bqcdc/write/narrowed_destination.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <cstdint>

#include "bqcdc/encode/row_descriptor.h"

namespace bqcdc::write {

std::shared_ptr<const NarrowedDestination> NarrowedDestination::Create(const Destination& whole,
                                                                       const schema::TableSchema& now) {
  std::shared_ptr<NarrowedDestination> narrowed(new NarrowedDestination);
  auto& lost = narrowed->lost_;
  for (std::size_t i = 0; i < whole.columns.size(); ++i) {
    if (now.FindColumn(whole.columns[i]) == nullptr)
      lost.emplace_back(encode::ColumnFieldNumber(i), whole.columns[i]);
  }
  google::protobuf::DescriptorProto descriptor;
  // It is our own (MakeDestination); what could not be read could not be made narrower either.
  if (lost.empty() || !descriptor.ParseFromString(whole.writer_schema)) return nullptr;
  auto& fields = *descriptor.mutable_field();
  fields.erase(std::remove_if(fields.begin(), fields.end(),
                              [&lost](const google::protobuf::FieldDescriptorProto& field) {
                                return std::any_of(lost.begin(), lost.end(), [&field](const auto& column) {
                                  return column.first == field.number();
                                });
                              }),
               fields.end());
  auto destination = std::make_shared<Destination>(whole);
  destination->writer_schema = descriptor.SerializeAsString();
  narrowed->destination_ = std::move(destination);
  return narrowed;
}

std::string_view NarrowedDestination::FindLost(std::string_view row) const {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(row.data()),
                                            static_cast<int>(row.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    const int number = WireFormatLite::GetTagFieldNumber(tag);
    for (const auto& [lost, name] : lost_) {
      if (lost == number) return name;
    }
    if (!WireFormatLite::SkipField(&in, tag)) break;
  }
  return {};
}

}  // namespace bqcdc::write
