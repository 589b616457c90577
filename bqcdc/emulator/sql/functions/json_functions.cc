// https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions

#include <charconv>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/json_path.h"
#include "bqcdc/emulator/sql/functions/json_tree.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/emulator/sql/types/text_conversion.h"
#include "bqcdc/values/civil_time.h"
#include "bqcdc/values/json_document.h"

namespace bqcdc::emulator::sql {
namespace {

using values::JsonNode;
using values::JsonString;
using values::ValueError;
using values::WriteJson;

using Kind = JsonNode::Kind;
using OptionalText = absl::StatusOr<std::optional<std::string>>;
using OptionalTexts = absl::StatusOr<std::optional<std::vector<std::string>>>;
using OptionalOptionalTexts = absl::StatusOr<std::optional<std::vector<std::optional<std::string>>>>;
using V = std::string_view;

// Calls `take` with the node at `path`; a malformed text or nothing there gives NULL.
template <typename R, typename Take>
absl::StatusOr<std::optional<R>> At(V json, V path, Take take) {
  BQCDC_ASSIGN_OR_RETURN(const std::optional<JsonNode> root, JsonTree(json));
  static const JsonNode* const none = new JsonNode;
  BQCDC_ASSIGN_OR_RETURN(const JsonNode* node, FollowJsonPath(root ? *root : *none, path));
  if (!root || node == nullptr) return std::optional<R>();
  return take(*node);
}

absl::StatusOr<std::string> CanonicalJson(V text) {
  BQCDC_RETURN_IF_ERROR(CheckJsonValues(text));
  std::string storage;
  V canonical;
  switch (values::CanonicalJson(text, values::WideNumbers::kRefuse, &storage, &canonical)) {
    case ValueError::kNone:
      return std::string(canonical);
    case ValueError::kMalformed:
      return base::InvalidArgument("Invalid input to PARSE_JSON: the text is not valid JSON");
    default:
      return base::InvalidArgument("Input number: ", canonical,
                                   " cannot round-trip through string representation");
  }
}

std::optional<std::string> ScalarText(const JsonNode& node) {
  if (!node.is_scalar() || node.kind == Kind::kNull) return std::nullopt;
  return node.text;
}

OptionalText Scalar(V json, V path) {
  return At<std::string>(json, path, [](const JsonNode& node) { return ScalarText(node); });
}

OptionalText Query(V json, V path, bool keep_null) {
  return At<std::string>(json, path, [&](const JsonNode& node) -> std::optional<std::string> {
    if (node.kind == Kind::kNull && !keep_null) return std::nullopt;
    return WriteJson(node);
  });
}

OptionalTexts QueryArray(V json, V path) {
  using Texts = std::vector<std::string>;
  return At<Texts>(json, path, [](const JsonNode& node) -> OptionalTexts {
    if (node.kind != Kind::kArray) return std::nullopt;
    if (node.elements.size() > kOutputElementsMax) return TooManyElements();
    Texts texts;
    for (const JsonNode& element : node.elements) texts.push_back(WriteJson(element));
    return texts;
  });
}

OptionalOptionalTexts ValueArray(V json, V path) {
  using Texts = std::vector<std::optional<std::string>>;
  return At<Texts>(json, path, [](const JsonNode& node) -> OptionalOptionalTexts {
    if (node.kind != Kind::kArray) return std::nullopt;
    if (node.elements.size() > kOutputElementsMax) return TooManyElements();
    Texts texts;
    for (const JsonNode& element : node.elements) {
      if (!element.is_scalar()) return std::nullopt;
      texts.push_back(ScalarText(element));
    }
    return texts;
  });
}

std::string_view TypeName(Kind kind) {
  switch (kind) {
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return "boolean";
    case Kind::kNumber:
      return "number";
    case Kind::kString:
      return "string";
    case Kind::kArray:
      return "array";
    case Kind::kObject:
      return "object";
  }
  return "null";
}

// Shortest digits that read back; with a point or an exponent, so that it stays a FLOAT64.
std::string FloatNumber(double value) {
  char digits[64];
  const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), value);
  (void)error;
  std::string text(digits, end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string FloatJson(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  return Float64ToText(value);
}

// Beyond 2^53 a reader that keeps numbers as FLOAT64 loses digits.
constexpr int64_t kExactMax = 1LL << 53;

// TO_JSON_STRING: a number without a fraction of at most 2^53, else text
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/json_functions#json_encodings).
template <typename D>
std::string DecimalJson(const D& value) {
  const std::string text = value.ToString();
  int64_t whole = 0;
  const bool exact = absl::SimpleAtoi(text, &whole) && whole >= -kExactMax && whole <= kExactMax;
  return exact ? text : base::StrCat("\"", text, "\"");
}

// TO_JSON: always a number. One that a FLOAT64 cannot hold is refused rather than rounded.
template <typename D>
absl::StatusOr<std::string> DecimalJsonNumber(const D& value) {
  auto text = CanonicalJson(value.ToString());
  if (!text.ok()) {
    return base::InvalidArgument("Not supported by this server: JSON of a decimal that FLOAT64 cannot hold");
  }
  return text;
}

absl::StatusOr<std::optional<int64_t>> LaxInt64(V json) {
  BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
  if (node.kind == Kind::kBool) return node.text == "true" ? 1 : 0;
  if (node.kind != Kind::kNumber && node.kind != Kind::kString) return std::nullopt;
  auto whole = TextToInt64(node.text);
  if (whole.ok()) return *whole;
  double number = 0;
  if (!absl::SimpleAtod(node.text, &number)) return std::nullopt;
  auto rounded = Float64ToInt64(number);
  return rounded.ok() ? std::optional<int64_t>(*rounded) : std::nullopt;
}

void AddLaxFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_json_lax_int64", &LaxInt64);
  AddFunction(
      f, "bq_json_lax_float64", +[](V json) -> absl::StatusOr<std::optional<double>> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        if (node.kind != Kind::kNumber && node.kind != Kind::kString) return std::nullopt;
        auto value = TextToFloat64(node.text);
        return value.ok() ? std::optional<double>(*value) : std::nullopt;
      });
  AddFunction(
      f, "bq_json_lax_bool", +[](V json) -> absl::StatusOr<std::optional<bool>> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        if (node.kind == Kind::kNumber) return std::strtod(node.text.c_str(), nullptr) != 0;
        if (node.kind != Kind::kBool && node.kind != Kind::kString) return std::nullopt;
        auto value = TextToBool(node.text);
        return value.ok() ? std::optional<bool>(*value) : std::nullopt;
      });
  AddFunction(
      f, "bq_json_lax_string", +[](V json) -> OptionalText {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        return ScalarText(node);
      });
}

