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
#include "bqcdc/pipeline/prefix_hash.h"
#include "bqcdc/pipeline/rotated_files.h"

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

int PollTimeout(absl::Time deadline) {
  if (deadline == absl::InfiniteFuture()) return -1;
  // Rounded up, so that a wait does not end before its time and spin.
  return static_cast<int>(std::clamp<std::int64_t>(
      absl::ToInt64Milliseconds(absl::Ceil(deadline - absl::Now(), absl::Milliseconds(1))), 0, 3'600'000));
}

bool IsBlank(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f'; };
  return std::all_of(text.begin(), text.end(), is_space);
}

}  // namespace

LineReader::LineReader(const StopSignal& stop, LineReaderOptions options)
    : stop_(&stop), options_(std::move(options)) {}

LineReader::LineReader(LineReader&& other) noexcept
    : sources_(std::move(other.sources_)),
      stop_(other.stop_),
      options_(std::move(other.options_)),
      file_(std::move(other.file_)),
      leave_at_(other.leave_at_),
      tail_end_(other.tail_end_),
      tail_(std::move(other.tail_)),
      hashing_(other.hashing_),
      skip_until_(other.skip_until_),
      prefix_hash_(other.prefix_hash_),
      source_(other.source_),
      at_file_start_(other.at_file_start_),
      skipping_(other.skipping_),
      chunk_(std::move(other.chunk_)),
      bytes_(std::exchange(other.bytes_, nullptr)),
      begin_(other.begin_),
      searched_(other.searched_),
      end_(other.end_),
      chunk_offset_(other.chunk_offset_),
      line_count_(other.line_count_),
      read_count_(other.read_count_),
      byte_total_(other.byte_total_),
      byte_count_(other.byte_count_.load()),
      all_regular_(other.all_regular_),
      error_(std::move(other.error_)) {}

LineReader::~LineReader() = default;

absl::StatusOr<LineReader> LineReader::Open(std::vector<std::string> paths, const StopSignal& stop,
                                            LineReaderOptions options) {
  LineReader reader(stop, std::move(options));
  const LineReaderOptions& wanted = reader.options_;
  if (wanted.follow && (paths.size() != 1 || paths.front() == "-"))
    return absl::InvalidArgumentError("one file can be followed at a time, and no pipe");
  bool& all_regular = reader.all_regular_;
  std::uint64_t bytes_before = wanted.start.offset;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string& path = paths[i];
    struct stat facts = {};
    if (path == "-") {
      all_regular = all_regular && fstat(STDIN_FILENO, &facts) == 0 && S_ISREG(facts.st_mode);
    } else {
      // A pipe by name must not be opened twice, so only its existence and rights are looked at.
      if (stat(path.c_str(), &facts) != 0 || access(path.c_str(), R_OK) != 0) return OpenError(path, errno);
      if (S_ISDIR(facts.st_mode)) return OpenError(path, EISDIR);
      all_regular = all_regular && S_ISREG(facts.st_mode);
    }
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(facts.st_size, 0));
    reader.byte_total_ += size;
    if (i < wanted.start.source) bytes_before += size;
  }
  if (wanted.follow && !all_regular)
    return absl::InvalidArgumentError(
        absl::StrCat(paths.front(), " is no regular file, it cannot be followed"));
  if (wanted.start_number.has_value()) {
    BQCDC_RETURN_IF_ERROR(reader.AddFollowed(paths.front(), *wanted.start_number));
  } else {
    for (std::string& path : paths) reader.sources_->Add(path, path);
  }
  if (!all_regular || wanted.follow) reader.byte_total_ = 0;
  if (reader.sources_->count() > 0) BQCDC_RETURN_IF_ERROR(reader.EnterSource());
  if (reader.byte_total_ > 0) reader.byte_count_ = bytes_before;
  return reader;
}

absl::Status LineReader::AddFollowed(const std::string& path, const FileNumber& number) {
  struct stat named = {};
  const bool in_place = stat(path.c_str(), &named) == 0 && FileNumber(named.st_dev, named.st_ino) == number;
  const std::optional<std::string> found = in_place ? path : FindByNumber(path, number);
  if (!found.has_value()) return OpenError(path, ENOENT);
  BQCDC_ASSIGN_OR_RETURN(const int fd, OpenPath(*found));
  sources_->Keep(sources_->Add(path, *found), std::make_shared<const OpenFile>(fd));
  return in_place ? absl::OkStatus() : AddGenerations(path, fd, *sources_);
}

