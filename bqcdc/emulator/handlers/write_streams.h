#pragma once

#include "absl/status/status.h"
#include "bqcdc/emulator/engine/database.h"
#include "google/cloud/bigquery/storage/v1/storage.pb.h"
#include "google/cloud/bigquery/storage/v1/stream.pb.h"

// The unary methods about streams, as far as there is a default stream alone.
namespace bqcdc::emulator::handlers {

absl::Status GetStream(const engine::Database& database,
                       const google::cloud::bigquery::storage::v1::GetWriteStreamRequest& request,
                       google::cloud::bigquery::storage::v1::WriteStream* response);

absl::Status FinalizeStream(const google::cloud::bigquery::storage::v1::FinalizeWriteStreamRequest& request);

}  // namespace bqcdc::emulator::handlers
