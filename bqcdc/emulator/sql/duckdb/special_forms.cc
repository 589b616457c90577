// Forms of the function table that text alone cannot say.

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/duckdb/generator.h"
#include "bqcdc/emulator/sql/functions/function_table.h"
#include "bqcdc/emulator/sql/types/column_mapping.h"

namespace bqcdc::emulator::sql {
namespace {

using Arguments = std::vector<std::string>;

std::string JoinWith(const Arguments& arguments, std::string_view between) {
  std::string text;
  for (const std::string& argument : arguments) base::StrAppend(&text, text.empty() ? "" : between, argument);
  return base::StrCat("(", text, ")");
}

// `[a,b]` of texts that are parts of JSON, each one or more arguments. A NULL key, of an object, makes NULL.
std::string BracketedList(char open, const Arguments& parts, char close) {
  std::string text = base::StrCat("bq_concat('", std::string(1, open), "'");
  for (size_t i = 0; i < parts.size(); ++i) base::StrAppend(&text, i > 0 ? ", ','" : "", ", ", parts[i]);
  return base::StrCat(text, ", '", std::string(1, close), "')");
}

std::string LessText(const std::string& a, const std::string& b, const Type& type, bool or_equal) {
  if (type.is(TypeKind::kFloat64)) {
    return base::StrCat(or_equal ? "bq_less_or_equal_float64(" : "bq_less_float64(", a, ", ", b, ")");
  }
  return base::StrCat("(", a, or_equal ? " <= " : " < ", b, ")");
}

std::string AnyNull(const Arguments& arguments) {
  std::string text;
  for (const std::string& argument : arguments) {
    base::StrAppend(&text, text.empty() ? "" : " OR ", argument, " IS NULL");
  }
  return text;
}

std::string ElementAt(const Arguments& a, bool ordinal, bool safe) {
  const std::string below = ordinal ? " < 1" : " < 0";
  const std::string above = ordinal ? " > len(" : " >= len(";
  const std::string index = ordinal ? a[1] : base::StrCat(a[1], " + 1");
  const std::string out =
      safe ? "NULL" : RaiseText(base::StrCat("'Array index ' || ", a[1], " || ' is out of bounds'"));
  return base::StrCat("CASE WHEN ", a[1], below, " OR ", a[1], above, a[0], ") THEN ", out, " ELSE ", a[0],
                      "[", index, "] END");
}

std::string InArrayText(const Arguments& a, const Type& type) {
  const std::string nan =
      type.is(TypeKind::kFloat64) ? base::StrCat(" WHEN isnan(", a[0], ") THEN FALSE") : "";
  return base::StrCat("CASE WHEN ", a[1], " IS NULL OR len(", a[1], ") = 0 THEN FALSE WHEN ", a[0],
                      " IS NULL THEN NULL", nan, " WHEN list_contains(", a[1], ", ", a[0],
                      ") THEN TRUE WHEN len(list_filter(", a[1],
                      ", lambda e: e IS NULL)) > 0 THEN NULL ELSE FALSE END");
}

std::string RangeIntersect(const Arguments& a, bool safe) {
  const auto end = [](const std::string& range, std::string_view name) {
    return base::StrCat("struct_extract(", range, ", '", name, "')");
  };
  const std::string start = base::StrCat("greatest(", end(a[0], "start"), ", ", end(a[1], "start"), ")");
  const std::string stop = base::StrCat("least(", end(a[0], "end"), ", ", end(a[1], "end"), ")");
  const std::string raise = safe ? "NULL" : RaiseText("'Provided RANGE inputs do not overlap'");
  return base::StrCat("CASE WHEN ", AnyNull(a), " THEN NULL WHEN ", start, " >= ", stop, " THEN ", raise,
                      " ELSE {'start': ", start, ", 'end': ", stop, "} END");
}

// STRUCTs are compared field by field, so NULL in a field makes NULL.
std::string InStructArrayText(const Arguments& a, const Type& type) {
  const std::string equal =
      base::StrCat("list_transform(", a[1], ", lambda e: ", EqualText(a[0], "e", type), ")");
  return base::StrCat("CASE WHEN ", a[1], " IS NULL THEN FALSE WHEN list_contains(", equal,
                      ", TRUE) THEN TRUE WHEN len(list_filter(", equal,
                      ", lambda q: q IS NULL)) > 0 THEN NULL ELSE FALSE END");
}

std::string ConcatArrays(const Arguments& arguments) {
  return base::StrCat("CASE WHEN ", AnyNull(arguments), " THEN NULL ELSE list_concat",
                      JoinWith(arguments, ", "), " END");
}

// FORMAT takes anything: each argument goes to it as text behind a letter that tells its type.
absl::StatusOr<std::string> FormatArgument(const std::string& value, const Type& type,
                                           const Position& position) {
  std::string tagged;
  switch (type.kind()) {
    case TypeKind::kInt64:
      tagged = base::StrCat("'i' || CAST(", value, " AS VARCHAR)");
      break;
    case TypeKind::kBool:
      tagged = base::StrCat("'b' || CAST(", value, " AS VARCHAR)");
      break;
    case TypeKind::kFloat64:
      tagged = base::StrCat("'f' || bq_float64_to_string(", value, ")");
      break;
    case TypeKind::kString:
      tagged = base::StrCat("'s' || ", value);
      break;
    case TypeKind::kNumeric:
      tagged = base::StrCat("'n' || bq_numeric_to_string(", value, ")");
      break;
    case TypeKind::kDate:
      tagged = base::StrCat("'d' || bq_date_to_string(", value, ")");
      break;
    case TypeKind::kTimestamp:
      tagged = base::StrCat("'d' || bq_timestamp_to_string(", value, ", 'UTC')");
      break;
    default:
      return Unsupported(position, "FORMAT of an argument of type ", type.ToString());
  }
  return base::StrCat("coalesce(", tagged, ", 'N')");
}

// Values in a value of the type that are no STRUCTs; an ARRAY is one.
size_t LeafCount(const Type& type) {
  if (!type.is_struct()) return 1;
  size_t count = 0;
  for (const StructField& field : type.fields()) count += LeafCount(field.type);
  return count;
}

std::vector<size_t> FieldsOf(const Type& type) {
  std::vector<size_t> fields(type.fields().size());
  std::iota(fields.begin(), fields.end(), size_t{0});
  return fields;
}

// The fields of a STRUCT in the order in which JSON is kept: by name, of equal names the first.
std::vector<size_t> MembersOf(const Type& type) {
  std::vector<size_t> members = FieldsOf(type);
  const auto name = [&](size_t field) -> const std::string& { return type.fields()[field].name; };
  std::stable_sort(members.begin(), members.end(), [&](size_t a, size_t b) { return name(a) < name(b); });
  members.erase(
      std::unique(members.begin(), members.end(), [&](size_t a, size_t b) { return name(a) == name(b); }),
      members.end());
  return members;
}

// Of a STRUCT that is not NULL; `json_of` gives the JSON of a field.
absl::StatusOr<std::string> JsonObject(const Type& type, bool to_json,
                                       const std::function<absl::StatusOr<std::string>(size_t)>& json_of) {
  Arguments members;
  for (const size_t field : to_json ? MembersOf(type) : FieldsOf(type)) {
    BQCDC_ASSIGN_OR_RETURN(const std::string json, json_of(field));
    members.push_back(
        base::StrCat("bq_json_of_string(", QuoteDuckDbText(type.fields()[field].name), "), ':', ", json));
  }
  return BracketedList('{', members, '}');
}

// Pairs of a path and a value behind the JSON, and in front of it what was given by name.
absl::StatusOr<std::string> JsonEdit(const ResolvedCall& call, const Arguments& a) {
  const size_t json = call.arguments[0]->type.is(TypeKind::kBool) ? 1 : 0;
  const std::string function = call.signature->form.substr(1);
  std::string text =
      base::StrCat("bq_", function, call.safe ? "_safe(" : "(", json == 1 ? a[0] : "TRUE", ", ", a[json]);
  for (size_t i = json + 1; i < a.size(); i += 2) {
    if (i + 1 == a.size() || !call.arguments[i]->type.is(TypeKind::kString)) {
      return ErrorAt(call.arguments[i]->position, "Behind its first argument, ",
                     absl::AsciiStrToUpper(function), " takes pairs of a path, a STRING, and a value");
    }
    const Type& type = call.arguments[i + 1]->type;
    BQCDC_ASSIGN_OR_RETURN(std::string value, JsonText(a[i + 1], type, true, call.position));
    // The elements of an ARRAY may go each by itself.
    if (function != "json_set") value = base::StrCat(type.is_array() ? "'e' || " : "'o' || ", value);
    base::StrAppend(&text, ", ", a[i], ", ", value);
  }
  return text + ")";
}

std::string GenerateRangeArray(const Arguments& a, const Type& element, bool safe) {
  const std::string start = RangeEnd(a[0], element, true), end = RangeEnd(a[0], element, false);
  const std::string name = absl::AsciiStrToLower(element.ToString());
  const std::string given = base::StrCat(safe ? "_safe(" : "(", start, ", ", end, ", ", a[1], ", ",
                                         a.size() > 2 ? a[2] : "TRUE", ")");
  const std::string raise =
      safe ? "NULL" : RaiseText("'GENERATE_RANGE_ARRAY takes a range with a start and an end'");
  return base::StrCat("CASE WHEN ", AnyNull(a), " THEN NULL WHEN ", start, " IS NULL OR ", end,
                      " IS NULL THEN ", raise, " ELSE list_transform(list_zip(bq_range_part_starts_", name,
                      given, ", bq_range_part_ends_", name, given,
                      "), lambda p: {'start': struct_extract(p, 1), 'end': struct_extract(p, 2)}) END");
}

}  // namespace

std::string EqualText(const std::string& a, const std::string& b, const Type& type) {
  if (type.is(TypeKind::kFloat64)) return base::StrCat("bq_equal_float64(", a, ", ", b, ")");
  if (!type.is_struct()) return base::StrCat("(", a, " = ", b, ")");
  const std::vector<std::string> names = DuckDbFieldNames(type);
  Arguments equals;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = QuoteDuckDbText(names[i]);
    equals.push_back(EqualText(base::StrCat("struct_extract(", a, ", ", name, ")"),
                               base::StrCat("struct_extract(", b, ", ", name, ")"), type.fields()[i].type));
  }
  return JoinWith(equals, " AND ");
}