void AddStrictFunctions(OwnFunctions& f) {
  AddFunction(
      f, "bq_json_int64", +[](V json) -> absl::StatusOr<int64_t> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        if (node.kind == Kind::kNumber) {
          if (auto whole = TextToInt64(node.text); whole.ok()) return *whole;
          double number = 0;
          if (absl::SimpleAtod(node.text, &number) && number == std::trunc(number)) {
            if (auto value = Float64ToInt64(number); value.ok()) return *value;
          }
        }
        return base::InvalidArgument("The provided JSON input is not an integer");
      });
  AddFunction(
      f, "bq_json_float64", +[](V json) -> absl::StatusOr<double> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        if (node.kind != Kind::kNumber)
          return base::InvalidArgument("The provided JSON input is not a number");
        return TextToFloat64(node.text);
      });
  AddFunction(
      f, "bq_json_bool", +[](V json) -> absl::StatusOr<bool> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        if (node.kind != Kind::kBool)
          return base::InvalidArgument("The provided JSON input is not a boolean");
        return node.text == "true";
      });
  AddFunction(
      f, "bq_json_string", +[](V json) -> absl::StatusOr<std::string> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        if (node.kind != Kind::kString)
          return base::InvalidArgument("The provided JSON input is not a string");
        return node.text;
      });
}

