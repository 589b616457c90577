#include "bqcdc/cli/bench_rows.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "bqcdc/base/status_macros.h"

namespace bqcdc::cli {
namespace {

using Json = nlohmann::json;
using schema::Column;
using schema::ColumnType;

constexpr std::size_t kElements = 2;      // of a REPEATED column
constexpr std::size_t kBesidesBytes = 6;  // of a value that is no text, with its tag, about
constexpr int kDaysOfKeys = 2'900'000;    // to the year 9999
constexpr int kRangeDays = 30;

const absl::CivilDay kFirstDay(2024, 1, 1);

bool TakesText(ColumnType type) {
  return type == ColumnType::kString || type == ColumnType::kBytes || type == ColumnType::kJson;
}

struct Leaves {
  std::size_t texts = 0, others = 0;
};

void Count(const std::vector<Column>& columns, std::size_t times, Leaves& leaves) {
  for (const Column& column : columns) {
    const std::size_t values = column.repeated() ? times * kElements : times;
    if (column.type == ColumnType::kStruct) {
      Count(column.fields, values, leaves);
    } else {
      (TakesText(column.type) ? leaves.texts : leaves.others) += values;
    }
  }
}

bool NeedsJson(const Column& column) {
  return column.type == ColumnType::kStruct || column.type == ColumnType::kRange;
}

absl::CivilDay DayOf(std::int64_t value, bool is_key) {
  return kFirstDay + value % (is_key ? kDaysOfKeys : 365);
}

absl::Time TimeOf(std::int64_t value) {
  return absl::FromCivil(kFirstDay, absl::UTCTimeZone()) + absl::Microseconds(value);
}

// A number with so few digits before the point as the column takes.
std::int64_t NumberOf(const Column& column, std::int64_t value, bool is_key) {
  if (is_key || !column.precision.has_value()) return value;
  std::int64_t limit = 1;
  for (std::int64_t digits = std::min<std::int64_t>(*column.precision - column.scale.value_or(0), 18);
       digits > 0; --digits)
    limit *= 10;
  return value % limit;
}

std::string RangeText(const Column& column, std::int64_t value) {
  const absl::CivilDay start = DayOf(value, false);
  const char* time = column.range_element_type == ColumnType::kDate       ? ""
                     : column.range_element_type == ColumnType::kDatetime ? " 00:00:00"
                                                                          : " 00:00:00+00";
  return absl::StrCat("[", absl::FormatCivilTime(start), time, ", ",
                      absl::FormatCivilTime(start + kRangeDays), time, ")");
}

// A value of a type that has no kind of its own in JSON, as `bqcdc stream` reads it.
std::string TextOf(const Column& column, std::int64_t value, bool is_key) {
  const auto format = [value](const char* form) {
    return absl::FormatTime(form, TimeOf(value), absl::UTCTimeZone());
  };
  switch (column.type) {
    case ColumnType::kDate:
      return absl::FormatCivilTime(DayOf(value, is_key));
    case ColumnType::kDatetime:
      return format("%Y-%m-%d %H:%M:%E6S");
    case ColumnType::kTime:
      return format("%H:%M:%E6S");
    case ColumnType::kTimestamp:
      return format("%Y-%m-%dT%H:%M:%E6SZ");
    case ColumnType::kInterval:
      return absl::StrCat("0-0 ", value % 1000, " 0:0:0");
    case ColumnType::kGeography:
      return absl::StrCat("POINT(", value % 180, " ", value % 90, ")");
    default:
      return RangeText(column, value);
  }
}

}  // namespace

BenchChanges::Change BenchChanges::At(std::int64_t number) const {
  // The share comes out in each hundred.
  const std::int64_t place = number % 100;
  const bool is_delete = (place + 1) * deletes_percent_ / 100 > place * deletes_percent_ / 100;
  if (!is_delete) return {ChangeType::kUpsert, number % keys_};
  return {ChangeType::kDelete, std::max<std::int64_t>(number - 1, 0) % keys_};
}

std::int64_t BenchChanges::RowsAfter(std::int64_t changes) const {
  const std::int64_t keys = std::min(keys_, changes);
  std::vector<bool> seen(static_cast<std::size_t>(keys));
  std::int64_t rows = 0, seen_count = 0;
  // The last change of a key decides.
  for (std::int64_t number = changes; number-- > 0 && seen_count < keys;) {
    const Change change = At(number);
    const auto key = static_cast<std::size_t>(change.key);
    if (seen[key]) continue;
    seen[key] = true;
    ++seen_count;
    if (change.type == ChangeType::kUpsert) ++rows;
  }
  return rows;
}

BenchRows::BenchRows(const schema::TableSchema& schema, std::vector<ColumnHandle> handles)
    : schema_(&schema), handles_(std::move(handles)) {
  for (const Column& column : schema.columns) {
    is_key_.push_back(schema.KeyPosition(column.name).has_value());
    as_json_ = as_json_ || NeedsJson(column);
  }
}

absl::StatusOr<BenchRows> BenchRows::Create(const schema::TableSchema& schema, const TableWriter& table,
                                            std::size_t row_bytes) {
  std::vector<ColumnHandle> handles;
  for (const Column& column : schema.columns) {
    BQCDC_ASSIGN_OR_RETURN(handles.emplace_back(), table.Column(column.name));
  }
  BenchRows rows(schema, std::move(handles));
  Leaves leaves;
  Count(schema.columns, 1, leaves);
  const std::size_t others = leaves.others * kBesidesBytes;
  if (leaves.texts > 0 && row_bytes > others) rows.filler_.assign((row_bytes - others) / leaves.texts, 'x');
  return rows;
}

absl::Status BenchRows::Append(TableWriter& table, const BenchChanges::Change& change, std::int64_t number,
                               const SequenceNumber& sequence) const {
  const bool is_delete = change.type == ChangeType::kDelete;
  if (as_json_ && !is_delete) {
    Json object = {{"_CHANGE_TYPE", "UPSERT"}};
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      const Column& column = schema_->columns[i];
      object[column.name] = ValueOf(column, is_key_[i] ? change.key : number, is_key_[i]);
    }
    return table.AppendJson(object.dump(), sequence);
  }
  return table.Append(change.type, sequence, [&](Row& row) {
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      if (is_key_[i]) {
        Set(row, i, change.key);
      } else if (!is_delete) {
        for (std::size_t n = 0; n < (schema_->columns[i].repeated() ? kElements : 1); ++n)
          Set(row, i, number + static_cast<std::int64_t>(n));
      }
    }
  });
}

