#include "bqcdc/emulator/convert/arrow/arrow_rows.h"

#include <cstdint>

#include "bqcdc/emulator/convert/arrow/arrow_scan.h"
#include "bqcdc/emulator/convert/row_decoder.h"

namespace bqcdc::emulator::convert {

absl::StatusOr<DecodedRows> DecodeArrowRows(const WriterPlan& plan, const ArrowBatch& batch,
                                            const DecodeInput& input) {
  ArrowScan scan(plan.root, batch.columns());
  return RowDecoder(plan, scan, input, batch.row_count())
      .Run(
          [](size_t row) {
            return RawValue{row, {}};
          },
          static_cast<int64_t>(batch.bytes()));
}

}  // namespace bqcdc::emulator::convert
