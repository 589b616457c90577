#include "bqcdc/emulator/convert/json_cells.h"

#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/convert/cell_converter.h"
#include "bqcdc/emulator/convert/utf8.h"
#include "bqcdc/emulator/type_parameters.h"
#include "bqcdc/values/bignumeric.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/interval.h"
#include "bqcdc/values/json_document.h"
#include "bqcdc/values/numeric.h"
#include "bqcdc/values/picoseconds.h"
#include "bqcdc/values/range_text.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::convert {
namespace {

using engine::VectorWriter;
using nlohmann::json;
using schema::Column;
using schema::ColumnType;
using values::ValueError;
using Fault = std::optional<JsonRowFault>;

constexpr double kExactIntegersEnd = 9007199254740992.0;  // 2^53

// The value as text: of a JSON string itself, of an integer or boolean its spelling; unset for anything else.
std::optional<std::string> ScalarText(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer() || value.is_boolean()) return value.dump();
  return std::nullopt;
}

// The same of a decimal, which a JSON number with a point gives too: the shortest digits that tell it from
// others.
std::optional<std::string> DecimalText(const json& value) {
  if (value.is_number_float()) return value.dump();
  return ScalarText(value);
}

class RowWriter {
 public:
  explicit RowWriter(const JsonRowOptions& options) : options_(options) {}

  // `writer_of(i)` gives the writer of column i.
  template <typename WriterOf>
  Fault WriteObject(const json& object, const std::vector<Column>& columns, const std::string& prefix,
                    const WriterOf& writer_of, size_t at) const {
    std::vector<const json*> found(columns.size(), nullptr);
    for (const auto& [key, value] : object.items()) {
      const Column* column = schema::FindColumnIn(columns, key);
      if (column == nullptr) {
        if (options_.ignore_unknown_values) continue;
        return JsonRowFault{prefix + key, base::StrCat("no such field: ", prefix, key, ".")};
      }
      const json*& slot = found[static_cast<size_t>(column - columns.data())];
      if (slot != nullptr)
        return JsonRowFault{prefix + key, base::StrCat("duplicate field: ", prefix, key, ".")};
      slot = &value;
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      VectorWriter writer = writer_of(i);
      const bool gets_default = found[i] == nullptr && prefix.empty() && options_.write_default &&
                                !columns[i].default_value_expression.empty();
      if (gets_default) {
        if (!options_.write_default(i, writer, at))
          return JsonRowFault{columns[i].name, "The default value cannot be evaluated."};
        continue;
      }
      if (Fault fault = WriteColumn(found[i], columns[i], prefix + columns[i].name, writer, at)) return fault;
    }
    return std::nullopt;
  }

 private:
  Fault WriteColumn(const json* value, const Column& column, const std::string& path, VectorWriter& writer,
                    size_t at) const {
    if (value != nullptr && value->is_null()) value = nullptr;
    if (column.repeated()) return WriteList(value, column, path, writer, at);
    if (value != nullptr) return WriteSingle(*value, column, path, writer, at);
    if (column.required()) return JsonRowFault{path, base::StrCat("Missing required field: ", path, ".")};
    WriteNull(column, writer, at);
    return std::nullopt;
  }

  Fault WriteList(const json* value, const Column& column, const std::string& path, VectorWriter& writer,
                  size_t at) const {
    if (value == nullptr) {
      writer.StartList(at, 0);
      return std::nullopt;
    }
    if (!value->is_array()) return JsonRowFault{path, "Repeated field must be imported as a JSON array."};
    const size_t first = writer.StartList(at, value->size());
    VectorWriter elements = writer.Elements();
    for (size_t i = 0; i < value->size(); ++i) {
      const json& element = (*value)[i];
      if (element.is_null()) return JsonRowFault{path, "Only optional fields can be set to NULL."};
      if (Fault fault = WriteSingle(element, column, path, elements, first + i)) return fault;
    }
    return std::nullopt;
  }