absl::StatusOr<std::string> Generator::CurrentTime(const std::string& name,
                                                   const std::vector<std::string>& arguments) {
  const std::string now = Literal(Value::Of(TypeKind::kTimestamp, absl::ToUnixMicros(query_time_)));
  if (name == "@current_timestamp") return now;
  const std::string civil = base::StrCat("bq_timestamp_to_datetime(", now, ", ",
                                         arguments.empty() ? std::string("'UTC'") : arguments[0], ")");
  if (name == "@current_datetime") return civil;
  return base::StrCat(name == "@current_date" ? "bq_datetime_to_date(" : "bq_datetime_to_time(", civil, ")");
}

absl::Status Generator::CheckFieldTexts(const ResolvedExpression& value, const std::string& text) const {
  return CheckTextBytes(LeafCount(value.type) * text.size(), value.position);
}

absl::StatusOr<std::string> Generator::EqualOf(const ResolvedExpression& a, const std::string& a_text,
                                               const ResolvedExpression& b, const std::string& b_text) {
  if (a.kind != ResolvedKind::kMakeStruct || b.kind != ResolvedKind::kMakeStruct) {
    BQCDC_RETURN_IF_ERROR(CheckFieldTexts(a, a_text));
    BQCDC_RETURN_IF_ERROR(CheckFieldTexts(b, b_text));
    return EqualText(a_text, b_text, a.type);
  }
  const auto &a_fields = Resolved<ResolvedMakeStruct>(a).fields,
             &b_fields = Resolved<ResolvedMakeStruct>(b).fields;
  Arguments equals;
  for (size_t i = 0; i < a_fields.size(); ++i) {
    BQCDC_ASSIGN_OR_RETURN(const std::string left, Expression(*a_fields[i]));
    BQCDC_ASSIGN_OR_RETURN(const std::string right, Expression(*b_fields[i]));
    BQCDC_ASSIGN_OR_RETURN(equals.emplace_back(), EqualOf(*a_fields[i], left, *b_fields[i], right));
  }
  return JoinWith(equals, " AND ");
}

