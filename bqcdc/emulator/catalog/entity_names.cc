#include "bqcdc/emulator/catalog/entity_names.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::catalog {
namespace {

constexpr size_t kDatasetNameCharactersMax = 1024;
constexpr size_t kTableNameBytesMax = 1024;

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool IsDatasetName(std::string_view name) {
  if (name.empty() || name.size() > kDatasetNameCharactersMax) return false;
  for (const char c : name) {
    if (!IsWordCharacter(c)) return false;
  }
  return true;
}

// Letters, marks, numbers, connectors, dashes and spaces of Unicode: everything beyond ASCII is taken as one
// of these.
bool IsTableName(std::string_view name) {
  if (name.empty() || name.size() > kTableNameBytesMax) return false;
  for (const char c : name) {
    if (!IsWordCharacter(c) && c != '-' && c != ' ' && static_cast<unsigned char>(c) < 0x80) return false;
  }
  return true;
}

}  // namespace

absl::Status CheckDatasetName(std::string_view name) {
  if (IsDatasetName(name)) return absl::OkStatus();
  return errors::Invalid(
      base::StrCat("Invalid dataset ID \"", name,
                   "\". Dataset IDs must be alphanumeric (plus underscores) and must be at most ",
                   kDatasetNameCharactersMax, " characters long."));
}

absl::Status CheckTableName(std::string_view name) {
  if (IsTableName(name)) return absl::OkStatus();
  return errors::Invalid(
      base::StrCat("Invalid table ID \"", name,
                   "\". Table IDs must be alphanumeric (plus underscores, dashes and spaces) and must be at "
                   "most ",
                   kTableNameBytesMax, " characters long. Also, Table decorators cannot be used."));
}

}  // namespace bqcdc::emulator::catalog
