#include "bqcdc/emulator/engine/partition_expiry.h"

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/engine/storage_type.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::engine {
namespace {

constexpr int64_t kPicosPerMicro = 1'000'000;

template <typename Civil>
absl::Time NextBeginning(absl::Time time) {
  const Civil unit(absl::ToCivilSecond(time, absl::UTCTimeZone()));
  return absl::FromCivil(absl::CivilSecond(unit + 1), absl::UTCTimeZone());
}

// Where the first partition begins that begins after `time`.
absl::Time NextPartition(const std::string& type, absl::Time time) {
  if (type == "HOUR") return NextBeginning<absl::CivilHour>(time);
  if (type == "MONTH") return NextBeginning<absl::CivilMonth>(time);
  if (type == "YEAR") return NextBeginning<absl::CivilYear>(time);
  return NextBeginning<absl::CivilDay>(time);
}

// `time` as a constant that compares with the column's stored values.
std::string ConstantSql(const schema::Column& column, absl::Time time) {
  const std::string text = QuoteLiteral(absl::FormatTime("%Y-%m-%d %H:%M:%S", time, absl::UTCTimeZone()));
  switch (column.type) {
    case schema::ColumnType::kDate:
      return base::StrCat("CAST(CAST(", text, " AS TIMESTAMP) AS DATE)");
    case schema::ColumnType::kDatetime:
      return base::StrCat("CAST(", text, " AS TIMESTAMP)");
    default:
      if (!column.picoseconds()) return base::StrCat("make_timestamptz(", absl::ToUnixMicros(time), ")");
      return base::StrCat("CAST(", absl::ToUnixMicros(time), " AS HUGEINT) * ", kPicosPerMicro);
  }
}

}  // namespace

std::string KeptRowsCondition(const catalog::Table& table, int64_t now_us) {
  if (!table.time_partitioning || !table.time_partitioning->expiration_ms) return "";
  const catalog::TimePartitioning& partitioning = *table.time_partitioning;
  const absl::Time kept = NextPartition(
      partitioning.type, absl::FromUnixMicros(now_us) - absl::Milliseconds(*partitioning.expiration_ms));
  if (absl::ToUnixMicros(kept) <= values::kTimestampMin) return "";  // no value is older
  if (partitioning.field.empty()) return base::StrCat("\"$ingest\" >= ", absl::ToUnixMicros(kept));
  const schema::Column* column = table.schema.FindColumn(partitioning.field);
  if (column == nullptr) return "";
  const std::string name = QuoteIdentifier(column->name);
  return base::StrCat("(", name, " >= ", ConstantSql(*column, kept), " OR ", name, " IS NULL)");
}

}  // namespace bqcdc::emulator::engine
