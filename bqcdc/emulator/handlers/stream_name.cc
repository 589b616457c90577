#include "bqcdc/emulator/handlers/stream_name.h"

#include <vector>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/handlers/append_errors.h"

namespace bqcdc::emulator::handlers {
namespace {

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string StreamName::TableName() const {
  return base::StrCat("projects/", table.project, "/datasets/", table.dataset, "/tables/", table.table);
}

std::string StreamName::Entity() const {
  return base::StrCat(TableName(), is_default() ? "/" : "/streams/", stream);
}

absl::StatusOr<StreamName> ParseStreamName(std::string_view name) {
  const absl::Status malformed = InvalidStreamName(name);
  if (name.size() > kStreamNameBytesMax) return malformed;
  const std::vector<std::string_view> parts = SplitPath(name);
  if (parts.size() < 7 || parts.size() > 8) return malformed;
  if (parts[0] != "projects" || parts[2] != "datasets" || parts[4] != "tables") return malformed;
  for (std::string_view part : parts) {
    if (part.empty()) return malformed;
  }
  const bool short_form = parts.size() == 7;
  if (short_form ? parts[6] != "_default" : parts[6] != "streams") return malformed;
  return StreamName{{std::string(parts[1]), std::string(parts[3]), std::string(parts[5])},
                    std::string(parts.back())};
}

absl::StatusOr<StreamName> ParseParentName(std::string_view name) {
  auto parsed = ParseStreamName(base::StrCat(name, "/_default"));
  // One that ends in /streams is a stream's beginning.
  if (parsed.ok() && parsed->TableName() == name) return parsed;
  return InvalidTableName(name);
}

}  // namespace bqcdc::emulator::handlers
