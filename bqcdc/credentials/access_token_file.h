#pragma once

#include <sys/stat.h>

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "bqcdc/credentials/token_source.h"

namespace bqcdc::credentials {

// --access-token-file: a file that somebody else writes a bearer token into, ended by a newline or not. It is
// read again when it has changed (device, inode, size, times). While a rewritten file is missing or empty the
// token from before serves on, as a writer that truncates and then writes leaves a moment between.
// Thread-safe.
class AccessTokenFile final : public TokenSource {
 public:
  explicit AccessTokenFile(std::string path) : path_(std::move(path)) {}

  // Errors: InvalidArgument naming the file where it cannot be read or holds no token.
  absl::StatusOr<std::string> Token() override;
  void Refused(const std::string& token) override;

 private:
  absl::StatusOr<std::string> Read() const;
  bool IsUnchanged(const struct stat& now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  absl::Mutex mutex_;
  std::string held_ ABSL_GUARDED_BY(mutex_);
  struct stat seen_ ABSL_GUARDED_BY(mutex_) = {};
};

}  // namespace bqcdc::credentials
