#include "bqcdc/pipeline/table_binding.h"

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/write/destination.h"

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
  BQCDC_ASSIGN_OR_RETURN(binding.destination, write::MakeDestination(name.ResourceName(), binding.schema));
  return binding;
}

}  // namespace bqcdc::pipeline
