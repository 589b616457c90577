#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace bqcdc::write {

// Codes of google.cloud.bigquery.storage.v1.StorageError.
enum class StorageErrorCode : int {
  kUnspecified = 0,
  kTableNotFound = 1,
  kStreamAlreadyCommitted = 2,
  kStreamNotFound = 3,
  kInvalidStreamType = 4,
  kInvalidStreamState = 5,
  kStreamFinalized = 6,
  kSchemaMismatchExtraFields = 7,
  kOffsetAlreadyExists = 8,
  kOffsetOutOfRange = 9,
  kCmekNotProvided = 10,
  kInvalidCmekProvided = 11,
  kCmekEncryptionError = 12,
  kKmsServiceError = 13,
  kKmsPermissionDenied = 14,
};

// One bad row of a refused request. The message is the service's own and may hold values of the row: it
// belongs into the dead letter only.
struct RowError {
  std::int64_t index = 0;  // of the row within its request, from 0
  std::string message;
};

// How long a request took.
struct AppendTiming {
  absl::Duration waited;    // from Append() until it was written on the call that answered it
  absl::Duration answered;  // from there until the answer
};

// What the service said to one request.
struct AppendResult {
  absl::Status status;                                              // ok = the rows are stored
  StorageErrorCode storage_error = StorageErrorCode::kUnspecified;  // of a status that is not ok
  std::vector<RowError> row_errors;                                 // of a status that is not ok
  bool schema_updated = false;                                      // the table's schema has changed since
  // Of a status that is not ok: the request that brought its schema was refused before it on the same call.
  bool schema_may_be_unknown = false;
  AppendTiming timing;
};

}  // namespace bqcdc::write
