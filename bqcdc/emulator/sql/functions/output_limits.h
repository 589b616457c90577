#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

// How much functions may make: what they give lies outside of the memory that DuckDB counts.
namespace bqcdc::emulator::sql {

// Of one value, as the service limits a row.
inline constexpr size_t kOutputBytesMax = size_t{100} * 1024 * 1024;
// Elements of one array, as the service limits GENERATE_ARRAY.
inline constexpr size_t kOutputElementsMax = 1'048'576;
// Of all values that one call makes for the rows that DuckDB hands to it together, at most 2,048.
inline constexpr size_t kChunkOutputBytesMax = size_t{512} * 1024 * 1024;

// `function` as it is written in SQL.
absl::Status OutputTooLong(std::string_view function);
absl::Status ChunkOutputTooLong(std::string_view function, size_t rows);
absl::Status TooManyElements();

// A text that a function puts together of pieces that may be more than a value may have.
class OutputText {
 public:
  // REQUIRES: `function` outlives this.
  explicit OutputText(std::string_view function) : function_(function) {}

  // OutputTooLong where the text would be; it is not added to then.
  absl::Status Append(std::string_view piece);
  std::string Take() && { return std::move(text_); }

 private:
  std::string_view function_;
  std::string text_;
};

}  // namespace bqcdc::emulator::sql
