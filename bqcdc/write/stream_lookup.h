#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "bqcdc/write/storage_channel.h"

namespace bqcdc::write {

// Asks the Storage Write API for a stream ("projects/…/tables/t/streams/_default") and changes nothing: shows
// that the endpoint is reached and the caller is known there. The machine's clock counts `timeout`.
absl::Status LookUpStream(const StorageChannel& channel, const std::string& stream, absl::Duration timeout);

}  // namespace bqcdc::write
