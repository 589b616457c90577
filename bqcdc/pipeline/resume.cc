#include "bqcdc/pipeline/resume.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/pipeline/input_sources.h"
#include "bqcdc/pipeline/rotated_files.h"

namespace bqcdc::pipeline {
namespace {

using checkpoint::Checkpoint;
using checkpoint::CheckpointInput;

absl::Status Refuse(std::string_view path, const std::string& why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the checkpoint does not fit: ", std::string(path), " ", why,
                   "; give the input that it was written for, or remove the checkpoint file to begin anew"));
}

bool IsRegular(const std::string& path) {
  struct stat facts = {};
  return path != "-" && stat(path.c_str(), &facts) == 0 && S_ISREG(facts.st_mode);
}

// Ok where the bytes are those that were hashed.
absl::Status CompareRange(const std::string& path, int fd, std::uint64_t offset, std::uint64_t count,
                          const std::string& sha256) {
  const absl::StatusOr<std::string> hash = checkpoint::HashRange(path, fd, offset, count);
  if (hash.status().code() == absl::StatusCode::kOutOfRange) {
    return Refuse(path, absl::StrCat("was truncated or is another file: bytes ", offset, " to ",
                                     offset + count, " were read, and it is shorter"));
  }
  BQCDC_RETURN_IF_ERROR(hash.status());
  return *hash == sha256 ? absl::OkStatus()
                         : Refuse(path, absl::StrCat("is another file, or was written anew: bytes ", offset,
                                                     " to ", offset + count, " have changed"));
}

absl::Status CheckFile(const Checkpoint& checkpoint, std::size_t index, const std::string& path) {
  const CheckpointInput& input = checkpoint.inputs[index];
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::NotFoundError(absl::StrCat("cannot open ", path, ": ", std::strerror(errno)));
  const OpenFile file(fd);
  BQCDC_RETURN_IF_ERROR(CompareRange(path, fd, 0, input.identity.head_bytes, input.identity.head_sha256));
  struct stat facts = {};
  if (fstat(fd, &facts) != 0) return absl::InternalError(absl::StrCat("cannot look at ", path));
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  if (index < checkpoint.input) {
    if (!input.bytes.has_value() || *input.bytes == size) return absl::OkStatus();
    return Refuse(path, absl::StrCat("had ", *input.bytes, " bytes when it was read to its end and has ",
                                     size, " now, with other files behind it"));
  }
  if (index > checkpoint.input || checkpoint.offset == 0) return absl::OkStatus();
  if (size < checkpoint.offset) {
    return Refuse(
        path, absl::StrCat("was truncated: ", checkpoint.offset, " bytes were settled and it has ", size));
  }
  BQCDC_RETURN_IF_ERROR(CompareRange(path, fd, checkpoint.offset - checkpoint.tail_bytes,
                                     checkpoint.tail_bytes, checkpoint.tail_sha256));
  char last = '\n';
  if (size > checkpoint.offset && pread(fd, &last, 1, static_cast<off_t>(checkpoint.offset) - 1) == 1 &&
      last != '\n') {
    return Refuse(path, absl::StrCat("has grown within line ", checkpoint.line,
                                     ", which was settled as the last one without a line end"));
  }
  return absl::OkStatus();
}

absl::Status FindFollowed(const Checkpoint& checkpoint, const std::string& path, LineReaderOptions& options) {
  const checkpoint::FileIdentity& identity = checkpoint.inputs[0].identity;
  if (!identity.regular) return Refuse(path, "is a file and was a pipe");
  const FileNumber number(identity.device, identity.inode);
  struct stat facts = {};
  const bool in_place = stat(path.c_str(), &facts) == 0 && FileNumber(facts.st_dev, facts.st_ino) == number;
  const std::optional<std::string> found = in_place ? path : FindByNumber(path, number);
  if (!found.has_value()) {
    return Refuse(path, absl::StrCat("is another file (inode ", facts.st_ino, ", the one that was read had ",
                                     identity.inode,
                                     "), and that one is no longer in the same directory: its "
                                     "lines after line ",
                                     checkpoint.line, " are lost"));
  }
  BQCDC_RETURN_IF_ERROR(CheckFile(checkpoint, 0, *found));
  options.start_number = number;
  return absl::OkStatus();
}

}  // namespace

absl::Status GoOnFrom(const Checkpoint& checkpoint, const std::vector<std::string>& paths,
                      LineReaderOptions& options) {
  options.start = {checkpoint.line, checkpoint.input, checkpoint.offset, checkpoint.prefix_hash};
  // A file that was followed may be read to its end, and one that was read is the beginning of a log.
  if (checkpoint.inputs.size() != paths.size()) {
    return Refuse("the input",
                  absl::StrCat("was ", checkpoint.inputs.size(), " files and is ", paths.size()));
  }
  if (options.follow) return FindFollowed(checkpoint, paths[0], options);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (checkpoint.inputs[i].identity.regular != IsRegular(paths[i])) {
      return Refuse(paths[i], checkpoint.inputs[i].identity.regular ? "is a pipe and was a file"
                                                                    : "is a file and was a pipe");
    }
    if (checkpoint.inputs[i].identity.regular) BQCDC_RETURN_IF_ERROR(CheckFile(checkpoint, i, paths[i]));
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::pipeline
