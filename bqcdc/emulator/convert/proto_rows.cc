#include "bqcdc/emulator/convert/proto_rows.h"

#include <cstdint>

#include "bqcdc/emulator/convert/message_scan.h"
#include "bqcdc/emulator/convert/row_decoder.h"

namespace bqcdc::emulator::convert {

absl::StatusOr<DecodedRows> DecodeRows(const WriterPlan& plan, std::span<const std::string_view> rows,
                                       const DecodeInput& input) {
  int64_t bytes = 0;
  for (const std::string_view row : rows) bytes += static_cast<int64_t>(row.size());
  MessageScan scan(plan.root);
  return RowDecoder(plan, scan, input, rows.size())
      .Run(
          [&](size_t row) {
            return RawValue{0, rows[row]};
          },
          bytes);
}

}  // namespace bqcdc::emulator::convert
