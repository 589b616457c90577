#pragma once

#include "absl/status/statusor.h"
#include "bqcdc/emulator/convert/arrow/arrow_batch.h"
#include "bqcdc/emulator/convert/decoded_rows.h"
#include "bqcdc/emulator/convert/writer_plan.h"

namespace bqcdc::emulator::convert {

// Decodes every row of a batch that was opened with `plan`, also behind bad ones. NULL counts as a missing
// value. Errors as DecodeRows of proto_rows.h.
absl::StatusOr<DecodedRows> DecodeArrowRows(const WriterPlan& plan, const ArrowBatch& batch,
                                            const DecodeInput& input);

}  // namespace bqcdc::emulator::convert
