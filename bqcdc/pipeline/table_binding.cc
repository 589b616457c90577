#include "bqcdc/pipeline/table_binding.h"

#include <google/protobuf/descriptor.pb.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/encode/row_descriptor.h"

namespace bqcdc::pipeline {

absl::StatusOr<TableBinding> BindTable(const rest::TableName& name, const rest::TableResource& table) {
  if (!table.type.empty() && table.type != "TABLE") {
    return absl::FailedPreconditionError(
        absl::StrCat(name.ToString(), " is a ", table.type, ", not a table"));
  }
  if (!table.schema.has_primary_key()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "table ", name.ToString(), " has no primary key, so changes cannot be applied to it; add one with ",
        "ALTER TABLE ", name.Quoted(),
        " ADD PRIMARY KEY (…) NOT ENFORCED, or create it with bqcdc create-table"));
  }
  TableBinding binding;
  binding.schema = table.schema;
  BQCDC_ASSIGN_OR_RETURN(binding.plan, encode::EncodePlan::Create(binding.schema));
  google::protobuf::DescriptorProto descriptor;
  BQCDC_RETURN_IF_ERROR(
      encode::BuildRowDescriptor(binding.schema, encode::ChangeColumns::kIncluded, &descriptor));
  auto destination = std::make_shared<write::Destination>();
  destination->write_stream = absl::StrCat(name.ResourceName(), "/streams/_default");
  destination->writer_schema = descriptor.SerializeAsString();
  binding.destination = std::move(destination);
  return binding;
}

}  // namespace bqcdc::pipeline
