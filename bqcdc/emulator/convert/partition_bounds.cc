#include "bqcdc/emulator/convert/partition_bounds.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::convert {
namespace {

constexpr int64_t kMicrosPerDay = int64_t{24} * 3600 * 1'000'000;

int64_t DayOf(int64_t micros) {
  const int64_t day = micros / kMicrosPerDay;
  return micros % kMicrosPerDay < 0 ? day - 1 : day;
}

}  // namespace

std::optional<PartitionBounds> PartitionBounds::Of(const catalog::Table& table, absl::Time now) {
  if (!table.time_partitioning || table.time_partitioning->field.empty()) return std::nullopt;
  const std::optional<size_t> index = table.schema.FindColumnIndex(table.time_partitioning->field);
  if (!index) return std::nullopt;
  const schema::Column& column = table.schema.columns[*index];
  return PartitionBounds(
      *index, column.type == schema::ColumnType::kDate, DayOf(absl::ToUnixMicros(now)),
      base::StrCat("field ", column.name, " of the destination table ", table.id.ToString()));
}

std::optional<std::string> PartitionBounds::FaultOf(const engine::VectorReader& values, size_t row) const {
  if (values.IsNull(row)) return std::nullopt;
  const int64_t value = is_date_ ? values.Int32(row) : values.Int64(row);
  const int64_t days_ahead = (is_date_ ? value : DayOf(value)) - today_;
  if (days_ahead >= -kDaysBackMax && days_ahead <= kDaysAheadMax) return std::nullopt;
  return absl::StrCat("Value ", value, " for ", target_,
                      " is outside the allowed bounds. You can only stream to date range within ",
                      kDaysBackMax, " days in the past and ", kDaysAheadMax,
                      " days in the future relative to the current date.");
}

}  // namespace bqcdc::emulator::convert
