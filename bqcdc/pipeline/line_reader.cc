#include "bqcdc/pipeline/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/encode/padded_line.h"

namespace bqcdc::pipeline {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

absl::Status OpenError(const std::string& path, int error) {
  const absl::StatusCode code = error == ENOENT   ? absl::StatusCode::kNotFound
                                : error == EACCES ? absl::StatusCode::kPermissionDenied
                                                  : absl::StatusCode::kInvalidArgument;
  return absl::Status(code, absl::StrCat("cannot open ", path, ": ", std::strerror(error)));
}

absl::StatusOr<int> OpenPath(const std::string& path) {
  const int fd =
      path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return OpenError(path == "-" ? "standard input" : path, errno);
  struct stat facts = {};
  if (fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode)) {
    close(fd);
    return OpenError(path, EISDIR);
  }
  return fd;
}

bool IsBlank(std::string_view text) { return text.find_first_not_of(" \t\r\v\f") == std::string_view::npos; }

}  // namespace

LineReader::LineReader(std::vector<std::string> paths, const StopSignal& stop, LineReaderOptions options)
    : paths_(std::move(paths)), stop_(&stop), options_(options) {}

LineReader::LineReader(LineReader&& other) noexcept
    : paths_(std::move(other.paths_)),
      stop_(other.stop_),
      options_(other.options_),
      fd_(std::exchange(other.fd_, -1)),
      source_(other.source_),
      at_file_start_(other.at_file_start_),
      skipping_(other.skipping_),
      chunk_(std::move(other.chunk_)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      begin_(other.begin_),
      line_begin_(other.line_begin_),
      searched_(other.searched_),
      end_(other.end_),
      chunk_offset_(other.chunk_offset_),
      line_count_(other.line_count_),
      read_count_(other.read_count_),
      byte_total_(other.byte_total_),
      byte_count_(other.byte_count_.load()),
      error_(std::move(other.error_)) {}

LineReader::~LineReader() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<LineReader> LineReader::Open(std::vector<std::string> paths, const StopSignal& stop,
                                            LineReaderOptions options) {
  LineReader reader(std::move(paths), stop, options);
  bool all_regular = true;
  for (const std::string& path : reader.paths_) {
    struct stat facts = {};
    if (path == "-") {
      all_regular = all_regular && fstat(STDIN_FILENO, &facts) == 0 && S_ISREG(facts.st_mode);
    } else {
      // A pipe by name must not be opened twice, so only its existence and rights are looked at.
      if (stat(path.c_str(), &facts) != 0 || access(path.c_str(), R_OK) != 0) return OpenError(path, errno);
      if (S_ISDIR(facts.st_mode)) return OpenError(path, EISDIR);
      all_regular = all_regular && S_ISREG(facts.st_mode);
    }
    reader.byte_total_ += static_cast<std::uint64_t>(std::max<off_t>(facts.st_size, 0));
  }
  if (!all_regular) reader.byte_total_ = 0;
  if (!reader.paths_.empty()) BQCDC_RETURN_IF_ERROR(reader.OpenSource());
  return reader;
}

absl::Status LineReader::OpenSource() {
  BQCDC_ASSIGN_OR_RETURN(fd_, OpenPath(paths_[source_]));
  at_file_start_ = true;
  skipping_ = false;
  // What is left of the file before has been handed out: this file's first byte follows it in the chunk.
  chunk_offset_ = 0 - static_cast<std::uint64_t>(end_);
  return absl::OkStatus();
}

LineReader::Next LineReader::ReadLine(absl::Time deadline, InputLine* line) {
  for (;;) {
    while (searched_ < end_) {
      const void* found = std::memchr(bytes_ + searched_, '\n', end_ - searched_);
      if (found == nullptr) {
        searched_ = end_;
        break;
      }
      const auto line_end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes_);
      if (TakeLine(line_end - begin_, 1, line)) return Next::kLine;
    }
    if (end_ - begin_ > options_.line_bytes_max) {
      // Hand out the beginning, then skip to the line's end.
      const bool first = !skipping_;
      if (first) {
        line_begin_ = begin_;
        line->text = {bytes_ + begin_, options_.line_bytes_max};
        line->readable = chunk_->capacity - begin_;
        line->number = ++line_count_;
        line->source = source_;
        line->end = 0;
        line->too_long = true;
      }
      skipping_ = true;
      begin_ = searched_ = end_;
      if (first) return Next::kLine;
    } else if (skipping_) {
      begin_ = searched_ = end_;
    }
    if (!error_.ok()) return Next::kError;
    if (source_ >= paths_.size()) return Next::kEnd;
    switch (FillChunk(deadline)) {
      case Fill::kData:
        break;
      case Fill::kWait:
        return Next::kWait;
      case Fill::kStop:
        return Next::kEnd;
      case Fill::kError:
        return Next::kError;
      case Fill::kEndOfFile: {
        const bool last_line = begin_ < end_ && TakeLine(end_ - begin_, 0, line);
        close(std::exchange(fd_, -1));
        if (++source_ < paths_.size()) {
          error_ = OpenSource();
          if (!error_.ok()) {
            if (!last_line) return Next::kError;
            source_ = paths_.size();  // Reported by the next call.
          }
        }
        if (last_line) return Next::kLine;
        break;
      }
    }
  }
}

