#include "bqcdc/emulator/sql/types/column_mapping.h"

#include <set>

#include "absl/strings/ascii.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/values/picoseconds.h"

namespace bqcdc::emulator::sql {
namespace {

using K = TypeKind;
using C = schema::ColumnType;

struct KindPair {
  C column;
  K type;
  std::string_view duckdb;
};
constexpr KindPair kKinds[] = {
    {C::kBool, K::kBool, "BOOLEAN"},
    {C::kInt64, K::kInt64, "BIGINT"},
    {C::kFloat64, K::kFloat64, "DOUBLE"},
    {C::kNumeric, K::kNumeric, "DECIMAL(38,9)"},
    {C::kBigNumeric, K::kBigNumeric, "BLOB"},
    {C::kString, K::kString, "VARCHAR"},
    {C::kBytes, K::kBytes, "BLOB"},
    {C::kDate, K::kDate, "DATE"},
    {C::kDatetime, K::kDatetime, "TIMESTAMP"},
    {C::kTime, K::kTime, "TIME"},
    {C::kTimestamp, K::kTimestamp, "TIMESTAMPTZ"},
    {C::kJson, K::kJson, "VARCHAR"},
    {C::kInterval, K::kInterval, "INTERVAL"},
    {C::kGeography, K::kGeography, "VARCHAR"},
};

Type ElementType(const schema::Column& column) {
  if (column.type == C::kStruct) {
    std::vector<StructField> fields;
    for (const schema::Column& field : column.fields) fields.push_back({field.name, TypeOfColumn(field)});
    return Type::Struct(std::move(fields));
  }
  if (column.type == C::kRange) {
    const C element = column.range_element_type.value_or(C::kDate);
    return Type::Range(element == C::kDate       ? K::kDate
                       : element == C::kDatetime ? K::kDatetime
                                                 : K::kTimestamp);
  }
  if (column.picoseconds()) return K::kPicoTimestamp;
  for (const KindPair& pair : kKinds) {
    if (pair.column == column.type) return pair.type;
  }
  return K::kString;
}

}  // namespace

Type TypeOfColumn(const schema::Column& column) {
  Type element = ElementType(column);
  return column.repeated() ? Type::Array(std::move(element)) : element;
}

absl::StatusOr<schema::Column> ColumnOfType(const std::string& name, const Type& type) {
  schema::Column column;
  column.name = name;
  const Type* element = &type;
  if (type.is_array()) {
    column.mode = schema::ColumnMode::kRepeated;
    element = &type.element();
    if (element->is_array()) {
      return errors::InvalidQuery("Cannot construct array with element type " + element->ToString() +
                                  " because nested arrays are not supported");
    }
  }
  if (element->is_struct()) {
    column.type = C::kStruct;
    for (size_t i = 0; i < element->fields().size(); ++i) {
      const StructField& field = element->fields()[i];
      // Names for fields without one, as the service gives them.
      const std::string field_name = field.name.empty() ? base::StrCat("_field_", i + 1) : field.name;
      auto inner = ColumnOfType(field_name, field.type);
      if (!inner.ok()) return inner.status();
      column.fields.push_back(*std::move(inner));
    }
    return column;
  }
  if (element->is(K::kRange)) {
    column.type = C::kRange;
    const K kind = element->element().kind();
    column.range_element_type = kind == K::kDate       ? C::kDate
                                : kind == K::kDatetime ? C::kDatetime
                                                       : C::kTimestamp;
    return column;
  }
  if (element->is(K::kPicoTimestamp)) {
    column.type = C::kTimestamp;
    column.timestamp_precision = values::kPicosecondDigits;
    return column;
  }
  for (const KindPair& pair : kKinds) {
    if (pair.type == element->kind()) column.type = pair.column;
  }
  return column;
}

std::vector<std::string> DuckDbFieldNames(const Type& struct_type) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  bool usable = true;
  for (const StructField& field : struct_type.fields()) {
    names.push_back(field.name);
    usable = usable && !field.name.empty() && seen.insert(absl::AsciiStrToLower(field.name)).second;
  }
  if (!usable) {
    for (size_t i = 0; i < names.size(); ++i) names[i] = base::StrCat("f", i);
  }
  return names;
}

std::string DuckDbType(const Type& type) {
  if (type.is_array()) return DuckDbType(type.element()) + "[]";
  if (type.is_struct()) {
    const std::vector<std::string> names = DuckDbFieldNames(type);
    std::string text = "STRUCT(";
    for (size_t i = 0; i < names.size(); ++i) {
      base::StrAppend(&text, i > 0 ? ", " : "", QuoteDuckDbName(names[i]), " ",
                      DuckDbType(type.fields()[i].type));
    }
    return text + ")";
  }
  if (type.is(K::kRange)) {
    const std::string element = DuckDbType(type.element());
    return base::StrCat("STRUCT(\"start\" ", element, ", \"end\" ", element, ")");
  }
  if (type.is(K::kPicoTimestamp)) return "HUGEINT";
  for (const KindPair& pair : kKinds) {
    if (pair.type == type.kind()) return std::string(pair.duckdb);
  }
  return "VARCHAR";
}

namespace {
std::string Quote(std::string_view text, char quote) {
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += c;
    quoted += c;
  }
  return quoted + quote;
}
}  // namespace

std::string QuoteDuckDbName(std::string_view name) { return Quote(name, '"'); }
std::string QuoteDuckDbText(std::string_view text) { return Quote(text, '\''); }

}  // namespace bqcdc::emulator::sql
