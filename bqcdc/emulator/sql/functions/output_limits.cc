#include "bqcdc/emulator/sql/functions/output_limits.h"

#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::sql {
namespace {

// Before the number of bytes.
std::string Exceeds(std::string_view function) {
  return base::StrCat("Output of ", function, " exceeds max allowed output size of ");
}

}  // namespace

absl::Status OutputTooLong(std::string_view function) {
  return base::InvalidArgument(Exceeds(function), kOutputBytesMax, " bytes");
}

absl::Status ChunkOutputTooLong(std::string_view function, size_t rows) {
  return base::InvalidArgument(Exceeds(function), kChunkOutputBytesMax, " bytes for ", rows,
                               " rows together");
}

absl::Status TooManyElements() { return base::InvalidArgument("Too many elements in generated array"); }

absl::Status OutputText::Append(std::string_view piece) {
  if (piece.size() > kOutputBytesMax - text_.size()) return OutputTooLong(function_);
  text_.append(piece);
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::sql