bool LineReader::TakeLine(std::size_t length, std::size_t line_end_bytes, InputLine* line) {
  std::string_view text(bytes_ + begin_, length);
  const std::size_t start = line_begin_ = begin_;
  begin_ = searched_ = begin_ + length + line_end_bytes;
  if (skipping_) {  // The end of the line that was too long; it has been counted.
    skipping_ = false;
    return false;
  }
  ++line_count_;
  std::size_t offset = 0;
  if (std::exchange(at_file_start_, false) && text.starts_with(kByteOrderMark))
    offset = kByteOrderMark.size();
  text.remove_prefix(offset);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (IsBlank(text)) return false;
  line->text = text.substr(0, options_.line_bytes_max);
  line->readable = chunk_->capacity - start - offset;
  line->number = line_count_;
  line->source = source_;
  line->end = chunk_offset_ + begin_;
  line->too_long = text.size() > options_.line_bytes_max;
  return true;
}

LineReader::Fill LineReader::FillChunk(absl::Time deadline) {
  if (stop_->requested()) return Fill::kStop;
  if (chunk_ == nullptr || end_ + encode::kLinePaddingBytes >= chunk_->capacity) MoveTail();
  pollfd waits[] = {{fd_, POLLIN, 0}, {stop_->fd(), POLLIN, 0}};
  ++read_count_;
  for (;;) {
    const absl::Duration left = deadline - absl::Now();
    // Rounded up, so that a wait does not end before its time and spin.
    const int timeout =
        deadline == absl::InfiniteFuture()
            ? -1
            : static_cast<int>(std::clamp<std::int64_t>(
                  absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))), 0, 3'600'000));
    const int ready = poll(waits, 2, timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (stop_->requested()) return Fill::kStop;
    if (ready == 0) return Fill::kWait;
    const ssize_t count = read(fd_, bytes_ + end_, chunk_->capacity - encode::kLinePaddingBytes - end_);
    if (count > 0) {
      end_ += static_cast<std::size_t>(count);
      byte_count_ += static_cast<std::uint64_t>(count);
      return Fill::kData;
    }
    if (count == 0) return Fill::kEndOfFile;
    if (errno == EINTR || errno == EAGAIN) continue;
    error_ = absl::DataLossError(absl::StrCat("cannot read ", paths_[source_], " after line ", line_count_,
                                              ": ", std::strerror(errno)));
    return Fill::kError;
  }
}

void LineReader::MoveTail() {
  const std::size_t tail = end_ - begin_;
  auto chunk = std::make_shared<LineChunk>();
  chunk->capacity = std::max(options_.chunk_bytes, 2 * tail) + encode::kLinePaddingBytes;
  chunk->bytes = std::make_unique_for_overwrite<char[]>(chunk->capacity);
  if (tail > 0) std::memcpy(chunk->bytes.get(), bytes_ + begin_, tail);
  bytes_ = chunk->bytes.get();
  searched_ -= begin_;
  chunk_offset_ += begin_;
  begin_ = 0;
  end_ = tail;
  chunk_ = std::move(chunk);
}

}  // namespace bqcdc::pipeline
