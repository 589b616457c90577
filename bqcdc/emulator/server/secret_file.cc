#include "bqcdc/emulator/server/secret_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::server {
namespace {

template <typename... Pieces>
absl::Status Unfit(const Pieces&... pieces) {
  return base::Error(absl::StatusCode::kFailedPrecondition, pieces...);
}

bool IsPrintable(const std::string& text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& flag, const std::string& path,
                                          std::size_t bytes_max) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(bytes_max + 1, '\0');
  if (stream) stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad())
    return Unfit(flag, " ", path, " cannot be read: ", std::strerror(errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > bytes_max)
    return Unfit(flag, " ", path, " is larger than the limit of ", bytes_max, " bytes");
  return text;
}

absl::StatusOr<std::vector<std::string>> ReadBearerTokens(const std::string& path) {
  const std::string flag = "--bearer-token-file";
  BQCDC_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(flag, path, kTokenFileBytesMax));
  std::vector<std::string> tokens;
  int number = 0;
  for (const absl::string_view piece : absl::StrSplit(text, '\n')) {
    ++number;
    std::string line(absl::StripAsciiWhitespace(piece));
    if (line.empty() || line[0] == '#') continue;
    if (!IsPrintable(line)) {
      return Unfit(flag, " ", path, ": line ", number,
                   " holds blanks or characters that cannot be sent in a header");
    }
    tokens.push_back(std::move(line));
  }
  if (tokens.empty())
    return Unfit(flag, " ", path, " holds no token; write one a line (openssl rand -hex 32)");
  return tokens;
}

}  // namespace bqcdc::emulator::server
