#include "bqcdc/credentials/access_token_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/ascii.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/credentials/token_text.h"

namespace bqcdc::credentials {

bool AccessTokenFile::IsUnchanged(const struct stat& now) const {
  return now.st_dev == seen_.st_dev && now.st_ino == seen_.st_ino && now.st_size == seen_.st_size &&
         now.st_mtim.tv_sec == seen_.st_mtim.tv_sec && now.st_mtim.tv_nsec == seen_.st_mtim.tv_nsec &&
         now.st_ctim.tv_sec == seen_.st_ctim.tv_sec && now.st_ctim.tv_nsec == seen_.st_ctim.tv_nsec;
}

absl::StatusOr<std::string> AccessTokenFile::Token() {
  absl::MutexLock lock(&mutex_);
  struct stat now = {};
  const bool there = stat(path_.c_str(), &now) == 0;
  if (there && !held_.empty() && IsUnchanged(now)) return held_;
  absl::StatusOr<std::string> read = Read();
  if (read.ok()) {
    held_ = *std::move(read);
    seen_ = now;  // From before the reading: what is written after it is seen as a change.
    return held_;
  }
  if (!held_.empty()) return held_;
  return read.status();
}

void AccessTokenFile::Refused(const std::string& token) {
  absl::MutexLock lock(&mutex_);
  if (held_ == token) seen_ = {};  // Read again, whatever its times say.
}

absl::StatusOr<std::string> AccessTokenFile::Read() const {
  std::ifstream stream(path_, std::ios::binary);
  std::string text(kTokenBytesMax + 64, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    return base::InvalidArgument("access token file '", path_, "' cannot be read: ", std::strerror(errno));
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  absl::StripAsciiWhitespace(&text);
  if (!IsTokenText(text)) {
    return base::InvalidArgument("access token file '", path_, "' holds no token: one line of 1 to ",
                                 kTokenBytesMax,
                                 " printable characters without blanks is wanted, as of "
                                 "`gcloud auth print-access-token`");
  }
  return text;
}

}  // namespace bqcdc::credentials
