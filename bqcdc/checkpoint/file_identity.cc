#include "bqcdc/checkpoint/file_identity.h"

#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/escaping.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::checkpoint {

absl::StatusOr<std::string> HashRange(const std::string& path, int fd, std::uint64_t offset,
                                      std::uint64_t count) {
  std::string bytes(count, '\0');
  for (std::uint64_t done = 0; done < count;) {
    const ssize_t read = pread(fd, bytes.data() + done, count - done, static_cast<off_t>(offset + done));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) return base::Internal("cannot read ", path, ": ", std::strerror(errno));
    if (read == 0) {
      return base::Error(absl::StatusCode::kOutOfRange, path, " has ", offset + done, " bytes, not ",
                         offset + count);
    }
    done += static_cast<std::uint64_t>(read);
  }
  std::string digest(32, '\0');
  EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), nullptr,
             EVP_sha256(), nullptr);
  return absl::BytesToHexString(digest);
}

absl::StatusOr<FileIdentity> IdentifyFile(const std::string& path, int fd) {
  FileIdentity identity;
  identity.path = path;
  struct stat facts = {};
  if (fstat(fd, &facts) != 0) return base::Internal("cannot look at ", path, ": ", std::strerror(errno));
  identity.regular = S_ISREG(facts.st_mode);
  if (!identity.regular) return identity;
  identity.device = facts.st_dev;
  identity.inode = facts.st_ino;
  identity.head_bytes =
      std::min(kHeadBytesMax, static_cast<std::uint64_t>(std::max<off_t>(facts.st_size, 0)));
  BQCDC_ASSIGN_OR_RETURN(identity.head_sha256, HashRange(path, fd, 0, identity.head_bytes));
  return identity;
}

}  // namespace bqcdc::checkpoint
