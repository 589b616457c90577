#include "tests/oracle/random_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"

namespace bqcdc::oracle {
namespace {

using schema::Column;
using schema::ColumnMode;
using schema::ColumnType;

constexpr int kDepthMax = 3;
constexpr int kNumericPrecision = 38, kNumericScale = 9;
constexpr int kBigNumericPrecision = 76, kBigNumericScale = 38;
// Those of https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types.
constexpr int64_t kDateMin = -719'162, kDateMax = 2'932'896;
constexpr int64_t kTimestampMin = -62'135'596'800'000'000, kTimestampMax = 253'402'300'799'999'999;
constexpr int64_t kTimeMax = 86'399'999'999;
constexpr int64_t kMonthsMax = 120'000, kDaysMax = 3'660'000, kMicrosMax = 316'224'000'000'000'000;
constexpr const char* kBigNumericLimits[] = {
    "-578960446186580977117854925043439539266.34992332820282019728792003956564819968",
    "578960446186580977117854925043439539266.34992332820282019728792003956564819967"};

int64_t Between(Random& random, int64_t low, int64_t high) {
  return std::uniform_int_distribution<int64_t>(low, high)(random);
}
bool Percent(Random& random, int percent) { return Between(random, 1, 100) <= percent; }
template <typename T>
T Pick(Random& random, std::initializer_list<T> values) {
  return values.begin()[Between(random, 0, static_cast<int64_t>(values.size()) - 1)];
}

// Either end of the range, or somewhere in it, or near zero.
int64_t AtLimits(Random& random, int64_t low, int64_t high) {
  switch (Between(random, 0, 5)) {
    case 0:
      return low;
    case 1:
      return high;
    case 2:
      return std::clamp<int64_t>(Between(random, -2, 2), low, high);
    default:
      return Between(random, low, high);
  }
}

std::string Digits(Random& random, int64_t count) {
  const char all = Pick(random, {'9', '0', 'r'});
  std::string digits;
  for (int64_t i = 0; i < count; ++i)
    digits += all == 'r' ? static_cast<char>('0' + Between(random, 0, 9)) : all;
  return digits;
}

// As many digits as the type takes, or fewer; without zeros that do not count.
std::string RandomDecimal(Random& random, const Column& column) {
  const bool big = column.type == ColumnType::kBigNumeric;
  if (big && !column.precision && Percent(random, 20)) return kBigNumericLimits[Between(random, 0, 1)];
  const int64_t scale =
      column.precision ? column.scale.value_or(0) : (big ? kBigNumericScale : kNumericScale);
  const int64_t precision = column.precision.value_or(big ? kBigNumericPrecision : kNumericPrecision);
  const bool full = Percent(random, 40);
  std::string whole = Digits(random, full ? precision - scale : Between(random, 0, precision - scale));
  std::string fraction = Digits(random, full ? scale : Between(random, 0, scale));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size()));
  while (fraction.ends_with('0')) fraction.pop_back();
  if (whole.empty() && fraction.empty()) return "0";
  return absl::StrCat(Percent(random, 50) ? "-" : "", whole.empty() ? "0" : whole,
                      fraction.empty() ? "" : ".", fraction);
}

double RandomDouble(Random& random) {
  using Limits = std::numeric_limits<double>;
  switch (Between(random, 0, 2)) {
    case 0:
      return Pick(random, {0.0, -0.0, Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min(),
                           Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), 0.1});
    case 1:
      return static_cast<double>(Between(random, -1000, 1000)) / 8;
    default:
      return std::bit_cast<double>(random());
  }
}

std::string RandomText(Random& random, const Column& column) {
  const int64_t length = std::min<int64_t>(column.max_length.value_or(40), Between(random, 0, 40));
  if (column.type == ColumnType::kBytes) {
    std::string bytes;
    for (int64_t i = 0; i < length; ++i)
      bytes += static_cast<char>(Pick<int64_t>(random, {0, 255, Between(random, 0, 255)}));
    return bytes;
  }
  // One, two, three and four bytes of UTF-8; NUL is a character too. DuckDB keeps up to twelve bytes in
  // place.
  std::string text;
  for (int64_t i = 0; i < length; ++i)
    text +=
        Pick<std::string>(random, {"a", "Z", "'", "\"", "\\", std::string(1, '\0'), "ß", "語", "\U0001F980"});
  return text;
}

