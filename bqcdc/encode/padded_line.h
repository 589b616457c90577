#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bqcdc::encode {

// Bytes behind a line that must be readable (of any content): the JSON parser reads in blocks.
inline constexpr size_t kLinePaddingBytes = 64;

// One line of input without its line end, with the promise that kLinePaddingBytes readable bytes follow it.
// The next lines of the same buffer are good padding; only a buffer's end needs room. Does not own the bytes.
class PaddedLine {
 public:
  PaddedLine(const char* data, size_t size) : data_(data), size_(size) {}

  const char* data() const { return data_; }
  size_t size() const { return size_; }
  std::string_view text() const { return {data_, size_}; }

 private:
  const char* data_;
  size_t size_;
};

// A line that owns its bytes, for single rows and tests.
class OwnedLine {
 public:
  explicit OwnedLine(std::string_view text) : size_(text.size()), bytes_(text) {
    bytes_.resize(size_ + kLinePaddingBytes, ' ');
  }
  PaddedLine line() const& { return PaddedLine(bytes_.data(), size_); }
  PaddedLine line() && = delete;

 private:
  size_t size_;
  std::string bytes_;
};

}  // namespace bqcdc::encode
