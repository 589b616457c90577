#include "bqcdc/checkpoint/checkpoint_file.h"

#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::checkpoint {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormatVersion = 1;
constexpr std::size_t kFileBytesMax = 16 * 1024 * 1024;
constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%E6SZ";

// Reads members of an object; the first that is missing or of another kind makes it fail.
class Members {
 public:
  Members(const Json& object, std::string* missing) : object_(object), missing_(missing) {}

  const Json* Find(const char* name, bool ok(const Json&)) {
    const auto found = object_.is_object() ? object_.find(name) : object_.end();
    if (object_.is_object() && found != object_.end() && ok(*found)) return &*found;
    if (missing_->empty()) *missing_ = name;
    return nullptr;
  }
  std::string Text(const char* name) {
    const Json* value = Find(name, [](const Json& json) { return json.is_string(); });
    return value == nullptr ? std::string() : value->get<std::string>();
  }
  std::uint64_t Number(const char* name) {
    const Json* value = Find(name, [](const Json& json) { return json.is_number_unsigned(); });
    return value == nullptr ? 0 : value->get<std::uint64_t>();
  }
  bool Flag(const char* name) {
    const Json* value = Find(name, [](const Json& json) { return json.is_boolean(); });
    return value != nullptr && value->get<bool>();
  }
  // A whole number as text: JSON numbers hold 53 bits safely.
  std::uint64_t Decimal(const char* name) {
    std::uint64_t number = 0;
    if (!absl::SimpleAtoi(Text(name), &number) && missing_->empty()) *missing_ = name;
    return number;
  }
  std::uint64_t Hexadecimal(const char* name) {
    std::uint64_t number = 0;
    if (!absl::SimpleHexAtoi(Text(name), &number) && missing_->empty()) *missing_ = name;
    return number;
  }
  const Json& At(const char* name) {
    static const Json kNone;
    const Json* value = Find(name, [](const Json& json) { return json.is_structured(); });
    return value == nullptr ? kNone : *value;
  }
  bool Has(const char* name) const { return object_.is_object() && object_.contains(name); }

 private:
  const Json& object_;
  std::string* missing_;
};

Json FormatInput(const CheckpointInput& input) {
  Json json;
  json["path"] = input.identity.path;
  json["kind"] = input.identity.regular ? "file" : "pipe";
  if (input.identity.regular) {
    json["device"] = std::to_string(input.identity.device);
    json["inode"] = std::to_string(input.identity.inode);
    json["head_bytes"] = input.identity.head_bytes;
    json["head_sha256"] = input.identity.head_sha256;
  }
  if (input.bytes.has_value()) json["bytes"] = *input.bytes;
  return json;
}

CheckpointInput ParseInput(const Json& json, std::string* missing) {
  CheckpointInput input;
  Members members(json, missing);
  input.identity.path = members.Text("path");
  input.identity.regular = members.Text("kind") == "file";
  if (input.identity.regular) {
    input.identity.device = members.Decimal("device");
    input.identity.inode = members.Decimal("inode");
    input.identity.head_bytes = members.Number("head_bytes");
    input.identity.head_sha256 = members.Text("head_sha256");
  }
  if (members.Has("bytes")) input.bytes = members.Number("bytes");
  return input;
}

