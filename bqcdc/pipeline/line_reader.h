#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/encode/padded_line.h"
#include "bqcdc/pipeline/input_sources.h"
#include "bqcdc/pipeline/progress.h"
#include "bqcdc/pipeline/rotated_files.h"
#include "bqcdc/pipeline/stop_signal.h"

namespace bqcdc::pipeline {

// A piece of input that holds whole lines. Lines are views into it; whoever needs a line later keeps the
// chunk. A line that was handed out and the encode::kLinePaddingBytes behind it do not change any more, so
// another thread may parse it while more is read into the chunk.
struct LineChunk {
  std::unique_ptr<char[]> bytes;
  std::size_t capacity = 0;  // readable bytes, padding behind the last line included
};

// Small: lines go from thread to thread, and stay until their rows are settled.
struct InputLine {
  std::string_view text;          // without its line end (\n or \r\n); encode::kLinePaddingBytes follow it
  std::uint64_t number = 0;       // from 1, over all files
  std::uint64_t end = 0;          // bytes of the file up to the end of the line; 0 = not known yet (too long)
  std::uint64_t prefix_hash = 0;  // as of InputPosition
  std::uint64_t bytes_before = 0;  // that were read before it, over all files
  std::uint32_t source = 0;        // index of the file
  bool too_long = false;           // text is its beginning only

  encode::PaddedLine padded() const { return {text.data(), text.size()}; }
};

struct LineReaderOptions {
  // Limit of a line in bytes; what exceeds it is skipped and reported as one line that is too long.
  std::size_t line_bytes_max = 16 * 1024 * 1024;
  // Bytes that are read at once. Larger chunks cost memory (each request in flight keeps its lines' chunks),
  // smaller ones time.
  std::size_t chunk_bytes = 1024 * 1024;

  // Where to begin; what is before it was handed out by another run. A file is entered at its offset. Of a
  // pipe so many bytes are read and left out, and their hash must be the given one.
  InputPosition start;
  // A checkpoint is kept: pipes are hashed, and generations of a log that is followed stay open until
  // InputSources::ReleaseBefore().
  bool checkpointed = false;

  // Goes on reading the one file as it grows, also when it is rotated (another file gets its name) or
  // truncated, as `tail -F` does. Looked at by polling, since inotify tells nothing on network file systems.
  bool follow = false;
  absl::Duration follow_interval = absl::Milliseconds(200);
  // The file that `start` is in; where it has been rotated, it and those after it come first.
  std::optional<FileNumber> start_number;
  std::function<void(const std::string&)> warn;  // null = nobody
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
  // Appends the next lines, at least one: what ReadLine() gives, and those that are there behind it in the
  // same chunk(), until their texts have so many bytes or there are so many. Otherwise appends none.
  Next ReadLines(absl::Time deadline, std::size_t bytes_wanted, std::size_t lines_max,
                 std::vector<InputLine>* lines);

  const std::shared_ptr<const LineChunk>& chunk() const { return chunk_; }
  // May be asked by any thread.
  std::string source_name(std::size_t index) const { return sources_->name(index); }
  InputSources& sources() const { return *sources_; }
  const absl::Status& error() const { return error_; }
  // Lines so far, blank ones counted.
  std::uint64_t line_count() const { return line_count_; }
  // May be asked by any thread.
  std::uint64_t byte_count() const { return byte_count_.load(std::memory_order_relaxed); }
  // How often the operating system was asked for input: changes when time may have passed.
  std::uint64_t read_count() const { return read_count_; }
  // Sum of the sizes of regular files; 0 where any input is a pipe.
  std::uint64_t byte_total() const { return byte_total_; }
  // Whether all inputs are regular files, which another run can read from their beginning; a pipe, by name or
  // as standard input, gives what it has to one.
  bool all_regular() const { return all_regular_; }
  // True when all input was read, false when a stop came before. A log that is followed has no end.
  bool reached_end() const { return source_ >= sources_->count(); }
  // The place behind all that was handed out and behind what needs no handing out. Not between the pieces of
  // a line that is too long: nullopt.
  std::optional<InputPosition> position() const;

 private:
  enum class Fill { kData, kEndOfFile, kWait, kStop, kError };

  LineReader(const StopSignal& stop, LineReaderOptions options);
  absl::Status OpenSource();
  absl::Status AddFollowed(const std::string& path, const FileNumber& number);
  absl::Status EnterSource();  // at options_.start
  Fill FillChunk(absl::Time deadline);
  // Whether a file that does not grow has been read: a stop that comes then interrupts nothing.
  bool AtEndOfFile() const;
  bool following() const { return options_.follow && source_ + 1 == sources_->count(); }
  // At the present end of a file that is followed: waits a while, or goes over to the next generation.
  Fill FollowOn(absl::Time deadline);
  // Whether what was read last stands in the file no more: it was truncated and written anew.
  bool IsRewritten();
  // Adds what came after the file, and opens the present one, so that none can slip away in between.
  static absl::Status AddGenerations(const std::string& path, int fd, InputSources& sources);
  Fill AwaitStop(absl::Time deadline);
  void CheckPrefix();
  // The next line that is there with its end; false = none is, or an error.
  bool FindLine(InputLine* line);
  // Sees to it that the chunk can take more: moves the unfinished line behind the padding of the last line
  // that was handed out, or to the beginning of a new chunk, a larger one if it fills the present one.
  void MakeRoom();
  void MoveTail(char* bytes, std::size_t begin);
  bool TakeLine(std::size_t length, std::size_t line_end_bytes, InputLine* line);

  std::unique_ptr<InputSources> sources_ = std::make_unique<InputSources>();
  const StopSignal* stop_;
  LineReaderOptions options_;
  std::shared_ptr<const OpenFile> file_;
  // The followed name is another file's: this one is left when nothing has come until then.
  absl::Time leave_at_ = absl::InfiniteFuture();
  // Of a file that is followed: the bytes before this offset, as they were when its end was reached there.
  std::uint64_t tail_end_ = 0;
  std::string tail_;
  bool hashing_ = false;           // the source, which is a pipe
  std::uint64_t skip_until_ = 0;   // offset in a pipe; 0 = nothing is left out
  std::uint64_t prefix_hash_ = 0;  // of it up to begin_; 0 where it is a file
  std::size_t source_ = 0;
  bool at_file_start_ = true;
  bool skipping_ = false;  // the rest of a line that was too long
  std::shared_ptr<const LineChunk> chunk_;
  char* bytes_ = nullptr;           // of chunk_
  std::size_t begin_ = 0;           // first byte that was not handed out
  std::size_t searched_ = 0;        // bytes before this hold no line end
  std::size_t end_ = 0;             // end of what was read
  std::uint64_t chunk_offset_ = 0;  // of the chunk's first byte in the file
  std::uint64_t line_count_ = 0, read_count_ = 0, byte_total_ = 0;
  std::atomic<std::uint64_t> byte_count_{0};
  bool all_regular_ = true;
  absl::Status error_;
};

}  // namespace bqcdc::pipeline
