#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/pipeline/stop_signal.h"

namespace bqcdc::pipeline {

// A piece of input that holds whole lines. Lines are views into it; whoever needs a line later keeps the
// chunk.
struct LineChunk {
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;  // readable bytes, padding behind the last line included
};

struct InputLine {
  std::string_view text;     // without its line end (\n or \r\n)
  std::size_t readable = 0;  // bytes from text.data() on that may be read
  std::uint64_t number = 0;  // from 1, over all files
  std::size_t source = 0;    // index of the file
  std::uint64_t end = 0;     // bytes of the file up to the end of the line; 0 = not known yet (too long)
  bool too_long = false;     // text is its beginning only
};

struct LineReaderOptions {
  // Limit of a line in bytes; what exceeds it is skipped and reported as one line that is too long.
  std::size_t line_bytes_max = 16 * 1024 * 1024;
  // Bytes that are read at once. Larger chunks cost memory (each request in flight keeps its lines' chunks),
  // smaller ones time.
  std::size_t chunk_bytes = 1024 * 1024;
};

// Reads lines from files one after the other, in memory bounded by the longest line and the chunk size.
// Blank lines are counted and left out; a byte order mark at the start of a file is skipped; the last line
// needs no line end. Not thread-safe.
class LineReader {
 public:
  enum class Next {
    kLine,
    kWait,  // nothing came until the deadline
    kEnd,   // of all files, or a stop was requested
    kError,
  };

  // Opens the first file and looks whether the others can be opened; "-" is standard input. `stop` must
  // outlive the reader. Errors: NotFound, PermissionDenied, InvalidArgument (a directory), naming the file.
  static absl::StatusOr<LineReader> Open(std::vector<std::string> paths, const StopSignal& stop,
                                         LineReaderOptions options = {});
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&&) = delete;
  ~LineReader();

  // Gives the next line. Its text lives as long as chunk(), which changes with the calls.
  Next ReadLine(absl::Time deadline, InputLine* line);

  const std::shared_ptr<const LineChunk>& chunk() const { return chunk_; }
  const std::string& source_name(std::size_t index) const { return paths_[index]; }
  const absl::Status& error() const { return error_; }
  // Lines so far, blank ones counted.
  std::uint64_t line_count() const { return line_count_; }
  // May be asked by any thread.
  std::uint64_t byte_count() const { return byte_count_.load(std::memory_order_relaxed); }
  // Of them, those before the last line that was given.
  std::uint64_t bytes_before_line() const { return byte_count() - (end_ - line_begin_); }
  // How often the operating system was asked for input: changes when time may have passed.
  std::uint64_t read_count() const { return read_count_; }
  // Sum of the sizes of regular files; 0 where any input is a pipe.
  std::uint64_t byte_total() const { return byte_total_; }
  // True when all input was read, false when a stop came before.
  bool reached_end() const { return source_ >= paths_.size(); }

 private:
  enum class Fill { kData, kEndOfFile, kWait, kStop, kError };

  LineReader(std::vector<std::string> paths, const StopSignal& stop, LineReaderOptions options);
  absl::Status OpenSource();
  Fill FillChunk(absl::Time deadline);
  // Moves the unfinished line to the beginning of a new chunk, a larger one if it fills the present one.
  void MoveTail();
  bool TakeLine(std::size_t length, std::size_t line_end_bytes, InputLine* line);

  std::vector<std::string> paths_;
  const StopSignal* stop_;
  LineReaderOptions options_;
  int fd_ = -1;
  std::size_t source_ = 0;
  bool at_file_start_ = true;
  bool skipping_ = false;  // the rest of a line that was too long
  std::shared_ptr<const LineChunk> chunk_;
  char* bytes_ = nullptr;           // of chunk_
  std::size_t begin_ = 0;           // first byte that was not handed out
  std::size_t line_begin_ = 0;      // of the last line; like end_ until the next is asked for
  std::size_t searched_ = 0;        // bytes before this hold no line end
  std::size_t end_ = 0;             // end of what was read
  std::uint64_t chunk_offset_ = 0;  // of the chunk's first byte in the file
  std::uint64_t line_count_ = 0, read_count_ = 0, byte_total_ = 0;
  std::atomic<std::uint64_t> byte_count_{0};
  absl::Status error_;
};

}  // namespace bqcdc::pipeline
