#include "tests/oracle/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace bqcdc::oracle {
namespace {

Value Adapted(const Value& value, const schema::Column& before, const schema::Column& after);

Value AdaptedElement(const Value& value, const schema::Column& before, const schema::Column& after) {
  Value adapted = value;
  if (before.type != after.type && after.type == schema::ColumnType::kFloat64) {
    adapted.text = FloatText(std::strtod(value.text.c_str(), nullptr));
  }
  if (before.type != schema::ColumnType::kStruct) return adapted;
  for (size_t i = 0; i < before.fields.size(); ++i) {
    adapted.parts[i] = Adapted(value.parts[i], before.fields[i], after.fields[i]);
  }
  adapted.parts.resize(after.fields.size());
  return adapted;
}

Value Adapted(const Value& value, const schema::Column& before, const schema::Column& after) {
  if (value.null) return value;
  if (!before.repeated()) return AdaptedElement(value, before, after);
  Value adapted = value;
  for (Value& element : adapted.parts) element = AdaptedElement(element, before, after);
  return adapted;
}

}  // namespace

std::strong_ordering operator<=>(const Value& a, const Value& b) {
  if (a.null != b.null) return a.null <=> b.null;
  if (const auto order = a.text.compare(b.text); order != 0) return order <=> 0;
  for (size_t i = 0; i < a.parts.size() && i < b.parts.size(); ++i) {
    if (const auto order = a.parts[i] <=> b.parts[i]; order != 0) return order;
  }
  return a.parts.size() <=> b.parts.size();
}

void Adapt(const SchemaChange& change, std::vector<schema::Column>& columns) {
  if (!change.before) return columns.push_back(*change.after);
  const auto column = std::find_if(columns.begin(), columns.end(), [&](const schema::Column& candidate) {
    return candidate.name == change.before->name;
  });
  if (change.after) {
    *column = *change.after;
  } else {
    columns.erase(column);
  }
}

void Adapt(const SchemaChange& change, Cells& cells) {
  if (!change.before) return;
  const auto cell = cells.find(change.before->name);
  if (cell == cells.end()) return;
  if (change.after) {
    cell->second = Adapted(cell->second, *change.before, *change.after);
  } else {
    cells.erase(cell);
  }
}

std::string IntegerText(__int128 value) {
  std::string digits;
  const bool negative = value < 0;
  do {
    const int digit = static_cast<int>(value % 10);
    digits += static_cast<char>('0' + (negative ? -digit : digit));
    value /= 10;
  } while (value != 0);
  if (negative) digits += '-';
  return {digits.rbegin(), digits.rend()};
}

std::string FloatText(double value) {
  if (std::isnan(value)) return "nan";
  if (value == 0) return "0";
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof text, value).ptr);
}

std::string Print(const Value& value) {
  if (value.null) return "NULL";
  if (value.parts.empty()) return absl::StrCat("'", absl::CHexEscape(value.text), "'");
  return absl::StrCat(
      "[",
      absl::StrJoin(value.parts, ",",
                    [](std::string* out, const Value& part) { absl::StrAppend(out, Print(part)); }),
      "]");
}

std::string Print(const Cells& cells) {
  return absl::StrJoin(cells, " ", [](std::string* out, const auto& cell) {
    absl::StrAppend(out, cell.first, "=", Print(cell.second));
  });
}

std::string Print(const SchemaChange& change) {
  const auto described = [](const schema::Column& column) {
    return absl::StrCat(column.name, " ", schema::SqlType(column), column.required() ? " NOT NULL" : "");
  };
  if (!change.before) return absl::StrCat("add ", described(*change.after));
  if (!change.after) return absl::StrCat("drop ", described(*change.before));
  return absl::StrCat(described(*change.before), " becomes ", described(*change.after));
}

}  // namespace bqcdc::oracle
