#pragma once

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/decoded_rows.h"
#include "bqcdc/emulator/convert/writer_plan.h"

// From the serialized messages of one AppendRows request to chunks of the engine, without a message object in
// between.
namespace bqcdc::emulator::convert {

// Decodes every row, also behind bad ones, so that all of them can be listed. protobuf's rules hold: the last
// value of a field wins, parts of a message are merged, unknown fields and unknown enum numbers are passed
// over, presence is proto2's. The bytes are foreign and may be anything; they stay valid during the call.
// Errors: those of `evaluate_default`; InvalidArgument for more than kRequestCellsMax cells.
absl::StatusOr<DecodedRows> DecodeRows(const WriterPlan& plan, std::span<const std::string_view> rows,
                                       const DecodeInput& input);

}  // namespace bqcdc::emulator::convert