std::string RandomScalar(Random& random, const Column& column) {
  switch (column.type) {
    case ColumnType::kBool:
      return Percent(random, 50) ? "true" : "false";
    case ColumnType::kInt64:
      return absl::StrCat(
          AtLimits(random, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
    case ColumnType::kFloat64:
      return FloatText(RandomDouble(random));
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return RandomDecimal(random, column);
    case ColumnType::kString:
    case ColumnType::kBytes:
      return RandomText(random, column);
    case ColumnType::kDate:
      return absl::StrCat(AtLimits(random, kDateMin, kDateMax));
    case ColumnType::kTime:
      return absl::StrCat(AtLimits(random, 0, kTimeMax));
    case ColumnType::kDatetime:
      return absl::StrCat(AtLimits(random, kTimestampMin, kTimestampMax));
    case ColumnType::kTimestamp: {
      const int64_t micros = AtLimits(random, kTimestampMin, kTimestampMax);
      if (!column.picoseconds()) return absl::StrCat(micros);
      // Values that differ below the microsecond only are different ones.
      return IntegerText(static_cast<__int128>(micros) * 1'000'000 +
                         Pick<int64_t>(random, {0, 1, 999'999, Between(random, 0, 999'999)}));
    }
    case ColumnType::kInterval:
      return absl::StrCat(AtLimits(random, -kMonthsMax, kMonthsMax), " ",
                          AtLimits(random, -kDaysMax, kDaysMax), " ",
                          AtLimits(random, -kMicrosMax, kMicrosMax));
    case ColumnType::kJson:
      return Pick<std::string>(
          random, {"null", "{}", "[]", R"({"a":[1,2.5,null],"ß":"\u0000"})", "\"\"", "18446744073709551615"});
    case ColumnType::kGeography:
      return Pick<std::string>(random, {"POINT(-180 90)", "LINESTRING(0 0, 1 1)", "GEOMETRYCOLLECTION EMPTY",
                                        "POLYGON((0 0, 1 0, 1 1, 0 0))"});
    case ColumnType::kRange:
    case ColumnType::kStruct:
      break;
  }
  return "";
}

Value RandomRange(Random& random, const Column& column) {
  const bool date = column.range_element_type == ColumnType::kDate;
  const int64_t low = date ? kDateMin : kTimestampMin, high = date ? kDateMax : kTimestampMax;
  const int64_t start = std::min(AtLimits(random, low, high), high - 1);
  const int64_t end = Between(random, start + 1, high);
  Value range = Composite({Scalar(absl::StrCat(start)), Scalar(absl::StrCat(end))});
  for (Value& bound : range.parts) {
    if (Percent(random, 20)) bound = {};
  }
  return range;
}

Value RandomElement(Random& random, const Column& column) {
  if (column.type == ColumnType::kRange) return RandomRange(random, column);
  if (column.type != ColumnType::kStruct) return Scalar(RandomScalar(random, column));
  Value value = Composite({});
  for (const Column& field : column.fields) value.parts.push_back(RandomValue(random, field));
  return value;
}

void AddParameters(Random& random, Column& column) {
  switch (column.type) {
    case ColumnType::kString:
    case ColumnType::kBytes:
      if (Percent(random, 30)) column.max_length = Between(random, 1, 30);
      break;
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      if (Percent(random, 50)) {
        const bool big = column.type == ColumnType::kBigNumeric;
        column.scale = Between(random, 0, big ? kBigNumericScale : kNumericScale);
        column.precision = *column.scale + Between(random, 1, big ? 38 : 29);
      }
      break;
    case ColumnType::kTimestamp:
      if (Percent(random, 40)) column.timestamp_precision = 12;
      break;
    case ColumnType::kRange:
      column.range_element_type =
          Pick(random, {ColumnType::kDate, ColumnType::kDatetime, ColumnType::kTimestamp});
      break;
    default:
      break;
  }
}

Column RandomColumnAt(Random& random, const std::string& name, int depth) {
  Column column;
  column.name = name;
  const int last = schema::kColumnTypeCount - (depth < kDepthMax ? 1 : 2);  // STRUCT is the last type
  column.type = static_cast<ColumnType>(Between(random, 0, last));
  if (depth == 1 && Percent(random, 15)) column.type = ColumnType::kStruct;
  column.mode = Percent(random, 25)   ? ColumnMode::kRepeated
                : Percent(random, 15) ? ColumnMode::kRequired
                                      : ColumnMode::kNullable;
  AddParameters(random, column);
  if (column.type != ColumnType::kStruct) return column;
  for (int64_t i = 0, count = Between(random, 1, 3); i < count; ++i) {
    column.fields.push_back(RandomColumnAt(random, absl::StrCat("f", i), depth + 1));
  }
  return column;
}

// Another type or other parameters that take every value of the present ones. Of a field of a STRUCT only
// what the server does not refuse.
bool Widen(Random& random, Column& column, bool field) {
  switch (column.type) {
    case ColumnType::kString:
    case ColumnType::kBytes:
      if (!column.max_length) return false;
      column.max_length = Percent(random, 50) ? std::optional(*column.max_length + 5) : std::nullopt;
      return true;
    case ColumnType::kInt64:
      column.type = field
                        ? Pick(random, {ColumnType::kNumeric, ColumnType::kFloat64})
                        : Pick(random, {ColumnType::kNumeric, ColumnType::kBigNumeric, ColumnType::kFloat64});
      return true;
    case ColumnType::kNumeric:
      if (column.precision && (field || Percent(random, 50))) {
        column.precision = column.scale = std::nullopt;
        return true;
      }
      if (field) return false;
      column.precision = column.scale = std::nullopt;
      column.type = Pick(random, {ColumnType::kBigNumeric, ColumnType::kFloat64});
      return true;
    case ColumnType::kBigNumeric:
      if (!column.precision) return false;
      column.precision = column.scale = std::nullopt;
      return true;
    case ColumnType::kStruct: {
      const int64_t index = Between(random, 0, static_cast<int64_t>(column.fields.size()) - 1);
      return Widen(random, column.fields[index], true);
    }
    default:
      return false;
  }
}

void AddField(Random& random, Column& column) {
  if (Percent(random, 40)) {
    for (Column& field : column.fields) {
      if (field.type == ColumnType::kStruct) return AddField(random, field);
    }
  }
  Column field = RandomColumnAt(random, absl::StrCat("f", column.fields.size()), kDepthMax);
  if (field.required()) field.mode = ColumnMode::kNullable;
  column.fields.push_back(std::move(field));
}

}  // namespace