absl::Status Damaged(const std::string& path, std::string_view why) {
  return base::Error(absl::StatusCode::kFailedPrecondition, "checkpoint file ", path, ": ", why,
                     "; give the file of a run of bqcdc stream --checkpoint, or a name that is free");
}

}  // namespace

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  Json json;
  json["format"] = kFormatVersion;
  json["table"] = checkpoint.table;
  json["table_creation_time_ms"] = std::to_string(checkpoint.table_creation_time_ms);
  json["epoch"] = std::to_string(checkpoint.epoch);
  json["owner"] = checkpoint.owner;
  json["sequence"] = checkpoint.sequence;
  json["sequence_line"] = checkpoint.sequence_line;
  json["follow"] = checkpoint.follow;
  json["inputs"] = Json::array();
  for (const CheckpointInput& input : checkpoint.inputs) json["inputs"].push_back(FormatInput(input));
  Json& position = json["position"];
  position["line"] = checkpoint.line;
  position["input"] = checkpoint.input;
  position["offset"] = checkpoint.offset;
  position["tail_bytes"] = checkpoint.tail_bytes;
  position["tail_sha256"] = checkpoint.tail_sha256;
  position["prefix_hash"] = absl::StrCat(absl::Hex(checkpoint.prefix_hash));
  json["ended"] = checkpoint.ended;
  json["drained"] = checkpoint.drained;
  Json& counters = json["counters"];
  counters["upserts"] = static_cast<std::uint64_t>(checkpoint.upserts);
  counters["deletes"] = static_cast<std::uint64_t>(checkpoint.deletes);
  counters["set_aside"] = static_cast<std::uint64_t>(checkpoint.set_aside);
  json["written_at"] = absl::FormatTime(kTimeFormat, checkpoint.written_at, absl::UTCTimeZone());
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<Checkpoint> ParseCheckpoint(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Damaged(path, "it is no checkpoint");
  std::string missing;
  Members members(json, &missing);
  const std::uint64_t format = members.Number("format");
  if (!missing.empty()) return Damaged(path, "it is no checkpoint");
  if (format > kFormatVersion) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "checkpoint file ", path, " has format ",
                       format, ", this program reads formats up to ", kFormatVersion, "; use a newer bqcdc");
  }
  Checkpoint checkpoint;
  checkpoint.table = members.Text("table");
  checkpoint.table_creation_time_ms = static_cast<std::int64_t>(members.Decimal("table_creation_time_ms"));
  checkpoint.epoch = members.Decimal("epoch");
  checkpoint.owner = members.Text("owner");
  checkpoint.sequence = members.Text("sequence");
  checkpoint.sequence_line = members.Number("sequence_line");
  checkpoint.follow = members.Flag("follow");
  for (const Json& input : members.At("inputs")) checkpoint.inputs.push_back(ParseInput(input, &missing));
  Members position(members.At("position"), &missing);
  checkpoint.line = position.Number("line");
  checkpoint.input = position.Number("input");
  checkpoint.offset = position.Number("offset");
  checkpoint.tail_bytes = position.Number("tail_bytes");
  checkpoint.tail_sha256 = position.Text("tail_sha256");
  checkpoint.prefix_hash = position.Hexadecimal("prefix_hash");
  checkpoint.ended = members.Flag("ended");
  checkpoint.drained = members.Has("drained") && members.Flag("drained");  // Younger than the format.
  Members counters(members.At("counters"), &missing);
  checkpoint.upserts = static_cast<std::int64_t>(counters.Number("upserts"));
  checkpoint.deletes = static_cast<std::int64_t>(counters.Number("deletes"));
  checkpoint.set_aside = static_cast<std::int64_t>(counters.Number("set_aside"));
  if (!absl::ParseTime(absl::RFC3339_full, members.Text("written_at"), &checkpoint.written_at, nullptr) &&
      missing.empty()) {
    missing = "written_at";
  }
  if (!missing.empty()) return Damaged(path, base::StrCat("member ", missing, " is missing or wrong"));
  if (checkpoint.sequence != "assigned" && checkpoint.sequence != "own" &&
      checkpoint.sequence != "undecided") {
    return Damaged(path, "member sequence is wrong");
  }
  if (checkpoint.input >= checkpoint.inputs.size()) return Damaged(path, "the position is in no input");
  if (checkpoint.tail_bytes > checkpoint.offset || checkpoint.tail_bytes > kTailBytesMax) {
    return Damaged(path, "member tail_bytes is wrong");
  }
  return checkpoint;
}

absl::StatusOr<CheckpointFile> CheckpointFile::Open(const std::string& path) {
  BQCDC_ASSIGN_OR_RETURN(LockedFile locked,
                         LockedFile::Open({path, "checkpoint file", "each run needs one of its own"}));
  CheckpointFile file(std::move(locked));
  std::string text(kFileBytesMax, '\0');
  std::size_t size = 0;
  for (;;) {
    const ssize_t count =
        pread(file.file_.fd(), text.data() + size, text.size() - size, static_cast<off_t>(size));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file.file_.SystemError("read");
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  text.resize(size);
  if (size == kFileBytesMax) return Damaged(path, "it is too large");
  // An empty one was made by a run that ended before its first checkpoint.
  if (!text.empty()) {
    BQCDC_ASSIGN_OR_RETURN(file.loaded_, ParseCheckpoint(text, path));
  }
  return file;
}

absl::Status CheckpointFile::Write(const Checkpoint& checkpoint) {
  const std::string text = FormatCheckpoint(checkpoint);
  return file_.Replace([&](int fd) { return file_.WriteAll(fd, text); });
}

}  // namespace bqcdc::checkpoint
