#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "bqcdc/emulator/convert/decoded_rows.h"
#include "bqcdc/emulator/handlers/append_session.h"
#include "bqcdc/schema/table_schema.h"
#include "grpcpp/support/byte_buffer.h"

namespace bqcdc::emulator::handlers {

// The serialized AppendRowsResponse to one request. `destination`: null where the request named none that
// could be read. `offset`: of the first row, on a created stream. `updated_schema`: null, or the columns that
// the client does not know yet.
grpc::ByteBuffer MakeAppendResponse(const AppendSession::Destination* destination, const absl::Status& status,
                                    std::optional<int64_t> offset,
                                    const std::vector<convert::RowFault>& faults,
                                    const schema::TableSchema* updated_schema);

}  // namespace bqcdc::emulator::handlers
