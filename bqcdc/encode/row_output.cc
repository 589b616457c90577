#include "bqcdc/encode/row_output.h"

namespace bqcdc::encode {

void RowOutput::EndLength(size_t begin) {
  const size_t length = position() - begin;
  const size_t length_bytes = VarintSize(length);
  if (length_bytes > 1) {
    Ensure(length_bytes - 1);
    std::memmove(At(begin) + length_bytes - 1, At(begin), length);
    cursor_ += length_bytes - 1;
  }
  WriteVarint(length, At(begin) - 1);
}

}  // namespace bqcdc::encode
