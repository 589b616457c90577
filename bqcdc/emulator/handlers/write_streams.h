#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bqcdc/emulator/engine/database.h"
#include "google/cloud/bigquery/storage/v1/storage.pb.h"
#include "google/cloud/bigquery/storage/v1/stream.pb.h"

// The unary methods about write streams. Statuses are the service's, with ` Entity:` and StorageError. Those
// that change something return when it is durable.
namespace bqcdc::emulator::handlers {

inline constexpr int kCommittedStreamsMax = 10'000;  // of one BatchCommitWriteStreams

// `propagation`: WriteOptions::table_propagation.
absl::Status CreateStream(engine::Database& database, absl::Duration propagation,
                          const google::cloud::bigquery::storage::v1::CreateWriteStreamRequest& request,
                          google::cloud::bigquery::storage::v1::WriteStream* response);
absl::Status GetStream(const engine::Database& database, absl::Duration propagation,
                       const google::cloud::bigquery::storage::v1::GetWriteStreamRequest& request,
                       google::cloud::bigquery::storage::v1::WriteStream* response);
absl::Status FinalizeStream(engine::Database& database,
                            const google::cloud::bigquery::storage::v1::FinalizeWriteStreamRequest& request,
                            google::cloud::bigquery::storage::v1::FinalizeWriteStreamResponse* response);
absl::Status CommitStreams(
    engine::Database& database,
    const google::cloud::bigquery::storage::v1::BatchCommitWriteStreamsRequest& request,
    google::cloud::bigquery::storage::v1::BatchCommitWriteStreamsResponse* response);
absl::Status FlushStream(engine::Database& database,
                         const google::cloud::bigquery::storage::v1::FlushRowsRequest& request,
                         google::cloud::bigquery::storage::v1::FlushRowsResponse* response);

}  // namespace bqcdc::emulator::handlers