absl::StatusOr<std::string> Generator::InOf(const ResolvedCall& call, const Arguments& a) {
  const Type& type = call.arguments[0]->type;
  if (!type.is_struct() && !type.is(TypeKind::kFloat64)) {
    return base::StrCat("(", a[0], " IN ", JoinWith({a.begin() + 1, a.end()}, ", "), ")");
  }
  Arguments equals;
  for (size_t i = 1; i < a.size(); ++i) {
    BQCDC_ASSIGN_OR_RETURN(equals.emplace_back(),
                           EqualOf(*call.arguments[0], a[0], *call.arguments[i], a[i]));
  }
  return JoinWith(equals, " OR ");
}

absl::StatusOr<std::string> Generator::JsonOf(const ResolvedExpression& value, const std::string& text,
                                              bool to_json) {
  if (value.kind != ResolvedKind::kMakeStruct) {
    BQCDC_RETURN_IF_ERROR(CheckFieldTexts(value, text));
    return JsonText(text, value.type, to_json, value.position);
  }
  // Field by field: taken out of the STRUCT, each field would have all of it in its text.
  const auto& fields = Resolved<ResolvedMakeStruct>(value).fields;
  return JsonObject(value.type, to_json, [&](size_t i) -> absl::StatusOr<std::string> {
    BQCDC_ASSIGN_OR_RETURN(const std::string field, Expression(*fields[i]));
    return JsonOf(*fields[i], field, to_json);
  });
}

