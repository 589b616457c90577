#pragma once

#include <cstddef>

#include "absl/time/time.h"

// Limits of the Storage Write API and of our use of it. Quotas: https://cloud.google.com/bigquery/quotas
// #write-api-limits, checked 2026-06.
namespace bqcdc::write {

// What AppendRows is known to refuse: the comment of AppendRowsRequest.rows (storage.proto) says 10 MB,
// although the quota page says 20 MB. We stay below the smaller.
inline constexpr std::size_t kServiceRequestBytesMax = 10 * 1024 * 1024;
inline constexpr std::size_t kRequestBytesMaxDefault = 9 * 1024 * 1024;
inline constexpr std::size_t kRequestBytesMin = 16 * 1024;  // a smaller limit would not hold wide descriptors

// Calls that gRPC puts on one HTTP/2 connection before further ones queue (docs: grpc.io, performance).
inline constexpr int kCallsPerChannelMax = 100;

// Rows are not sent again with their old numbers after this long: the service remembers that a row was
// deleted for 48 hours (docs: change-data-capture, limitations), and some of that is for being late.
inline constexpr absl::Duration kReplayAgeMax = absl::Hours(40);

// A response lists bad rows; the service cuts the list, this is only a bound for a misbehaving peer.
inline constexpr int kResponseBytesMax = 64 * 1024 * 1024;

// HTTP/2 keepalive that the samples use (docs: write-api-streaming).
inline constexpr absl::Duration kKeepaliveInterval = absl::Seconds(60);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(20);

}  // namespace bqcdc::write