absl::Status LineReader::OpenSource() {
  file_ = sources_->kept(source_);
  if (file_ == nullptr) {
    BQCDC_ASSIGN_OR_RETURN(const int fd, OpenPath(sources_->path(source_)));
    file_ = std::make_shared<const OpenFile>(fd);
    if (options_.follow) sources_->Keep(source_, file_);
  }
  at_file_start_ = true;
  skipping_ = false;
  leave_at_ = absl::InfiniteFuture();
  tail_end_ = 0;
  if (!options_.checkpointed) sources_->ReleaseBefore(source_);
  prefix_hash_ = 0;
  // Standard input is read like a pipe in any case: its offset is shared with whoever handed it over.
  struct stat facts = {};
  const bool is_file =
      sources_->path(source_) != "-" && fstat(file_->fd(), &facts) == 0 && S_ISREG(facts.st_mode);
  hashing_ = options_.checkpointed && !is_file;
  // What is left of the file before has been handed out: this file's first byte follows it in the chunk.
  chunk_offset_ = 0 - static_cast<std::uint64_t>(end_);
  return absl::OkStatus();
}

absl::Status LineReader::EnterSource() {
  const InputPosition& start = options_.start;
  if (start.source >= sources_->count())
    return absl::InvalidArgumentError("the place to begin is in no file");
  source_ = start.source;
  BQCDC_RETURN_IF_ERROR(OpenSource());
  line_count_ = start.line;
  if (start.offset == 0) return absl::OkStatus();
  if (hashing_) {
    skip_until_ = start.offset;
    return absl::OkStatus();
  }
  if (lseek(file_->fd(), static_cast<off_t>(start.offset), SEEK_SET) < 0)
    return OpenError(sources_->path(source_), errno);
  at_file_start_ = false;
  chunk_offset_ = start.offset;
  return absl::OkStatus();
}

std::optional<InputPosition> LineReader::position() const {
  if (skipping_ || skip_until_ != 0) return std::nullopt;
  if (reached_end()) {
    if (sources_->count() == 0) return InputPosition{};
    const std::size_t last = sources_->count() - 1;
    return InputPosition{line_count_, last, sources_->end(last).value_or(0), prefix_hash_};
  }
  return InputPosition{line_count_, source_, chunk_offset_ + begin_, prefix_hash_};
}

LineReader::Next LineReader::ReadLines(absl::Time deadline, std::size_t bytes_wanted, std::size_t lines_max,
                                       std::vector<InputLine>* lines) {
  const std::size_t first = lines->size();
  // In place: a line is too large to be handed from one to the other for nothing.
  const Next next = ReadLine(deadline, &lines->emplace_back());
  bool found = next == Next::kLine;
  std::size_t bytes = lines->back().text.size();
  while (found && bytes < bytes_wanted && lines->size() - first < lines_max) {
    found = FindLine(&lines->emplace_back());
    bytes += lines->back().text.size();
  }
  if (!found) lines->pop_back();
  return next;
}

bool LineReader::FindLine(InputLine* line) {
  while (searched_ < end_) {
    const void* found = std::memchr(bytes_ + searched_, '\n', end_ - searched_);
    if (found == nullptr) {
      searched_ = end_;
      break;
    }
    const auto line_end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes_);
    if (TakeLine(line_end - begin_, 1, line)) return true;
    if (!error_.ok()) break;
  }
  return false;
}