absl::StatusOr<std::string> Generator::SpecialForm(const ResolvedCall& call, const Arguments& a) {
  const std::string& form = call.signature->form;
  const Type type = call.arguments.empty() ? Type() : call.arguments[0]->type;
  if (form == "@equal" || form == "@not_equal") {
    BQCDC_ASSIGN_OR_RETURN(const std::string equal,
                           EqualOf(*call.arguments[0], a[0], *call.arguments[1], a[1]));
    return form == "@equal" ? equal : base::StrCat("(NOT ", equal, ")");
  }
  if (form == "@less") return LessText(a[0], a[1], type, false);
  if (form == "@less_or_equal") return LessText(a[0], a[1], type, true);
  if (form == "@greater") return LessText(a[1], a[0], type, false);
  if (form == "@greater_or_equal") return LessText(a[1], a[0], type, true);
  if (form == "@between") {
    return base::StrCat("(", LessText(a[1], a[0], type, true), " AND ", LessText(a[0], a[2], type, true),
                        ")");
  }
  if (form == "@range") return MakeRange(a[0], a[1], call.type.element(), call.safe);
  if (form == "@range_start") return RangeEnd(a[0], type.element(), true);
  if (form == "@range_end") return RangeEnd(a[0], type.element(), false);
  if (form == "@range_intersect") return RangeIntersect(a, call.safe);
  if (form == "@in") return InOf(call, a);
  if (form == "@in_array") return type.is_struct() ? InStructArrayText(a, type) : InArrayText(a, type);
  if (form == "@and") return JoinWith(a, " AND ");
  if (form == "@or") return JoinWith(a, " OR ");
  if (form == "@nullif") {
    BQCDC_ASSIGN_OR_RETURN(const std::string equal,
                           EqualOf(*call.arguments[0], a[0], *call.arguments[1], a[1]));
    return base::StrCat("CASE WHEN ", equal, " THEN NULL ELSE ", a[0], " END");
  }
  if (form == "@greatest" || form == "@least") {
    const std::string name = form.substr(1);
    if (type.is(TypeKind::kFloat64)) return base::StrCat("bq_", name, "_float64", JoinWith(a, ", "));
    return base::StrCat("CASE WHEN ", AnyNull(a), " THEN NULL ELSE ", name, JoinWith(a, ", "), " END");
  }
  if (form == "@array_concat") return ConcatArrays(a);
  if (form == "@array_at_offset") return ElementAt(a, false, call.safe);
  if (form == "@array_at_ordinal") return ElementAt(a, true, call.safe);
  if (form == "@safe_array_at_offset") return ElementAt(a, false, true);
  if (form == "@safe_array_at_ordinal") return ElementAt(a, true, true);
  if (form == "@array_first" || form == "@array_last") {
    const bool first = form == "@array_first";
    const std::string raise =
        call.safe ? "NULL"
                  : RaiseText(first ? "'ARRAY_FIRST cannot get the first element of an empty array'"
                                    : "'ARRAY_LAST cannot get the last element of an empty array'");
    return base::StrCat("CASE WHEN len(", a[0], ") = 0 THEN ", raise, " ELSE ", a[0], first ? "[1]" : "[-1]",
                        " END");
  }
  if (form.rfind("@current_", 0) == 0) return CurrentTime(form, a);
  if (form == "@to_json_string" || form == "@to_json") {
    if (a.size() > 1) {
      const auto* pretty = call.arguments[1]->kind == ResolvedKind::kLiteral
                               ? &Resolved<ResolvedLiteral>(*call.arguments[1]).value
                               : nullptr;
      if (pretty == nullptr || pretty->is_null || std::get<bool>(pretty->scalar)) {
        return Unsupported(call.position, "TO_JSON_STRING with pretty_print");
      }
    }
    return JsonOf(*call.arguments[0], a[0], form == "@to_json");
  }
  if (form == "@json_array") {
    Arguments elements;
    for (size_t i = 0; i < a.size(); ++i) {
      BQCDC_ASSIGN_OR_RETURN(elements.emplace_back(),
                             JsonText(a[i], call.arguments[i]->type, true, call.position));
    }
    return BracketedList('[', elements, ']');
  }
  if (form == "@json_object") {
    if (a.size() % 2 != 0) return Unsupported(call.position, "JSON_OBJECT without pairs of key and value");
    Arguments members;
    for (size_t i = 0; i < a.size(); i += 2) {
      if (!call.arguments[i]->type.is(TypeKind::kString)) {
        return ErrorAt(call.arguments[i]->position, "JSON_OBJECT keys must be of type STRING");
      }
      BQCDC_ASSIGN_OR_RETURN(const std::string value,
                             JsonText(a[i + 1], call.arguments[i + 1]->type, true, call.position));
      members.push_back(base::StrCat("bq_json_of_string(", a[i], "), ':', ", value));
    }
    return base::StrCat("bq_parse_json(", BracketedList('{', members, '}'), ")");
  }
  if (form == "@json_set" || form == "@json_array_append" || form == "@json_array_insert") {
    return JsonEdit(call, a);
  }
  if (form == "@generate_range_array") return GenerateRangeArray(a, type.element(), call.safe);
  if (form == "@format") {
    std::string text = a[0];
    for (size_t i = 1; i < a.size(); ++i) {
      BQCDC_ASSIGN_OR_RETURN(const std::string argument,
                             FormatArgument(a[i], call.arguments[i]->type, call.arguments[i]->position));
      base::StrAppend(&text, ", ", argument);
    }
    return base::StrCat(call.safe ? "bq_format_safe(" : "bq_format(", text, ")");
  }
  return Unsupported(call.position, "function ", call.signature->name);
}