std::string_view BenchRows::FillerOf(const Column& column) const {
  const auto length = static_cast<std::size_t>(column.max_length.value_or(std::numeric_limits<int>::max()));
  return std::string_view(filler_).substr(0, length);
}

void BenchRows::Set(Row& row, std::size_t index, std::int64_t value) const {
  const Column& column = schema_->columns[index];
  const ColumnHandle handle = handles_[index];
  const bool is_key = is_key_[index];
  const std::string_view filler = FillerOf(column);
  switch (column.type) {
    case ColumnType::kBool:
      row.SetBool(handle, value % 2 == 1);
      break;
    case ColumnType::kInt64:
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      row.SetInt64(handle, NumberOf(column, value, is_key));
      break;
    case ColumnType::kFloat64:
      row.SetDouble(handle, static_cast<double>(value) / 2);
      break;
    case ColumnType::kString:
      is_key ? row.SetText(handle, absl::StrCat(value)) : row.SetText(handle, filler);
      break;
    case ColumnType::kBytes:
      is_key ? row.SetBytes(handle, absl::StrCat(value)) : row.SetBytes(handle, filler);
      break;
    case ColumnType::kDate:
      row.SetDate(handle, DayOf(value, is_key));
      break;
    case ColumnType::kTimestamp:
      row.SetTimestamp(handle, TimeOf(value));
      break;
    case ColumnType::kJson:
      row.SetText(handle, ElementOf(column, value, is_key).dump());
      break;
    default:
      row.SetText(handle, TextOf(column, value, is_key));
  }
}

Json BenchRows::ValueOf(const Column& column, std::int64_t value, bool is_key) const {
  if (!column.repeated()) return ElementOf(column, value, is_key);
  Json list = Json::array();
  for (std::size_t n = 0; n < kElements; ++n)
    list.push_back(ElementOf(column, value + static_cast<std::int64_t>(n), is_key));
  return list;
}

Json BenchRows::ElementOf(const Column& column, std::int64_t value, bool is_key) const {
  const auto text = [&] { return is_key ? absl::StrCat(value) : std::string(FillerOf(column)); };
  switch (column.type) {
    case ColumnType::kBool:
      return value % 2 == 1;
    case ColumnType::kInt64:
    case ColumnType::kNumeric:
    case ColumnType::kBigNumeric:
      return NumberOf(column, value, is_key);
    case ColumnType::kFloat64:
      return static_cast<double>(value) / 2;
    case ColumnType::kString:
      return text();
    case ColumnType::kBytes:
      return absl::Base64Escape(text());
    case ColumnType::kJson:
      return {{"n", value}, {"text", filler_}};
    case ColumnType::kStruct: {
      Json object = Json::object();
      for (const Column& field : column.fields) object[field.name] = ValueOf(field, value, false);
      return object;
    }
    default:
      return TextOf(column, value, is_key);
  }
}

}  // namespace bqcdc::cli
