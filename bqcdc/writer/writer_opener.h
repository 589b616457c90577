#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/base/clock.h"
#include "bqcdc/rest/bigquery_client.h"
#include "bqcdc/write/connection_pool.h"
#include "bqcdc/write/lane_scaler.h"
#include "bqcdc/writer/writer.h"

namespace bqcdc {

// What a writer works with; `owner` keeps it alive.
struct WriterParts {
  std::shared_ptr<void> owner;
  rest::BigQueryClient* client = nullptr;
  write::ChannelFactory channels;
  const base::Clock* clock = nullptr;
  std::function<absl::StatusOr<rest::TableName>(std::string_view)> parse_table;
  write::LaneScalerOptions scaling = {};  // but for lanes_max, which is WriterOptions::connections_max
};

// Opens writers on given parts: what Writer::Open does with those that its options name, and tests with
// others.
class WriterOpener {
 public:
  static absl::StatusOr<std::unique_ptr<Writer>> Open(WriterParts parts, WriterOptions options);
  static absl::StatusOr<std::unique_ptr<SerialWriter>> OpenSerial(WriterParts parts, WriterOptions options,
                                                                  std::string_view table);
};

}  // namespace bqcdc
