#include "bqcdc/cli/flag_values.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/schema/column_name_rules.h"
#include "bqcdc/schema/schema_json.h"
#include "bqcdc/values/duration_text.h"

namespace bqcdc::cli {
namespace {

constexpr std::size_t kSchemaFileBytesMax = 16 * 1024 * 1024;

absl::StatusOr<std::string> ReadSchemaFile(const std::string& path) {
  if (std::filesystem::is_directory(path)) return WrongUsage(absl::StrCat(path, " is a directory"));
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return WrongUsage(absl::StrCat("cannot open schema file ", path, ": ", std::strerror(errno)));
  std::ostringstream text;
  text << stream.rdbuf();
  if (text.str().size() > kSchemaFileBytesMax)
    return WrongUsage(absl::StrCat("schema file ", path, " is too large"));
  return text.str();
}

absl::StatusOr<std::vector<schema::Column>> ReadColumns(const std::string& text,
                                                        schema::UntypedColumn untyped) {
  if (text.empty() || text.front() != '@') {
    std::error_code ignored;
    if (text.find(':') == std::string::npos && std::filesystem::is_regular_file(text, ignored)) {
      return WrongUsage(absl::StrCat("'", text, "' is a file; write @", text, " to read it, or ", text,
                                     ":STRING for a column of that name"));
    }
    return schema::ParseInlineSchema(text, untyped);
  }
  BQCDC_ASSIGN_OR_RETURN(const std::string json, ReadSchemaFile(text.substr(1)));
  auto columns = schema::ColumnsFromJsonText(json);
  if (!columns.ok())
    return WrongUsage(absl::StrCat(text.substr(1), ": ", std::string(columns.status().message())));
  return columns;
}

// "16KiB": the largest unit that brings a whole number.
std::string ByteSizeText(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && bytes % 1024 == 0 && unit + 1 < std::size(kUnits); ++unit) bytes /= 1024;
  return absl::StrCat(bytes, kUnits[unit]);
}

absl::Status OutOfRange(const std::string& flag, const std::string& least, const std::string& most,
                        std::string_view text) {
  return WrongUsage(base::StrCat(flag, " must be from ", least, " to ", most, ", not ", text));
}

}  // namespace

absl::StatusOr<std::uint64_t> ParseByteSize(const std::string& flag, std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit =
      absl::AsciiStrToLower(base::ToAbsl(text.substr(static_cast<std::size_t>(end - text.data()))));
  constexpr struct {
    const char* name;
    std::uint64_t bytes;
  } kUnits[] = {{"", 1},           {"b", 1},         {"kb", 1000},          {"kib", 1024},
                {"mb", 1'000'000}, {"mib", 1 << 20}, {"gb", 1'000'000'000}, {"gib", 1 << 30}};
  if (error == std::errc()) {
    for (const auto& known : kUnits) {
      if (unit == known.name && number <= std::numeric_limits<std::int64_t>::max() / known.bytes)
        return number * known.bytes;
    }
  }
  return WrongUsage(
      base::StrCat(flag, ": '", text, "' is no amount of bytes; give 1048576, 512KiB, 1MiB or 1MB"));
}

absl::StatusOr<std::uint64_t> ParseByteSize(const std::string& flag, std::string_view text,
                                            std::uint64_t least, std::uint64_t most) {
  BQCDC_ASSIGN_OR_RETURN(const std::uint64_t bytes, ParseByteSize(flag, text));
  if (bytes < least || bytes > most) return OutOfRange(flag, ByteSizeText(least), ByteSizeText(most), text);
  return bytes;
}

CLI::Validator AtLeast(std::int64_t least) {
  const std::string rule = absl::StrCat("at least ", least);
  return CLI::Validator(
      [least, rule](const std::string& text) -> std::string {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        // What is no number is said by its conversion.
        return error == std::errc() && number < least ? "must be " + rule + ", not " + text : "";
      },
      rule);
}

absl::StatusOr<pipeline::RateLimit> ParseRateLimit(const std::string& flag, std::string_view text) {
  pipeline::RateLimit limit;
  if (text.ends_with("/s")) {
    const std::string_view amount = text.substr(0, text.size() - 2);
    std::uint64_t rows = 0;
    const auto [end, error] = std::from_chars(amount.data(), amount.data() + amount.size(), rows);
    if (error == std::errc() && end == amount.data() + amount.size()) {
      limit.rows_per_second = static_cast<double>(rows);
    } else if (const auto bytes = ParseByteSize(flag, amount); bytes.ok()) {
      limit.bytes_per_second = static_cast<double>(*bytes);
    }
  }
  if (limit.limited()) return limit;
  return WrongUsage(base::StrCat(flag, ": '", text,
                                 "' is no rate; give 5000/s for rows or 10MiB/s for bytes, more than 0"));
}

absl::StatusOr<absl::Duration> ParseDurationFlag(const std::string& flag, const std::string& text,
                                                 absl::Duration least, absl::Duration most) {
  auto duration = values::ParseDurationText(text);
  if (!duration.ok()) return WrongUsage(absl::StrCat(flag, ": ", std::string(duration.status().message())));
  if (*duration < least || *duration > most)
    return OutOfRange(flag, values::FormatDurationText(least), values::FormatDurationText(most), text);
  return duration;
}

absl::StatusOr<values::Interval> ParseStalenessFlag(const std::string& flag, const std::string& text) {
  auto staleness = values::ParseStaleness(text);
  if (!staleness.ok()) return WrongUsage(absl::StrCat(flag, ": ", std::string(staleness.status().message())));
  return staleness;
}

std::vector<std::string> SplitNames(std::string_view text) {
  std::vector<std::string> names;
  for (const absl::string_view part : absl::StrSplit(base::ToAbsl(text), ',')) {
    const absl::string_view name = absl::StripAsciiWhitespace(part);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

absl::StatusOr<std::vector<schema::Column>> ReadColumnsFlag(const std::string& flag, const std::string& text,
                                                            schema::UntypedColumn untyped) {
  auto columns = ReadColumns(text, untyped);
  if (!columns.ok()) return WrongUsage(absl::StrCat(flag, ": ", std::string(columns.status().message())));
  return columns;
}

absl::StatusOr<schema::TableSchema> ReadSchemaFlags(const std::string& schema_text,
                                                    const std::string& primary_key) {
  schema::TableSchema schema;
  BQCDC_ASSIGN_OR_RETURN(schema.columns, ReadColumnsFlag("--schema", schema_text));
  schema.primary_key = SplitNames(primary_key);
  if (schema.primary_key.empty()) return WrongUsage("--primary-key names no column");
  for (schema::Column& column : schema.columns) {
    // A key column is never NULL; columns of a key keep their place even if the schema said NULLABLE.
    if (schema.KeyPosition(column.name).has_value() && !column.repeated())
      column.mode = schema::ColumnMode::kRequired;
  }
  const absl::Status valid = schema::ValidateTableSchema(schema);
  if (!valid.ok()) return WrongUsage(base::ToStd(valid.message()));
  return schema;
}

}  // namespace bqcdc::cli
