#include "bqcdc/emulator/convert/writer_plan.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::convert {
namespace {

constexpr uint32_t kDenseNumberMax = 2048;

}  // namespace

void MessagePlan::BuildLookup() {
  uint32_t dense_max = 0;
  for (const FieldPlan& field : fields) {
    if (field.number <= kDenseNumberMax) dense_max = field.number;
  }
  dense_.assign(dense_max + 1, -1);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].number <= dense_max) dense_[fields[i].number] = static_cast<int16_t>(i);
  }
}

int MessagePlan::Find(uint32_t number, size_t hint) const {
  if (hint < fields.size() && fields[hint].number == number) return static_cast<int>(hint);
  if (number < dense_.size()) return dense_[number];
  const auto found = std::lower_bound(fields.begin(), fields.end(), number,
                                      [](const FieldPlan& field, uint32_t n) { return field.number < n; });
  return found != fields.end() && found->number == number ? static_cast<int>(found - fields.begin()) : -1;
}

bool IsPseudoColumn(std::string_view name) {
  return absl::EqualsIgnoreCase(base::ToAbsl(name), base::ToAbsl(kChangeTypeName)) ||
         absl::EqualsIgnoreCase(base::ToAbsl(name), base::ToAbsl(kSequenceNumberName));
}

}  // namespace bqcdc::emulator::convert
