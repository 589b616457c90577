// FORMAT: https://cloud.google.com/bigquery/docs/reference/standard-sql/string_functions#format_string

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/functions/code_points.h"
#include "bqcdc/emulator/sql/functions/output_limits.h"
#include "bqcdc/emulator/sql/functions/own_function.h"
#include "bqcdc/values/json_document.h"

namespace bqcdc::emulator::sql {
namespace {

constexpr int kWidthMax = 10'000;

// %[flags][width][.precision]specifier.
struct Directive {
  std::string flags;
  int width = 0;
  int precision = -1;
  char specifier = 0;
};

absl::Status Unknown(std::string_view what) {
  return base::InvalidArgument("Not supported by this server: FORMAT with ", what);
}

absl::StatusOr<Directive> ReadDirective(std::string_view format, size_t* at) {
  Directive directive;
  const auto number = [&] {
    int value = 0;
    while (*at < format.size() && format[*at] >= '0' && format[*at] <= '9' && value <= kWidthMax) {
      value = value * 10 + (format[(*at)++] - '0');
    }
    return value;
  };
  while (*at < format.size() && std::string_view("-+ 0#").find(format[*at]) != std::string_view::npos) {
    directive.flags += format[(*at)++];
  }
  directive.width = number();
  if (*at < format.size() && format[*at] == '.') {
    ++*at;
    directive.precision = number();
  }
  if (*at >= format.size()) return base::InvalidArgument("Invalid FORMAT string: it ends within a directive");
  directive.specifier = format[(*at)++];
  if (directive.width > kWidthMax || directive.precision > kWidthMax) return Unknown("so wide a field");
  return directive;
}

std::string Padded(std::string text, const Directive& directive) {
  if (directive.precision >= 0) text = text.substr(0, OffsetOfCodePoint(text, directive.precision));
  const int64_t missing = directive.width - CountCodePoints(text);
  if (missing <= 0) return text;
  const std::string spaces(missing, ' ');
  return directive.flags.find('-') != std::string::npos ? text + spaces : spaces + text;
}

std::string Spec(const Directive& d, const char* length) {
  std::string spec = "%" + d.flags;
  if (d.width > 0) base::StrAppend(&spec, d.width);
  if (d.precision >= 0) base::StrAppend(&spec, ".", d.precision);
  base::StrAppend(&spec, length, std::string(1, d.specifier));
  return spec;
}

template <typename T>
std::string Printed(const std::string& spec, T value) {
  const int length = std::snprintf(nullptr, 0, spec.c_str(), value);
  std::string text(length + 1, '\0');
  std::snprintf(text.data(), text.size(), spec.c_str(), value);
  text.resize(length);
  return text;
}

// `tagged`: a letter that tells the type, and the value's text; see the generator's FormatArgument.
absl::StatusOr<std::optional<std::string>> Apply(const Directive& directive, const std::string& tagged) {
  using Result = std::optional<std::string>;
  const char tag = tagged[0];
  const std::string value = tagged.substr(1);
  if (directive.specifier == 't' || directive.specifier == 'T') {
    if (tag == 'N') return Result(Padded("NULL", directive));
    if (directive.specifier == 'T' && tag != 'i' && tag != 'b' && tag != 's')
      return Unknown("%T of this type");
    if (tag == 'f') return Unknown("%t of FLOAT64");
    return Result(
        Padded(directive.specifier == 'T' && tag == 's' ? values::JsonString(value) : value, directive));
  }
  if (tag == 'N') return Result();
  switch (directive.specifier) {
    case 's':
      if (tag != 's') return base::InvalidArgument("Invalid type for argument of FORMAT: %s takes a STRING");
      return Result(Padded(value, directive));
    case 'd':
    case 'i':
      if (tag != 'i') return base::InvalidArgument("Invalid type for argument of FORMAT: %d takes an INT64");
      return Result(Printed(Spec(directive, "ll"), std::strtoll(value.c_str(), nullptr, 10)));
    case 'x':
    case 'X':
    case 'o': {
      if (tag != 'i') return base::InvalidArgument("Invalid type for argument of FORMAT: %x takes an INT64");
      const long long number = std::strtoll(value.c_str(), nullptr, 10);
      if (number < 0) return Unknown("%x of a negative number");
      if (directive.flags.find_first_of("+ ") != std::string::npos) return Unknown("a sign in %x");
      return Result(Printed(Spec(directive, "ll"), number));
    }
    case 'f':
    case 'F':
    case 'e':
    case 'E':
    case 'g':
    case 'G':
      if (tag == 'n') return Unknown("%f of NUMERIC");
      if (tag != 'f' && tag != 'i')
        return base::InvalidArgument("Invalid type for argument of FORMAT: %f takes a FLOAT64");
      return Result(Printed(Spec(directive, ""), std::strtod(value.c_str(), nullptr)));
    default:
      return Unknown(base::StrCat("%", std::string(1, directive.specifier)));
  }
}

absl::StatusOr<std::optional<std::string>> Format(std::string_view format,
                                                  Variadic<std::string_view> arguments) {
  OutputText out("FORMAT");
  size_t used = 0;
  bool is_null = false;
  for (size_t at = 0; at < format.size();) {
    const size_t directive_at = std::min(format.find('%', at), format.size());
    if (directive_at > at) {
      BQCDC_RETURN_IF_ERROR(out.Append(format.substr(at, directive_at - at)));
      at = directive_at;
      continue;
    }
    ++at;
    if (at < format.size() && format[at] == '%') {
      BQCDC_RETURN_IF_ERROR(out.Append("%"));
      ++at;
      continue;
    }
    BQCDC_ASSIGN_OR_RETURN(const Directive directive, ReadDirective(format, &at));
    if (used >= arguments.values.size()) {
      return base::InvalidArgument("Too few arguments to FORMAT for pattern \"", format, "\"");
    }
    BQCDC_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                           Apply(directive, std::string(arguments.values[used++].value_or("N"))));
    if (text) {
      BQCDC_RETURN_IF_ERROR(out.Append(*text));
    } else {
      is_null = true;
    }
  }
  if (used != arguments.values.size()) {
    return base::InvalidArgument("Too many arguments to FORMAT for pattern \"", format, "\"");
  }
  return is_null ? std::optional<std::string>() : std::optional<std::string>(std::move(out).Take());
}

}  // namespace

void AddFormatFunction(OwnFunctions& functions) { AddFunction(functions, "bq_format", &Format); }

}  // namespace bqcdc::emulator::sql