absl::StatusOr<std::string> JsonText(const std::string& value, const Type& type, bool to_json,
                                     const Position& position) {
  std::string text;
  switch (type.kind()) {
    case TypeKind::kBool:
      text = base::StrCat("CAST(", value, " AS VARCHAR)");
      break;
    case TypeKind::kInt64:
      text = to_json ? base::StrCat("CAST(", value, " AS VARCHAR)")
                     : base::StrCat("bq_json_of_int64(", value, ")");
      break;
    case TypeKind::kFloat64:
      text = base::StrCat(to_json ? "bq_json_number_of_float64(" : "bq_json_of_float64(", value, ")");
      break;
    case TypeKind::kNumeric:
      text = base::StrCat(to_json ? "bq_json_number_of_numeric(" : "bq_json_of_numeric(", value, ")");
      break;
    case TypeKind::kBigNumeric:
      text = base::StrCat(to_json ? "bq_json_number_of_bignumeric(" : "bq_json_of_bignumeric(", value, ")");
      break;
    case TypeKind::kString:
      text = base::StrCat("bq_json_of_string(", value, ")");
      break;
    case TypeKind::kBytes:
      text = base::StrCat("('\"' || bq_to_base64(", value, ") || '\"')");
      break;
    case TypeKind::kDate:
      text = base::StrCat("('\"' || bq_date_to_string(", value, ") || '\"')");
      break;
    case TypeKind::kTime:
      text = base::StrCat("('\"' || bq_time_to_string(", value, ") || '\"')");
      break;
    case TypeKind::kDatetime:
      text = base::StrCat("bq_json_of_datetime(", value, ")");
      break;
    case TypeKind::kTimestamp:
      text = base::StrCat("bq_json_of_timestamp(", value, ")");
      break;
    case TypeKind::kJson:
      text = base::StrCat("bq_json_compact(", value, ")");
      break;
    case TypeKind::kArray: {
      BQCDC_ASSIGN_OR_RETURN(const std::string element, JsonText("e", type.element(), to_json, position));
      text = base::StrCat("bq_concat('[', bq_array_to_string(list_transform(", value, ", lambda e: ", element,
                          "), ',', NULL::VARCHAR), ']')");
      break;
    }
    case TypeKind::kStruct: {
      const std::vector<std::string> names = DuckDbFieldNames(type);
      BQCDC_ASSIGN_OR_RETURN(
          const std::string object, JsonObject(type, to_json, [&](size_t field) {
            return JsonText(base::StrCat("struct_extract(", value, ", ", QuoteDuckDbText(names[field]), ")"),
                            type.fields()[field].type, to_json, position);
          }));
      text = base::StrCat("CASE WHEN ", value, " IS NULL THEN NULL ELSE ", object, " END");
      break;
    }
    default:
      return Unsupported(position, "JSON text of type ", type.ToString());
  }
  return base::StrCat("coalesce(", text, ", 'null')");
}

}  // namespace bqcdc::emulator::sql