  Fault WriteSingle(const json& value, const Column& column, const std::string& path, VectorWriter& writer,
                    size_t at) const {
    if (column.type == ColumnType::kStruct) {
      if (!value.is_object()) return JsonRowFault{path, "This field is a record."};
      return WriteObject(
          value, column.fields, path + ".", [&writer](size_t i) { return writer.Field(i); }, at);
    }
    if (column.type == ColumnType::kRange) {
      const std::optional<std::string> problem = WriteRange(value, column, writer, at);
      return problem ? Fault(JsonRowFault{path, *problem}) : std::nullopt;
    }
    if (value.is_object()) return JsonRowFault{path, base::StrCat("This field: ", path, " is not a record.")};
    if (value.is_array()) return JsonRowFault{path, "Array specified for non-repeated field."};
    const std::optional<std::string> problem = WriteScalar(value, column, writer, at);
    if (!problem) return std::nullopt;
    return JsonRowFault{path, *problem};
  }

  // {"start": …, "end": …}, or `[start, end)` as text; what is absent or null is open.
  static std::optional<std::string> WriteRange(const json& value, const Column& column, VectorWriter& writer,
                                               size_t at) {
    const std::vector<Column>& ends = schema::PartsOf(column);
    std::array<std::optional<json>, 2> given;
    if (value.is_string()) {
      const auto text = values::SplitRange(value.get_ref<const std::string&>());
      if (!text) return CannotConvert("range", value);
      if (text->start) given[0] = std::string(*text->start);
      if (text->end) given[1] = std::string(*text->end);
    } else if (value.is_object()) {
      for (const auto& [key, end] : value.items()) {
        const Column* const found = schema::FindColumnIn(ends, key);
        if (found == nullptr) return base::StrCat("no such field: ", column.name, ".", key, ".");
        if (!end.is_null()) given[static_cast<size_t>(found - ends.data())] = end;
      }
    } else {
      return CannotConvert("range", value);
    }
    for (size_t i = 0; i < ends.size(); ++i) {
      VectorWriter end = writer.Field(i);
      if (!given[i]) {
        end.SetUnbounded(at, ends[i].type, i == 0);
      } else if (auto problem = WriteScalar(*given[i], ends[i], end, at)) {
        return problem;
      }
    }
    if (writer.Reader().IsOrderedRange(at, ends[0].type)) return std::nullopt;
    return "Range start element must be smaller than range end element";
  }

  static std::string CannotConvert(std::string_view to, const json& value) {
    return base::StrCat("Cannot convert value to ", to, " (bad value): ",
                        Quotable(value.is_string() ? value.get_ref<const std::string&>() : value.dump()));
  }

  // Unset: written; else the problem.
  static std::optional<std::string> WriteScalar(const json& value, const Column& column, VectorWriter& writer,
                                                size_t at) {
    switch (column.type) {
      case ColumnType::kBool:
        return WriteBool(value, writer, at);
      case ColumnType::kInt64:
        return WriteInteger(value, writer, at);
      case ColumnType::kFloat64:
        return WriteFloat(value, writer, at);
      case ColumnType::kNumeric:
        return WriteNumeric(value, column, writer, at);
      case ColumnType::kBigNumeric:
        return WriteBigNumeric(value, column, writer, at);
      case ColumnType::kString:
        return WriteText(value, column, writer, at);
      case ColumnType::kJson:
        return WriteJson(value, writer, at);
      case ColumnType::kGeography:
        return WriteGeography(value, writer, at);
      case ColumnType::kBytes:
        return WriteBytes(value, column, writer, at);
      case ColumnType::kTimestamp:
        return WriteTimestamp(value, column, writer, at);
      case ColumnType::kDate:
      case ColumnType::kDatetime:
      case ColumnType::kTime:
      case ColumnType::kInterval:
        return WriteCivil(value, column.type, writer, at);
      default:
        return base::StrCat(schema::SqlName(column.type),
                            " columns are not supported by insertAll on this server");
    }
  }

