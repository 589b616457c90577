#include "bqcdc/write/destination.h"

#include <google/protobuf/descriptor.pb.h>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/encode/row_descriptor.h"

namespace bqcdc::write {

absl::StatusOr<std::shared_ptr<const Destination>> MakeDestination(std::string_view table_resource_name,
                                                                   const schema::TableSchema& schema) {
  google::protobuf::DescriptorProto descriptor;
  BQCDC_RETURN_IF_ERROR(encode::BuildRowDescriptor(schema, encode::ChangeColumns::kIncluded, &descriptor));
  auto destination = std::make_shared<Destination>();
  destination->write_stream = base::StrCat(table_resource_name, "/streams/_default");
  destination->writer_schema = descriptor.SerializeAsString();
  for (const schema::Column& column : schema.columns) destination->columns.push_back(column.name);
  return std::shared_ptr<const Destination>(std::move(destination));
}

}  // namespace bqcdc::write