LineReader::Next LineReader::ReadLine(absl::Time deadline, InputLine* line) {
  for (;;) {
    if (FindLine(line)) return Next::kLine;
    if (!error_.ok()) return Next::kError;
    // A line may be as long as that and end with \r\n, of which the second is still to come.
    const bool may_end = end_ > begin_ && bytes_[end_ - 1] == '\r';
    if (end_ - begin_ > options_.line_bytes_max + (may_end ? 1 : 0)) {
      // Hand out the beginning, then skip to the line's end.
      bool first = !skipping_;
      if (first && hashing_)
        prefix_hash_ = HashNextLine(prefix_hash_, {bytes_ + begin_, options_.line_bytes_max});
      first = first && skip_until_ == 0;
      if (first) {
        line->text = {bytes_ + begin_, options_.line_bytes_max};
        line->number = ++line_count_;
        line->source = static_cast<std::uint32_t>(source_);
        line->end = 0;
        line->too_long = true;
        line->bytes_before = byte_count() - (end_ - begin_);
      }
      skipping_ = true;
      begin_ = searched_ = end_;
      if (first) return Next::kLine;
    } else if (skipping_) {
      begin_ = searched_ = end_;
    }
    if (reached_end()) return Next::kEnd;
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
        if (skip_until_ != 0 && error_.ok()) {
          error_ = absl::FailedPreconditionError(absl::StrCat(
              sources_->name(source_), " ended after ", chunk_offset_ + end_, " bytes, before the ",
              skip_until_, " bytes that were settled; it must repeat its output from the beginning"));
        }
        if (!error_.ok()) return Next::kError;
        sources_->SetEnd(source_, chunk_offset_ + end_);
        file_ = nullptr;
        if (++source_ < sources_->count()) {
          error_ = OpenSource();
          if (!error_.ok()) {
            if (!last_line) return Next::kError;
            source_ = sources_->count();  // Reported by the next call.
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
  const std::size_t start = begin_;
  begin_ = searched_ = begin_ + length + line_end_bytes;
  if (skipping_) {  // The end of the line that was too long; it has been counted.
    skipping_ = false;
    if (skip_until_ != 0) CheckPrefix();
    return false;
  }
  if (hashing_) prefix_hash_ = HashNextLine(prefix_hash_, text.substr(0, options_.line_bytes_max));
  if (skip_until_ != 0) {
    at_file_start_ = false;
    CheckPrefix();
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
  line->number = line_count_;
  line->source = static_cast<std::uint32_t>(source_);
  line->end = chunk_offset_ + begin_;
  line->too_long = text.size() > options_.line_bytes_max;
  line->prefix_hash = prefix_hash_;
  line->bytes_before = byte_count() - (end_ - start);
  return true;
}

// Before handing anything out: what is left out must be what was settled.
void LineReader::CheckPrefix() {
  const std::uint64_t end = chunk_offset_ + begin_;
  if (end < skip_until_) return;
  if (end == skip_until_ && prefix_hash_ == options_.start.prefix_hash) {
    skip_until_ = 0;
    line_count_ = options_.start.line;
    return;
  }
  error_ = absl::FailedPreconditionError(
      absl::StrCat(sources_->name(source_), " is another input: its first ", options_.start.offset,
                   " bytes are not those that were settled; it must repeat its output from the beginning"));
}

bool LineReader::AtEndOfFile() const {
  struct stat facts = {};
  return !following() && fstat(file_->fd(), &facts) == 0 && S_ISREG(facts.st_mode) &&
         static_cast<std::uint64_t>(facts.st_size) == chunk_offset_ + end_;
}

LineReader::Fill LineReader::FillChunk(absl::Time deadline) {
  if (stop_->requested()) return AtEndOfFile() ? Fill::kEndOfFile : Fill::kStop;
  MakeRoom();
  pollfd waits[] = {{file_->fd(), POLLIN, 0}, {stop_->fd(), POLLIN, 0}};
  ++read_count_;
  for (;;) {
    const int ready = poll(waits, 2, PollTimeout(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (stop_->requested()) return Fill::kStop;
    if (ready == 0) return Fill::kWait;
    const ssize_t count =
        read(file_->fd(), bytes_ + end_, chunk_->capacity - encode::kLinePaddingBytes - end_);
    if (count > 0 && following() && IsRewritten()) return FollowOn(deadline);
    if (count > 0) {
      end_ += static_cast<std::size_t>(count);
      byte_count_ += static_cast<std::uint64_t>(count);
      leave_at_ = absl::InfiniteFuture();
      return Fill::kData;
    }
    if (count == 0) return following() ? FollowOn(deadline) : Fill::kEndOfFile;
    if (errno == EINTR || errno == EAGAIN) continue;
    error_ = absl::DataLossError(absl::StrCat("cannot read ", sources_->name(source_), " after line ",
                                              line_count_, ": ", std::strerror(errno)));
    return Fill::kError;
  }
}

LineReader::Fill LineReader::FollowOn(absl::Time deadline) {
  const std::string path = sources_->path(source_);
  struct stat own = {}, named = {};
  if (fstat(file_->fd(), &own) != 0) {
    error_ = OpenError(path, errno);
    return Fill::kError;
  }
  const std::uint64_t read = chunk_offset_ + end_;
  const bool shorter = static_cast<std::uint64_t>(own.st_size) < read;
  const bool truncated = shorter || IsRewritten();
  // Without the name a rotation is under way: what comes is awaited.
  const bool exists = stat(path.c_str(), &named) == 0;
  const bool other = exists && (named.st_ino != own.st_ino || named.st_dev != own.st_dev);
  if (truncated && !other) {
    if (options_.warn) {
      options_.warn(absl::StrCat(path, " was truncated ", shorter ? "" : "and written anew ", "to ",
                                 own.st_size, " bytes after ", read, " bytes (line ", line_count_,
                                 ") were read: going on at its beginning; lines that were written and "
                                 "removed in between are lost"));
    }
    sources_->Add(path, path);
    return Fill::kEndOfFile;
  }
  // Who writes may have the old file open for a while: it is left when it has stood still once more.
  const absl::Time now = absl::Now();
  if (other && now >= leave_at_) {
    const absl::Status added = AddGenerations(path, file_->fd(), *sources_);
    if (added.ok()) return Fill::kEndOfFile;
    if (!absl::IsNotFound(added)) {  // It can be gone again.
      error_ = added;
      return Fill::kError;
    }
  }
  const absl::Time next = now + options_.follow_interval;
  if (other) leave_at_ = std::min(leave_at_, next);
  const Fill waited = AwaitStop(std::min(deadline, next));
  if (waited == Fill::kStop || deadline <= next) return waited;
  return Fill::kData;  // Perhaps; the next call sees.
}

bool LineReader::IsRewritten() {
  constexpr std::uint64_t kTailBytesMax = 256;
  const std::uint64_t read = chunk_offset_ + end_;
  const std::uint64_t wanted = std::min(read, kTailBytesMax);
  std::string now(wanted, '\0');
  const ssize_t count = pread(file_->fd(), now.data(), now.size(), static_cast<off_t>(read - wanted));
  if (count < 0) return false;  // The read itself will say why.
  now.resize(static_cast<std::size_t>(count));
  if (tail_end_ == read && read > 0) return now != tail_;
  tail_end_ = read;
  tail_ = std::move(now);
  return false;
}

LineReader::Fill LineReader::AwaitStop(absl::Time deadline) {
  pollfd wait = {stop_->fd(), POLLIN, 0};
  while (poll(&wait, 1, PollTimeout(deadline)) < 0 && errno == EINTR) {
  }
  return stop_->requested() ? Fill::kStop : Fill::kWait;
}

absl::Status LineReader::AddGenerations(const std::string& path, int fd, InputSources& sources) {
  BQCDC_ASSIGN_OR_RETURN(const int present, OpenPath(path));
  const auto file = std::make_shared<const OpenFile>(present);
  struct stat facts = {};
  std::vector<FileNumber> known;
  if (fstat(present, &facts) != 0) return OpenError(path, errno);
  known.emplace_back(facts.st_dev, facts.st_ino);
  for (std::size_t i = 0; i < sources.count(); ++i) {
    const std::shared_ptr<const OpenFile> before = sources.kept(i);
    if (before != nullptr && fstat(before->fd(), &facts) == 0) known.emplace_back(facts.st_dev, facts.st_ino);
  }
  if (fstat(fd, &facts) != 0) return OpenError(path, errno);
  BQCDC_ASSIGN_OR_RETURN(const std::vector<std::string> rotated,
                         RotatedSince(path, absl::TimeFromTimespec(facts.st_mtim), known));
  // All are opened now: a further rotation would give their names to others.
  for (const std::string& between : rotated) {
    BQCDC_ASSIGN_OR_RETURN(const int opened, OpenPath(between));
    sources.Keep(sources.Add(path, between), std::make_shared<const OpenFile>(opened));
  }
  sources.Keep(sources.Add(path, path), file);
  return absl::OkStatus();
}

void LineReader::MakeRoom() {
  const std::size_t tail = end_ - begin_;
  // The last line that was handed out ended here; a tail that is long enough is its padding.
  const bool stays = begin_ == 0 || tail >= encode::kLinePaddingBytes;
  const std::size_t begin = stays ? begin_ : begin_ + encode::kLinePaddingBytes;
  if (chunk_ != nullptr && begin + tail + encode::kLinePaddingBytes < chunk_->capacity) {
    if (!stays) MoveTail(bytes_, begin);
    return;
  }
  auto chunk = std::make_shared<LineChunk>();
  chunk->capacity = std::max(options_.chunk_bytes, 2 * tail) + encode::kLinePaddingBytes;
  chunk->bytes = std::make_unique_for_overwrite<char[]>(chunk->capacity);
  MoveTail(chunk->bytes.get(), 0);
  chunk_ = std::move(chunk);
}

void LineReader::MoveTail(char* bytes, std::size_t begin) {
  const std::size_t tail = end_ - begin_;
  if (tail > 0) std::memmove(bytes + begin, bytes_ + begin_, tail);
  bytes_ = bytes;
  searched_ += begin - begin_;
  chunk_offset_ += begin_ - begin;
  begin_ = begin;
  end_ = begin + tail;
}

}  // namespace bqcdc::pipeline