  static std::optional<std::string> WriteBool(const json& value, VectorWriter& writer, size_t at) {
    const std::string text = absl::AsciiStrToLower(ScalarText(value).value_or(""));
    if (text != "true" && text != "false") return CannotConvert("boolean", value);
    writer.SetBool(at, text == "true");
    return std::nullopt;
  }

  static std::optional<std::string> WriteInteger(const json& value, VectorWriter& writer, size_t at) {
    int64_t number = 0;
    if (value.is_boolean() || !absl::SimpleAtoi(ScalarText(value).value_or(""), &number)) {
      return CannotConvert("integer", value);
    }
    writer.SetInt64(at, number);
    return std::nullopt;
  }

  static std::optional<std::string> WriteFloat(const json& value, VectorWriter& writer, size_t at) {
    double number = 0;
    if (value.is_number()) {
      number = value.get<double>();
    } else if (!value.is_string() || !absl::SimpleAtod(value.get_ref<const std::string&>(), &number)) {
      return CannotConvert("floating point", value);
    }
    writer.SetDouble(at, number);
    return std::nullopt;
  }

  static std::optional<std::string> WriteNumeric(const json& value, const Column& column,
                                                 VectorWriter& writer, size_t at) {
    values::Numeric number;
    const std::optional<std::string> text = DecimalText(value);
    if (!text || values::Numeric::Parse(*text, &number) != ValueError::kNone)
      return CannotConvert("numeric", value);
    if (column.precision &&
        number.Constrain(static_cast<int>(*column.precision), static_cast<int>(column.scale.value_or(0)),
                         &number) != ValueError::kNone) {
      return base::StrCat("Field ", column.name, ": ", OutsidePrecisionText(column));
    }
    writer.SetInt128(at, number.unscaled());
    return std::nullopt;
  }

  static std::optional<std::string> WriteBigNumeric(const json& value, const Column& column,
                                                    VectorWriter& writer, size_t at) {
    values::BigNumeric number;
    const std::optional<std::string> text = DecimalText(value);
    if (!text || values::BigNumeric::Parse(*text, &number) != ValueError::kNone) {
      return CannotConvert("bignumeric", value);
    }
    if (column.precision &&
        number.Constrain(static_cast<int>(*column.precision), static_cast<int>(column.scale.value_or(0)),
                         &number) != ValueError::kNone) {
      return base::StrCat("Field ", column.name, ": ", OutsidePrecisionText(column));
    }
    writer.SetBytes(at, number.ToBlob());
    return std::nullopt;
  }

  static std::optional<std::string> WriteText(const json& value, const Column& column, VectorWriter& writer,
                                              size_t at) {
    const std::optional<std::string> text = ScalarText(value);
    if (!text) return CannotConvert("string", value);
    if (column.max_length && CountCodePoints(*text) > *column.max_length) {
      return base::StrCat("Field ", column.name, ": ", TooLongText(column, CountCodePoints(*text)));
    }
    writer.SetBytes(at, *text);
    return std::nullopt;
  }

  static std::optional<std::string> WriteJson(const json& value, VectorWriter& writer, size_t at) {
    const std::optional<std::string> text = ScalarText(value);
    std::string storage;
    std::string_view canonical;
    if (!text || values::CanonicalJson(*text, values::WideNumbers::kRound, &storage, &canonical) !=
                     ValueError::kNone) {
      return CannotConvert("json", value);
    }
    writer.SetBytes(at, canonical);
    return std::nullopt;
  }

  static std::optional<std::string> WriteGeography(const json& value, VectorWriter& writer, size_t at) {
    values::Geography geography;
    if (!value.is_string() ||
        values::ParseGeography(value.get_ref<const std::string&>(), &geography) != ValueError::kNone) {
      return CannotConvert("geography", value);
    }
    writer.SetBytes(at, values::FormatWkt(geography));
    return std::nullopt;
  }

