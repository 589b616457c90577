#include "bqcdc/emulator/handlers/gzip.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/strings.h"
#include "zlib.h"

namespace bqcdc::emulator::handlers {
namespace {

constexpr int kGzipWindowBits = MAX_WBITS + 16;  // zlib.h: 16 more asks for gzip's header
constexpr int kMemoryLevel = 8;

// "gzip;q=0.5": the coding, and whether its weight is above 0.
bool Takes(std::string_view item, std::string_view coding) {
  const std::vector<std::string> parts = absl::StrSplit(base::ToAbsl(item), ';');
  if (absl::StripAsciiWhitespace(parts[0]) != base::ToAbsl(coding)) return false;
  for (size_t i = 1; i < parts.size(); ++i) {
    absl::string_view parameter = absl::StripAsciiWhitespace(parts[i]);
    double weight = 0;
    if (absl::ConsumePrefix(&parameter, "q=") && absl::SimpleAtod(parameter, &weight) && weight <= 0)
      return false;
  }
  return true;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  for (const absl::string_view item : absl::StrSplit(base::ToAbsl(accept_encoding), ',')) {
    if (Takes(base::ToStd(item), "gzip")) return true;
  }
  return false;
}

std::optional<std::string> Gzip(std::string_view text) {
  z_stream stream = {};
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return std::nullopt;
  std::string packed(deflateBound(&stream, text.size()), '\0');
  // zlib does not write to what it reads, though its type says so.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (!done) return std::nullopt;
  return packed;
}

}  // namespace bqcdc::emulator::handlers
