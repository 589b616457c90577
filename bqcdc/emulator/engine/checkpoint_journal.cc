#include "bqcdc/emulator/engine/checkpoint_journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "bqcdc/base/durable_file.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::engine {
namespace {

// storage_info.hpp: a main header and two that take turns, then the blocks.
constexpr size_t kHeaderBytes = 3 * 4096;
constexpr size_t kBlockBytes = 256 * 1024;
constexpr std::string_view kMagic = "bqcdcJ01";
constexpr size_t kPrefixBytes = kMagic.size() + kHeaderBytes;
constexpr size_t kEntryBytes = sizeof(int64_t) + kBlockBytes;

off_t PositionOf(int64_t block) {
  return static_cast<off_t>(kHeaderBytes + static_cast<size_t>(block) * kBlockBytes);
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  const int fd_;
};

absl::Status SystemError(std::string_view verb, const std::string& path) {
  const int error = errno;
  return base::Internal("cannot ", verb, " ", path, ": ", std::strerror(error));
}

// As many of `bytes` bytes as the file has there.
absl::StatusOr<std::string> ReadAt(int fd, off_t position, size_t bytes, const std::string& path) {
  std::string data(bytes, '\0');
  size_t done = 0;
  while (done < bytes) {
    const ssize_t count = pread(fd, data.data() + done, bytes - done, position + static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("read", path);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  data.resize(done);
  return data;
}

bool WriteAt(int fd, off_t position, std::string_view bytes) {
  return lseek(fd, position, SEEK_SET) == position && base::WriteAll(fd, bytes);
}

}  // namespace

CheckpointJournal::~CheckpointJournal() {
  if (file_ >= 0) close(file_);
}

absl::StatusOr<std::string> CheckpointJournal::SavedHeaders(int journal) const {
  struct stat facts = {};
  if (fstat(journal, &facts) != 0) return SystemError("look at", JournalPath());
  BQCDC_ASSIGN_OR_RETURN(const std::string prefix, ReadAt(journal, 0, kPrefixBytes, JournalPath()));
  if (prefix.size() < kPrefixBytes || !prefix.starts_with(kMagic) ||
      (static_cast<size_t>(facts.st_size) - kPrefixBytes) % kEntryBytes != 0) {
    return base::Error(absl::StatusCode::kFailedPrecondition, JournalPath(),
                       " is no journal of a checkpoint");
  }
  return prefix.substr(kMagic.size());
}

absl::Status CheckpointJournal::RollBack() const {
  const Descriptor journal(JournalPath(), O_RDONLY);
  if (!journal.is_open()) return errno == ENOENT ? absl::OkStatus() : SystemError("open", JournalPath());
  BQCDC_ASSIGN_OR_RETURN(const std::string saved, SavedHeaders(journal.get()));
  const Descriptor file(path_, O_RDWR);
  if (!file.is_open() && errno != ENOENT) return SystemError("open", path_);
  std::string headers;
  if (file.is_open()) {
    BQCDC_ASSIGN_OR_RETURN(headers, ReadAt(file.get(), 0, kHeaderBytes, path_));
  }
  if (headers == saved) {
    BQCDC_RETURN_IF_ERROR(PutBack(journal.get(), file.get()));
  }
  End();
  return absl::OkStatus();
}

absl::Status CheckpointJournal::PutBack(int journal, int file) const {
  for (off_t at = kPrefixBytes;; at += kEntryBytes) {
    const absl::StatusOr<std::string> entry = ReadAt(journal, at, kEntryBytes, JournalPath());
    if (!entry.ok()) return entry.status();
    if (entry->empty()) break;
    int64_t block = 0;
    std::memcpy(&block, entry->data(), sizeof block);
    if (!WriteAt(file, PositionOf(block), std::string_view(*entry).substr(sizeof block)))
      return SystemError("write", path_);
  }
  return fsync(file) == 0 ? absl::OkStatus() : SystemError("sync", path_);
}

absl::Status CheckpointJournal::Begin(const std::vector<int64_t>& blocks) {
  if (file_ < 0) file_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (file_ < 0) return SystemError("open", path_);
  BQCDC_ASSIGN_OR_RETURN(const std::string headers, ReadAt(file_, 0, kHeaderBytes, path_));
  if (const Descriptor left(JournalPath(), O_RDONLY); left.is_open()) {
    // Of a checkpoint that failed: it has what the headers refer to, the file may have lost it.
    BQCDC_ASSIGN_OR_RETURN(const std::string saved, SavedHeaders(left.get()));
    if (saved == headers) return absl::OkStatus();
  }
  const std::string temporary = JournalPath() + ".tmp";
  const Descriptor journal(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (!journal.is_open()) return SystemError("open", temporary);
  if (!base::WriteAll(journal.get(), kMagic) || !base::WriteAll(journal.get(), headers))
    return SystemError("write", temporary);
  BQCDC_RETURN_IF_ERROR(WriteBlocks(journal.get(), blocks));
  if (fsync(journal.get()) != 0) return SystemError("sync", temporary);
  base::HitFailpoint(base::Failpoint::kCheckpointBeforeJournal);
  if (rename(temporary.c_str(), JournalPath().c_str()) != 0) return SystemError("rename", temporary);
  if (!base::SyncDirectoryOf(path_)) return SystemError("sync the directory of", path_);
  base::HitFailpoint(base::Failpoint::kCheckpointJournaled);
  return absl::OkStatus();
}

absl::Status CheckpointJournal::WriteBlocks(int journal, const std::vector<int64_t>& blocks) const {
  for (const int64_t block : blocks) {
    BQCDC_ASSIGN_OR_RETURN(const std::string bytes, ReadAt(file_, PositionOf(block), kBlockBytes, path_));
    if (bytes.size() < kBlockBytes) continue;  // was never written, so nothing refers to it
    if (!base::WriteAll(journal, {reinterpret_cast<const char*>(&block), sizeof block}) ||
        !base::WriteAll(journal, bytes)) {
      return SystemError("write", JournalPath());
    }
  }
  return absl::OkStatus();
}

void CheckpointJournal::End() const {
  // Whether it goes does not matter: the headers tell that it is over.
  unlink(JournalPath().c_str());
}

}  // namespace bqcdc::emulator::engine
