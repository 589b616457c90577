#include "bqcdc/cli/result_format.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/values/civil_time.h"

namespace bqcdc::cli {
namespace {

using Json = nlohmann::ordered_json;
using schema::ColumnType;

std::string ScalarText(const schema::Column& column, const rest::Cell& cell) {
  std::int64_t micros = 0;
  if (column.type == ColumnType::kTimestamp && absl::SimpleAtoi(cell.text, &micros) &&
      values::IsTimestamp(micros)) {
    return values::FormatTimestamp(micros, " UTC", values::FractionDigits::kShortest);
  }
  return cell.text;
}

Json ToJson(const schema::Column& column, const rest::Cell& cell, bool element = false) {
  if (column.repeated() && !element) {
    Json array = Json::array();
    for (const rest::Cell& part : cell.parts) array.push_back(ToJson(column, part, true));
    return array;
  }
  if (cell.null) return nullptr;
  if (column.type != ColumnType::kStruct) return ScalarText(column, cell);
  Json object = Json::object();
  for (std::size_t i = 0; i < column.fields.size() && i < cell.parts.size(); ++i) {
    object[column.fields[i].name] = ToJson(column.fields[i], cell.parts[i]);
  }
  return object;
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

bool IsRightAligned(const schema::Column& column) {
  if (column.repeated()) return false;
  return column.type == ColumnType::kInt64 || column.type == ColumnType::kFloat64 ||
         column.type == ColumnType::kNumeric || column.type == ColumnType::kBigNumeric;
}

class TablePrinter final : public ResultPrinter {
 public:
  explicit TablePrinter(std::FILE* out) : out_(out) {}

  void Page(const std::vector<schema::Column>& columns, const std::vector<rest::Row>& rows) override {
    if (columns.empty()) return;
    std::vector<std::vector<std::string>> texts;
    for (const rest::Row& row : rows) {
      std::vector<std::string>& line = texts.emplace_back();
      for (std::size_t i = 0; i < columns.size(); ++i) {
        // A line break would break the table.
        line.push_back(
            absl::StrReplaceAll(CellText(columns[i], row[i]), {{"\n", "\\n"}, {"\r", "\\r"}, {"\t", "\\t"}}));
      }
    }
    if (widths_.empty()) Begin(columns, texts);
    for (const auto& line : texts) PrintLine(columns, line);
    row_count_ += rows.size();
  }

  void End() override {
    if (widths_.empty()) return;
    Rule();
    std::fprintf(out_, "(%zu %s)\n", row_count_, row_count_ == 1 ? "row" : "rows");
  }

 private:
  void Begin(const std::vector<schema::Column>& columns, const std::vector<std::vector<std::string>>& texts) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      names.push_back(columns[i].name);
      std::size_t width = DisplayWidth(columns[i].name);
      for (const auto& line : texts) width = std::max(width, DisplayWidth(line[i]));
      widths_.push_back(width);
    }
    Rule();
    PrintLine({}, names);
    Rule();
  }

  void Rule() {
    for (const std::size_t width : widths_) std::fprintf(out_, "+%s", std::string(width + 2, '-').c_str());
    std::fprintf(out_, "+\n");
  }

  void PrintLine(const std::vector<schema::Column>& columns, const std::vector<std::string>& texts) {
    std::string text;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::size_t width = DisplayWidth(texts[i]);
      const std::string padding(widths_[i] > width ? widths_[i] - width : 0, ' ');
      const bool right = !columns.empty() && IsRightAligned(columns[i]);
      text += right ? base::StrCat("| ", padding, texts[i], " ") : base::StrCat("| ", texts[i], padding, " ");
    }
    std::fprintf(out_, "%s|\n", text.c_str());
  }

  std::FILE* const out_;
  std::vector<std::size_t> widths_;
  std::size_t row_count_ = 0;
};

class JsonPrinter final : public ResultPrinter {
 public:
  explicit JsonPrinter(std::FILE* out) : out_(out) {}

  void Page(const std::vector<schema::Column>& columns, const std::vector<rest::Row>& rows) override {
    for (const rest::Row& row : rows) {
      Json object = Json::object();
      for (std::size_t i = 0; i < columns.size(); ++i) object[columns[i].name] = ToJson(columns[i], row[i]);
      std::fprintf(out_, "%s%s", first_ ? "[" : ",\n ", Dump(object).c_str());
      first_ = false;
    }
  }
  void End() override { std::fputs(first_ ? "[]\n" : "]\n", out_); }

 private:
  std::FILE* const out_;
  bool first_ = true;
};

class CsvPrinter final : public ResultPrinter {
 public:
  explicit CsvPrinter(std::FILE* out) : out_(out) {}

  void Page(const std::vector<schema::Column>& columns, const std::vector<rest::Row>& rows) override {
    if (!header_ && !columns.empty()) {
      std::vector<std::string> names;
      for (const schema::Column& column : columns) names.push_back(column.name);
      Print(names);
      header_ = true;
    }
    for (const rest::Row& row : rows) {
      std::vector<std::string> texts;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        const bool null = row[i].null && !columns[i].repeated();
        texts.push_back(null ? std::string() : CellText(columns[i], row[i]));
      }
      Print(texts);
    }
  }
  void End() override {}

 private:
  void Print(const std::vector<std::string>& texts) {
    std::string line;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) line.push_back(',');
      const bool quoted = texts[i].find_first_of(",\"\r\n") != std::string::npos;
      line += quoted ? base::StrCat("\"", absl::StrReplaceAll(texts[i], {{"\"", "\"\""}}), "\"") : texts[i];
    }
    std::fprintf(out_, "%s\n", line.c_str());
  }

  std::FILE* const out_;
  bool header_ = false;
};

}  // namespace

std::unique_ptr<ResultPrinter> ResultPrinter::Create(ResultFormat format, std::FILE* out) {
  switch (format) {
    case ResultFormat::kJson:
      return std::make_unique<JsonPrinter>(out);
    case ResultFormat::kCsv:
      return std::make_unique<CsvPrinter>(out);
    case ResultFormat::kTable:
      break;
  }
  return std::make_unique<TablePrinter>(out);
}

std::string CellText(const schema::Column& column, const rest::Cell& cell) {
  if (column.repeated()) return Dump(ToJson(column, cell));
  if (cell.null) return "NULL";
  return column.type == ColumnType::kStruct ? Dump(ToJson(column, cell)) : ScalarText(column, cell);
}

std::size_t DisplayWidth(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace bqcdc::cli
