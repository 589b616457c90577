#include "bqcdc/checkpoint/dead_letter_file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "bqcdc/base/failpoint.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::checkpoint {
namespace {

using Json = nlohmann::json;

constexpr int kFormatVersion = 1;
constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::size_t kInspectBytes = 4096;

std::string Text(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// As Format begins each record: what a crash has cut off begins so too.
constexpr std::string_view kRecordBegin = R"({"format":)";

bool IsRecord(const Json& json) {
  if (!json.is_object()) return false;
  const auto format = json.find("format");
  return format != json.end() && format->is_number_unsigned() && !Text(json, "source").empty() &&
         !Text(json, "sequence").empty();
}

// A line without its end that may be thrown away: part of a record, or blocks that the disk never wrote.
bool IsCutOff(std::string_view line) {
  const std::size_t count = std::min(line.size(), kRecordBegin.size());
  return line.substr(0, count) == kRecordBegin.substr(0, count) ||
         line.find_first_not_of('\0') == std::string_view::npos;
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

absl::Status DeadLetterFile::NoRecord(std::size_t line) const {
  return base::Error(absl::StatusCode::kFailedPrecondition, "dead letter file ", options_.path, " line ",
                     line, " is no dead letter record; give another --dead-letter");
}

absl::Status DeadLetterFile::Inspect() const {
  const auto cannot_open = [this](int error) {
    return base::Error(error == ENOENT ? absl::StatusCode::kNotFound : absl::StatusCode::kInternal,
                       "cannot open dead letter file ", options_.path, ": ", std::strerror(error));
  };
  struct stat facts = {};
  if (stat(options_.path.c_str(), &facts) != 0) {
    if (errno != ENOENT) return cannot_open(errno);
    const std::string parent = std::filesystem::path(options_.path).parent_path().string();
    return access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) == 0 ? absl::OkStatus()
                                                                           : cannot_open(errno);
  }
  if (S_ISDIR(facts.st_mode)) return cannot_open(EISDIR);
  if (!S_ISREG(facts.st_mode)) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "dead letter file ", options_.path,
                       " is no regular file");
  }
  if (access(options_.path.c_str(), R_OK | W_OK) != 0) return cannot_open(errno);
  const int fd = open(options_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return cannot_open(errno);
  std::string begin(kInspectBytes, '\0');
  const ssize_t count = pread(fd, begin.data(), begin.size(), 0);
  close(fd);
  begin.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  // Members of a record that somebody has mended may stand in another order.
  const bool may_be = IsCutOff(begin) || (begin[0] == '{' && begin.find("\"format\"") != std::string::npos);
  return may_be ? absl::OkStatus() : NoRecord(1);
}

absl::Status DeadLetterFile::Append(std::span<const DeadLetterRecord> records) {
  if (records.empty()) return absl::OkStatus();
  if (!file_.has_value()) BQCDC_RETURN_IF_ERROR(Open());
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
  BQCDC_ASSIGN_OR_RETURN(LockedFile opened,
                         LockedFile::Open({options_.path, "dead letter file", "give another --dead-letter"}));
  file_.emplace(std::move(opened));
  absl::Status status = ReadBack();
  if (status.ok()) status = file_->Protect();
  if (!status.ok()) file_.reset();
  return status;
}

// Learns which records are there. A last line that was cut off by a crash was never settled: it goes. Any
// other line that is no record is somebody else's: then nothing is changed.
absl::Status DeadLetterFile::ReadBack() {
  std::string pending;
  std::string chunk(kReadBytes, '\0');
  off_t complete = 0;
  std::size_t lines = 0;
  const auto take = [this](const std::string& line) {
    const Json record = Json::parse(line, nullptr, false);
    if (!IsRecord(record)) return false;
    present_.insert(Identity(Text(record, "source"), Text(record, "sequence"), RowOf(record)));
    return true;
  };
  for (off_t offset = 0;;) {
    const ssize_t count = pread(file_->fd(), chunk.data(), chunk.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_->SystemError("read");
    if (count == 0) break;
    offset += count;
    pending.append(chunk, 0, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      ++lines;
      if (!take(pending.substr(begin, end - begin))) return NoRecord(lines);
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
  if (!IsCutOff(pending)) return NoRecord(lines + 1);
  return ftruncate(file_->fd(), size_) == 0 ? absl::OkStatus() : file_->SystemError("repair");
}

absl::Status DeadLetterFile::WriteAll(std::string_view bytes) {
  absl::Status status = file_->WriteAll(file_->fd(), bytes);
  base::HitFailpoint(base::Failpoint::kDeadLetterBeforeSync);
  if (status.ok() && fdatasync(file_->fd()) != 0) status = file_->SystemError("sync");
  base::HitFailpoint(base::Failpoint::kDeadLetterAfterSync);
  if (status.ok()) {
    size_ += static_cast<off_t>(bytes.size());
  } else if (ftruncate(file_->fd(), size_) != 0) {
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
  if (!record.column.empty()) json["column"] = std::string(record.column);
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