  static std::optional<std::string> WriteBytes(const json& value, const Column& column, VectorWriter& writer,
                                               size_t at) {
    std::string bytes;
    if (!value.is_string()) return CannotConvert("bytes", value);
    const std::string& text = value.get_ref<const std::string&>();
    if (!absl::Base64Unescape(text, &bytes) && !absl::WebSafeBase64Unescape(text, &bytes)) {
      return CannotConvert("bytes", value);
    }
    if (column.max_length && static_cast<int64_t>(bytes.size()) > *column.max_length) {
      return base::StrCat("Field ", column.name, ": ",
                          TooLongText(column, static_cast<int64_t>(bytes.size())));
    }
    writer.SetBytes(at, bytes);
    return std::nullopt;
  }

  // Numbers are seconds since the Unix epoch, with a fraction if they like.
  static std::optional<std::string> WriteTimestamp(const json& value, const Column& column,
                                                   VectorWriter& writer, size_t at) {
    int64_t micros = 0;
    if (column.picoseconds() && value.is_string()) {
      __int128 picos = 0;
      if (values::ParseTimestampPicos(value.get_ref<const std::string&>(), &picos,
                                      values::CivilForm::kJson) != ValueError::kNone) {
        return CannotConvert("timestamp", value);
      }
      writer.SetInt128(at, picos);
      return std::nullopt;
    }
    if (value.is_number()) {
      const double scaled = value.get<double>() * 1e6;
      if (!(std::fabs(scaled) < kExactIntegersEnd)) return CannotConvert("timestamp", value);
      micros = std::llround(scaled);
    } else if (!value.is_string() || values::ParseTimestamp(value.get_ref<const std::string&>(), &micros,
                                                            values::CivilForm::kJson) != ValueError::kNone) {
      return CannotConvert("timestamp", value);
    }
    if (!values::IsTimestamp(micros)) return CannotConvert("timestamp", value);
    if (column.picoseconds()) {
      writer.SetInt128(at, static_cast<__int128>(micros) * values::kPicosPerMicro);
    } else {
      writer.SetInt64(at, micros);
    }
    return std::nullopt;
  }

  static std::optional<std::string> WriteCivil(const json& value, ColumnType type, VectorWriter& writer,
                                               size_t at) {
    const std::string text = value.is_string() ? value.get<std::string>() : "";
    int32_t days = 0;
    int64_t micros = 0;
    values::Interval interval;
    ValueError error = ValueError::kNone;
    switch (type) {
      case ColumnType::kDate:
        error = values::ParseDate(text, &days, values::CivilForm::kJson);
        break;
      case ColumnType::kTime:
        error = values::ParseTime(text, &micros);
        break;
      case ColumnType::kDatetime:
        error = values::ParseDatetime(text, &micros, values::CivilForm::kJson);
        break;
      default:
        error = values::ParseInterval(text, &interval);
        break;
    }
    if (error != ValueError::kNone)
      return CannotConvert(absl::AsciiStrToLower(base::ToAbsl(schema::SqlName(type))), value);
    if (type == ColumnType::kDate) {
      writer.SetInt32(at, days);
    } else if (type == ColumnType::kInterval) {
      writer.SetInterval(at, {interval.months, interval.days, interval.micros});
    } else {
      writer.SetInt64(at, micros);
    }
    return std::nullopt;
  }

  const JsonRowOptions& options_;
};

}  // namespace

Fault WriteJsonRow(const json& row, const std::vector<Column>& columns, const JsonRowOptions& options,
                   engine::Chunk& chunk, size_t at) {
  return RowWriter(options).WriteObject(
      row, columns, "", [&chunk](size_t i) { return chunk.Writer(i); }, at);
}

}  // namespace bqcdc::emulator::convert