std::vector<Column> RandomKeyColumns(Random& random) {
  std::vector<Column> columns;
  for (int64_t i = 0, count = Pick<int64_t>(random, {1, 2, 2, 2, 3, 4, 7}); i < count; ++i) {
    Column column;
    column.name = absl::StrCat("k", i);
    // A STRING more often than others, and a TIMESTAMP(12) too: their comparisons have most to get wrong.
    if (i == 1 && columns[0].type == ColumnType::kString && Percent(random, 60)) {
      // Two texts in a row.
    } else if (Percent(random, 10)) {
      column.type = ColumnType::kTimestamp;
      column.timestamp_precision = 12;
    } else if (Percent(random, 70)) {
      do {
        column.type = static_cast<ColumnType>(Between(random, 0, schema::kColumnTypeCount - 1));
      } while (!schema::IsKeyType(column.type));
    }
    if (!column.picoseconds()) AddParameters(random, column);
    columns.push_back(std::move(column));
  }
  return columns;
}

Column RandomColumn(Random& random, const std::string& name) { return RandomColumnAt(random, name, 1); }

Value RandomValue(Random& random, const Column& column) {
  if (column.repeated()) {
    Value list = Composite({});
    Column element = column;
    element.mode = ColumnMode::kRequired;
    for (int64_t left = Between(random, 0, 3); left > 0; --left)
      list.parts.push_back(RandomElement(random, element));
    return list.parts.empty() ? Value() : list;
  }
  if (!column.required() && Percent(random, 15)) return {};
  return RandomElement(random, column);
}

std::optional<SchemaChange> RandomChange(Random& random, const Column& column) {
  if (Percent(random, 25)) return SchemaChange{.before = column};
  Column after = column;
  if (column.required() && Percent(random, 50)) {
    after.mode = ColumnMode::kNullable;
  } else if (column.type == ColumnType::kStruct && Percent(random, 60)) {
    AddField(random, after);
  } else if (!Widen(random, after, /*field=*/false)) {
    return std::nullopt;
  }
  return SchemaChange{.before = column, .after = std::move(after)};
}

}  // namespace bqcdc::oracle
