#include <cmath>
#include <cstdio>

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/duckdb/generator.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::emulator::sql {
namespace {

std::string BlobText(std::string_view bytes) {
  std::string text = "'";
  for (const char c : bytes) {
    char escaped[8];
    std::snprintf(escaped, sizeof(escaped), "\\x%02X", static_cast<unsigned char>(c));
    text += escaped;
  }
  return text + "'::BLOB";
}

// DuckDB's parser takes no zero bytes.
std::string StringText(const std::string& value) {
  if (value.find('\0') == std::string::npos) return QuoteDuckDbText(value) + "::VARCHAR";
  std::string text = "(";
  size_t begin = 0;
  while (true) {
    const size_t zero = value.find('\0', begin);
    base::StrAppend(&text, QuoteDuckDbText(value.substr(begin, zero - begin)));
    if (zero == std::string::npos) return text + ")";
    text += " || chr(0) || ";
    begin = zero + 1;
  }
}

std::string FloatText(double value) {
  if (std::isnan(value)) return "'nan'::DOUBLE";
  if (std::isinf(value)) return value > 0 ? "'inf'::DOUBLE" : "'-inf'::DOUBLE";
  char digits[40];
  std::snprintf(digits, sizeof(digits), "%.17g", value);
  return base::StrCat("CAST('", digits, "' AS DOUBLE)");
}

std::string OpenEnd(const Type& element, bool is_start) {
  return base::StrCat(is_start ? "CAST('-infinity' AS " : "CAST('infinity' AS ", DuckDbType(element), ")");
}

}  // namespace

std::string RangeEnd(const std::string& range, const Type& element, bool is_start) {
  return base::StrCat("nullif(struct_extract(", range, is_start ? ", 'start'), " : ", 'end'), ",
                      OpenEnd(element, is_start), ")");
}

std::string MakeRange(const std::string& start, const std::string& end, const Type& element, bool safe) {
  return base::StrCat("CASE WHEN ", start, " >= ", end, " THEN ",
                      safe ? "NULL" : RaiseText(QuoteDuckDbText(kRangeOrderText)),
                      " ELSE {'start': coalesce(", start, ", ", OpenEnd(element, true), "), 'end': coalesce(",
                      end, ", ", OpenEnd(element, false), ")} END");
}

std::string Generator::Literal(const Value& value) {
  const Type& type = value.type;
  if (value.is_null) return base::StrCat("CAST(NULL AS ", DuckDbType(type), ")");
  if (type.is_array()) {
    std::string text;
    for (const Value& child : value.children)
      base::StrAppend(&text, text.empty() ? "" : ", ", Literal(child));
    return base::StrCat("CAST([", text, "] AS ", DuckDbType(type), ")");
  }
  if (type.is_struct()) {
    const std::vector<std::string> names = DuckDbFieldNames(type);
    std::string text;
    for (size_t i = 0; i < names.size(); ++i) {
      base::StrAppend(&text, text.empty() ? "{" : ", ", QuoteDuckDbText(names[i]), ": ",
                      Literal(value.children[i]));
    }
    return text + "}";
  }
  if (type.is(TypeKind::kRange)) {
    const auto end = [&](size_t i) {
      return value.children[i].is_null ? OpenEnd(type.element(), i == 0) : Literal(value.children[i]);
    };
    return base::StrCat("{'start': ", end(0), ", 'end': ", end(1), "}");
  }
  const auto integer = [&] { return std::get<int64_t>(value.scalar); };
  const auto text = [&]() -> const std::string& { return std::get<std::string>(value.scalar); };
  switch (type.kind()) {
    case TypeKind::kBool:
      return std::get<bool>(value.scalar) ? "TRUE" : "FALSE";
    case TypeKind::kInt64:
      return base::StrCat("CAST(", integer(), " AS BIGINT)");
    case TypeKind::kFloat64:
      return FloatText(std::get<double>(value.scalar));
    case TypeKind::kNumeric:
      return base::StrCat("CAST('", std::get<values::Numeric>(value.scalar).ToString(),
                          "' AS DECIMAL(38,9))");
    case TypeKind::kPicoTimestamp:
      return base::StrCat("CAST('", text(), "' AS HUGEINT)");
    case TypeKind::kBigNumeric:
    case TypeKind::kBytes:
      return BlobText(text());
    case TypeKind::kDate:
      return base::StrCat("CAST('", values::FormatDate(static_cast<int32_t>(integer())), "' AS DATE)");
    case TypeKind::kDatetime:
      return base::StrCat("CAST('", values::FormatDatetime(integer()), "' AS TIMESTAMP)");
    case TypeKind::kTime:
      return base::StrCat("CAST('", values::FormatTime(integer()), "' AS TIME)");
    case TypeKind::kTimestamp:
      return base::StrCat("CAST('", values::FormatTimestamp(integer()), "' AS TIMESTAMPTZ)");
    case TypeKind::kInterval: {
      const auto& interval = std::get<values::Interval>(value.scalar);
      return base::StrCat("(to_months(", interval.months, ") + to_days(", interval.days,
                          ") + to_microseconds(", interval.micros, "))");
    }
    default:
      return StringText(text());
  }
}

}  // namespace bqcdc::emulator::sql
