#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace bqcdc::pipeline::testing {

// An input that comes piece by piece. Write() and End() may be called by one other thread than the reader's.
class InputPipe {
 public:
  InputPipe() { EXPECT_EQ(::pipe(ends_), 0); }
  ~InputPipe() {
    ::close(ends_[0]);
    End();
  }
  InputPipe(const InputPipe&) = delete;
  InputPipe& operator=(const InputPipe&) = delete;

  // What a reader opens.
  std::string path() const { return "/proc/self/fd/" + std::to_string(ends_[0]); }
  // Waits while the pipe is full.
  void Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::write(ends_[1], text.data(), text.size());
      ASSERT_GT(count, 0);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  // The reader finds the end of the input.
  void End() {
    if (const int end = std::exchange(ends_[1], -1); end >= 0) ::close(end);
  }

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace bqcdc::pipeline::testing
