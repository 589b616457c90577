#include "bqcdc/checkpoint/dead_letter_reader.h"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::checkpoint {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kFormatVersion = 1;
constexpr std::size_t kReadBytes = 1024 * 1024;
constexpr std::size_t kWriteBytes = 1024 * 1024;

// False where a member is missing or of another kind.
bool ReadText(const Json& json, const char* name, std::string* text) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string()) return false;
  *text = found->get<std::string>();
  return true;
}

bool ReadRecord(const Json& json, StoredDeadLetter* record) {
  std::string creation, sequence, time;
  if (!ReadText(json, "table", &record->table) || !ReadText(json, "table_creation_time_ms", &creation) ||
      !ReadText(json, "source", &record->source) || !ReadText(json, "sequence", &sequence) ||
      !ReadText(json, "reason", &record->reason) || !ReadText(json, "message", &record->message) ||
      !ReadText(json, "set_aside_at", &time) ||
      !absl::SimpleAtoi(creation, &record->table_creation_time_ms) ||
      !absl::ParseTime(absl::RFC3339_full, time, &record->set_aside_at, nullptr)) {
    return false;
  }
  const auto line = json.find("line");
  if (line == json.end() || !line->is_number_unsigned()) return false;
  record->line = line->get<std::uint64_t>();
  const std::optional<values::SequenceNumber> number = values::SequenceNumber::Parse(sequence);
  if (!number.has_value()) return false;
  record->sequence = *number;
  ReadText(json, "column", &record->column);  // There may be none.
  std::string base64;
  if (ReadText(json, "row_base64", &base64)) return absl::Base64Unescape(base64, &record->row);
  return ReadText(json, "row", &record->row);
}

}  // namespace

absl::StatusOr<DeadLetterReader> DeadLetterReader::Open(const std::string& path) {
  BQCDC_ASSIGN_OR_RETURN(LockedFile file,
                         LockedFile::Open({path, "dead letter file", "wait until that has ended", false}));
  return DeadLetterReader(std::move(file));
}

absl::Status DeadLetterReader::ForEachLine(
    const std::function<absl::Status(std::size_t index, std::string_view line)>& take) const {
  std::string pending;
  std::string chunk(kReadBytes, '\0');
  std::size_t index = 0;
  for (off_t offset = 0;;) {
    const ssize_t count = pread(file_.fd(), chunk.data(), chunk.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_.SystemError("read");
    if (count == 0) break;
    offset += count;
    pending.append(chunk, 0, static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end; (end = pending.find('\n', begin)) != std::string::npos; begin = end + 1) {
      BQCDC_RETURN_IF_ERROR(take(index++, std::string_view(pending).substr(begin, end - begin)));
    }
    pending.erase(0, begin);
  }
  // Cut off by a crash, and then it was never settled; or the last newline is all that is missing.
  if (!pending.empty() && Json::accept(pending)) return take(index, pending);
  return absl::OkStatus();
}

absl::Status DeadLetterReader::ForEach(
    const std::function<absl::Status(std::size_t index, StoredDeadLetter record)>& take) const {
  return ForEachLine([&](std::size_t index, std::string_view line) {
    const Json json = Json::parse(line, nullptr, false);
    const auto format = json.is_object() ? json.find("format") : json.end();
    const bool has_format = json.is_object() && format != json.end() && format->is_number_unsigned();
    if (has_format && format->get<std::uint64_t>() > kFormatVersion) {
      return base::Error(absl::StatusCode::kFailedPrecondition, "dead letter file ", path(), " line ",
                         index + 1, " has format ", format->get<std::uint64_t>(),
                         ", this program reads formats up to ", kFormatVersion, "; use a newer bqcdc");
    }
    StoredDeadLetter record;
    if (!has_format || !ReadRecord(json, &record)) {
      return base::Error(absl::StatusCode::kFailedPrecondition, "dead letter file ", path(), " line ",
                         index + 1, " is no dead letter record; nothing was changed");
    }
    return take(index, std::move(record));
  });
}

absl::Status DeadLetterReader::Rewrite(const std::function<DeadLetterFate(std::size_t index)>& decide) {
  return file_.Replace([&](int fd) {
    std::string kept;
    const absl::Status status = ForEachLine([&](std::size_t index, std::string_view line) {
      const DeadLetterFate fate = decide(index);
      if (fate.leaves) return absl::OkStatus();
      if (fate.cause.has_value()) {
        Json json = Json::parse(line, nullptr, false);
        json["reason"] = fate.cause->reason;
        json["message"] = fate.cause->message;
        if (fate.cause->column.empty()) {
          json.erase("column");
        } else {
          json["column"] = fate.cause->column;
        }
        kept += json.dump(-1, ' ', false, Json::error_handler_t::replace);
      } else {
        kept += line;
      }
      kept += '\n';
      if (kept.size() < kWriteBytes) return absl::OkStatus();
      return file_.WriteAll(fd, std::exchange(kept, {}));
    });
    return status.ok() ? file_.WriteAll(fd, kept) : status;
  });
}

}  // namespace bqcdc::checkpoint
