#pragma once

#include "bqcdc/schema/table_schema.h"
#include "google/cloud/bigquery/storage/v1/table.pb.h"

namespace bqcdc::emulator::handlers {

// The columns as the Storage API shows them.
void FillTableSchema(const schema::TableSchema& schema,
                     google::cloud::bigquery::storage::v1::TableSchema* proto);

}  // namespace bqcdc::emulator::handlers
