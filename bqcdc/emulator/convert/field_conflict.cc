#include "bqcdc/emulator/convert/field_conflict.h"

#include "absl/strings/cord.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::convert {
namespace {

constexpr char kExtraFieldsUrl[] = "bqcdc/extra-fields";
constexpr char kMismatchedFieldUrl[] = "bqcdc/mismatched-field";

}  // namespace

absl::Status ExtraFields(std::string_view names) {
  absl::Status status =
      base::InvalidArgument("Input schema has more fields than BigQuery schema, extra fields: '", names, "'");
  status.SetPayload(kExtraFieldsUrl, absl::Cord(base::ToAbsl(names)));
  return status;
}

absl::Status MismatchedField(std::string_view name, std::string_view text) {
  absl::Status status = base::InvalidArgument(text);
  status.SetPayload(kMismatchedFieldUrl, absl::Cord(base::ToAbsl(name)));
  return status;
}

std::optional<FieldConflict> FieldConflictOf(const absl::Status& status) {
  const auto extra = status.GetPayload(kExtraFieldsUrl);
  const auto mismatched = status.GetPayload(kMismatchedFieldUrl);
  if (!extra && !mismatched) return std::nullopt;
  return FieldConflict{std::string(extra.value_or(absl::Cord())),
                       std::string(mismatched.value_or(absl::Cord()))};
}

}  // namespace bqcdc::emulator::convert
