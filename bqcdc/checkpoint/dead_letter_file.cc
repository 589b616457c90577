#include "bqcdc/checkpoint/dead_letter_file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::checkpoint {
namespace {

using Json = nlohmann::json;

constexpr int kFormatVersion = 1;
constexpr mode_t kMode = 0600;
constexpr std::size_t kReadBytes = 1024 * 1024;

absl::Status SystemError(std::string_view what, const std::string& path) {
  return base::Internal("cannot ", what, " dead letter file ", path, ": ", std::strerror(errno));
}

// fsync of a new file covers its bytes, not its name.
absl::Status SyncDirectoryOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const int fd = open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("open the directory of", path);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  errno = error;
  return result == 0 ? absl::OkStatus() : SystemError("sync the directory of", path);
}

std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The bytes of the row that a record holds.
std::string RowOf(const Json& record) {
  if (!record.contains("row_base64")) return Text(record, "row");
  std::string row;
  absl::Base64Unescape(Text(record, "row_base64"), &row);
  return row;
}

}  // namespace

DeadLetterFile::DeadLetterFile(DeadLetterOptions options, const base::Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

DeadLetterFile::~DeadLetterFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status DeadLetterFile::Append(std::span<const DeadLetterRecord> records) {
  if (records.empty()) return absl::OkStatus();
  if (fd_ < 0) BQCDC_RETURN_IF_ERROR(Open());
  std::string bytes;
  std::vector<Digest> added;
  for (const DeadLetterRecord& record : records) {
    const std::string sequence = record.sequence.ToString();
    const Digest identity = Identity(record.source, sequence, record.row);
    if (!present_.insert(identity).second) continue;
    added.push_back(identity);
    bytes += Format(record, sequence);
  }
  const absl::Status status = bytes.empty() ? absl::OkStatus() : WriteAll(bytes);
  if (!status.ok()) {
    for (const Digest& identity : added) present_.erase(identity);
  }
  return status;
}

absl::Status DeadLetterFile::Open() {
  const bool existed = access(options_.path.c_str(), F_OK) == 0;
  fd_ = open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, kMode);
  if (fd_ < 0) return SystemError("open", options_.path);
  const auto fail = [this](absl::Status status) {
    close(fd_);
    fd_ = -1;
    return status;
  };
  struct stat facts = {};
  if (fstat(fd_, &facts) != 0) return fail(SystemError("look at", options_.path));
  if (!S_ISREG(facts.st_mode)) {
    return fail(absl::FailedPreconditionError(
        base::StrCat("dead letter file ", options_.path, " is no regular file")));
  }
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    return fail(absl::FailedPreconditionError(base::StrCat(
        "dead letter file ", options_.path, " is in use by another run; give another --dead-letter")));
  }
  // The umask does not loosen it, but an older file may be looser.
  if ((facts.st_mode & 0777) != kMode && fchmod(fd_, kMode) != 0)
    return fail(SystemError("protect", options_.path));
  if (const absl::Status status = ReadBack(); !status.ok()) return fail(status);
  if (!existed) {
    if (const absl::Status status = SyncDirectoryOf(options_.path); !status.ok()) return fail(status);
  }
  return absl::OkStatus();
}

// Learns which records are there. A last line that was cut off by a crash was never settled: it goes.
absl::Status DeadLetterFile::ReadBack() {
  std::string pending;
  std::string chunk(kReadBytes, '\0');
  off_t complete = 0;
  const auto take = [this](const std::string& line) {
    const Json record = Json::parse(line, nullptr, false);
    if (!record.is_object()) return false;
    present_.insert(Identity(Text(record, "source"), Text(record, "sequence"), RowOf(record)));
    return true;
  };
  for (off_t offset = 0;;) {
    const ssize_t count = pread(fd_, chunk.data(), chunk.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError("read", options_.path);
    if (count == 0) break;
    offset += count;
    pending.append(chunk, 0, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      take(pending.substr(begin, end - begin));
      if (present_.size() > kRecordsMax) {
        return absl::ResourceExhaustedError(base::StrCat(
            "dead letter file ", options_.path, " has more than ", kRecordsMax, " records; move it away"));
      }
    }
    complete += static_cast<off_t>(begin);
    pending.erase(0, begin);
  }
  size_ = complete;
  if (pending.empty()) return absl::OkStatus();
  if (take(pending)) {
    size_ += static_cast<off_t>(pending.size());
    return WriteAll("\n");
  }
  return ftruncate(fd_, size_) == 0 ? absl::OkStatus() : SystemError("repair", options_.path);
}

absl::Status DeadLetterFile::WriteAll(std::string_view bytes) {
  absl::Status status;
  for (std::size_t done = 0; done < bytes.size() && status.ok();) {
    const ssize_t count = write(fd_, bytes.data() + done, bytes.size() - done);
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      status = SystemError("write", options_.path);
    }
  }
  if (status.ok() && fdatasync(fd_) != 0) status = SystemError("sync", options_.path);
  if (status.ok()) {
    size_ += static_cast<off_t>(bytes.size());
  } else if (ftruncate(fd_, size_) != 0) {
    // A torn record is dropped at the next start.
  }
  return status;
}

DeadLetterFile::Digest DeadLetterFile::Identity(std::string_view source, std::string_view sequence,
                                                std::string_view row) {
  const std::string text = base::StrCat(source, std::string(1, '\0'), sequence, std::string(1, '\0'), row);
  Digest digest = {};
  unsigned int length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  return digest;
}

std::string DeadLetterFile::Format(const DeadLetterRecord& record, std::string_view sequence) const {
  nlohmann::ordered_json json;
  const auto& sections = record.sequence.sections;
  json["format"] = kFormatVersion;
  json["table"] = options_.table;
  json["table_creation_time_ms"] = std::to_string(options_.table_creation_time_ms);
  json["source"] = std::string(record.source);
  json["sequence"] = std::string(sequence);
  json["epoch"] = std::to_string(sections[0]);
  json["position"] = std::to_string(sections[1]);
  json["ordinal"] = std::to_string(sections[2]);
  json["sub"] = std::to_string(sections[3]);
  json["line"] = record.line;
  json["reason"] = std::string(record.reason);
  json["message"] = std::string(record.message);
  json["set_aside_at"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", clock_.Now(), absl::UTCTimeZone());
  const std::string row(record.row);
  try {
    json["row"] = row;
    return base::StrCat(json.dump(), "\n");
  } catch (const Json::exception&) {  // Not UTF-8: JSON text cannot hold it.
    json.erase("row");
    json["row_base64"] = absl::Base64Escape(row);
    return base::StrCat(json.dump(-1, ' ', false, Json::error_handler_t::replace), "\n");
  }
}

}  // namespace bqcdc::checkpoint