void AddJsonWriters(OwnFunctions& f) {
  AddFunction(
      f, "bq_json_of_string", +[](V text) -> std::string { return JsonString(text); });
  AddFunction(f, "bq_json_of_float64", &FloatJson);
  AddFunction(
      f, "bq_json_of_numeric", +[](values::Numeric a) { return DecimalJson(a); });
  AddFunction(
      f, "bq_json_of_bignumeric", +[](values::BigNumeric a) { return DecimalJson(a); });
  AddFunction(
      f, "bq_json_number_of_numeric", +[](values::Numeric a) { return DecimalJsonNumber(a); });
  AddFunction(
      f, "bq_json_number_of_bignumeric", +[](values::BigNumeric a) { return DecimalJsonNumber(a); });
  AddFunction(
      f, "bq_json_number_of_float64", +[](double a) -> absl::StatusOr<std::string> {
        return std::isfinite(a) ? CanonicalJson(FloatNumber(a)) : FloatJson(a);
      });
  AddFunction(
      f, "bq_json_of_int64", +[](int64_t a) -> std::string {
        return a >= -kExactMax && a <= kExactMax ? base::StrCat(a) : base::StrCat("\"", a, "\"");
      });
  AddFunction(
      f, "bq_json_of_datetime", +[](Datetime a) -> std::string {
        return base::StrCat("\"", values::FormatDatetime(a.micros, 'T'), "\"");
      });
  AddFunction(
      f, "bq_json_of_timestamp", +[](Timestamp a) -> std::string {
        return base::StrCat(
            "\"", values::FormatTimestamp(a.micros, "Z", values::FractionDigits::kMilliMicro, 'T'), "\"");
      });
  AddFunction(
      f, "bq_json_compact", +[](V json) -> absl::StatusOr<std::string> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        return WriteJson(node);
      });
}

}  // namespace

void AddJsonFunctions(OwnFunctions& f) {
  AddFunction(f, "bq_json_value", &Scalar);
  AddFunction(f, "bq_json_extract_scalar", &Scalar);
  AddFunction(
      f, "bq_json_query", +[](V json, V path) { return Query(json, path, false); });
  AddFunction(
      f, "bq_json_extract", +[](V json, V path) { return Query(json, path, false); });
  AddFunction(
      f, "bq_json_query_json", +[](V json, V path) { return Query(json, path, true); });
  AddFunction(f, "bq_json_query_array", &QueryArray);
  AddFunction(f, "bq_json_extract_array", &QueryArray);
  AddFunction(f, "bq_json_value_array", &ValueArray);
  AddFunction(f, "bq_json_extract_string_array", &ValueArray);
  AddFunction(
      f, "bq_parse_json", +[](V text) { return CanonicalJson(text); });
  AddFunction(
      f, "bq_json_type", +[](V json) -> absl::StatusOr<std::string> {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        return std::string(TypeName(node.kind));
      });
  AddFunction(
      f, "bq_json_member", +[](V json, V name) -> OptionalText {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        for (const auto& [key, member] : node.members) {
          if (key == name) return WriteJson(member);
        }
        return std::nullopt;
      });
  AddFunction(
      f, "bq_json_element", +[](V json, int64_t index) -> OptionalText {
        BQCDC_ASSIGN_OR_RETURN(const JsonNode node, JsonTreeOrNull(json));
        if (index < 0 || index >= static_cast<int64_t>(node.elements.size())) return std::nullopt;
        return WriteJson(node.elements[index]);
      });
  AddLaxFunctions(f);
  AddStrictFunctions(f);
  AddJsonWriters(f);
}

}  // namespace bqcdc::emulator::sql
