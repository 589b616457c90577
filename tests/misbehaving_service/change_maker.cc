#include "tests/misbehaving_service/change_maker.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/civil_time.h"
#include "tests/misbehaving_service/misbehaving_service.h"
#include "tests/misbehaving_service/served_table.h"
#include "tests/oracle/cdc_oracle.h"

namespace bqcdc::misbehaving {
namespace {

using oracle::Operation;

constexpr std::int64_t kFirstWriteOnceKey = 1000;
constexpr std::int64_t kFirstDay = 20'000;  // since 1970

std::int64_t DrawBetween(std::mt19937_64& random, std::int64_t low, std::int64_t high) {
  return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}
bool DrawPercent(std::mt19937_64& random, int percent) { return DrawBetween(random, 1, 100) <= percent; }

}  // namespace

std::vector<std::string> ChangeHabits::DrawKeyColumns(std::mt19937_64& random) {
  std::vector<std::string> columns = {"id"};
  if (!DrawPercent(random, 50)) return columns;
  columns.push_back("region");
  if (DrawPercent(random, 50)) columns.push_back("day");
  std::shuffle(columns.begin(), columns.end(), random);
  return columns;
}

void ChangeHabits::DrawPercents(std::mt19937_64& random) {
  write_once_percent = DrawPercent(random, 50) ? 35 : 0;
  unfit_percent = DrawPercent(random, 60) ? (DrawPercent(random, 50) ? 8 : 30) : 0;
  broken_percent = DrawPercent(random, 60) ? 8 : 0;
}

std::int64_t ChangeMaker::Between(std::int64_t low, std::int64_t high) {
  return DrawBetween(random_, low, high);
}

std::vector<InputChange> ChangeMaker::MakeMany(std::int64_t count) {
  std::vector<InputChange> input;
  for (std::int64_t line = 1; line <= count; ++line) input.push_back(Make(line));
  return input;
}

InputChange ChangeMaker::Make(std::int64_t line) {
  if (line > 1 && Percent(habits_.broken_percent)) return MakeBroken(line);
  oracle::Row row;
  row.value = line;
  row.key = MakeKey(line);
  row.operation = line > 1 && Percent(25) ? Operation::kDelete : Operation::kUpsert;
  const bool unfit = row.operation == Operation::kUpsert && Percent(habits_.unfit_percent);
  std::vector<std::string> fields = SpellKey(row.key);
  fields.push_back(
      absl::StrCat(R"("_CHANGE_TYPE":")", row.operation == Operation::kDelete ? "DELETE" : "UPSERT", "\""));
  if (row.operation == Operation::kDelete) {
    row.value = 0;  // A DELETE carries its key alone.
  } else {
    row.note = absl::StrCat(unfit ? std::string(kUnfitNote) : "note", line,
                            std::string(static_cast<std::size_t>(Between(0, 80)), '.'));
    fields.push_back(absl::StrCat(R"("value":)", line));
    fields.push_back(absl::StrCat(R"("note":")", *row.note, "\""));
  }
  if (habits_.own_numbers) {
    // Rising by and large, some late, some equal; a DELETE's is its own, so that it can be told from
    // others.
    const std::int64_t section = row.operation == Operation::kDelete
                                     ? line / 3
                                     : Between(std::max<std::int64_t>(0, line - 6), line) / 3;
    const std::string number =
        absl::StrCat(absl::Hex(section), "/", absl::Hex(row.operation == Operation::kDelete ? line : 0));
    row.sequence = absl::AsciiStrToUpper(absl::StrCat(number, "/0/0"));  // As the writer spells it.
    if (habits_.numbers_in_lines)
      fields.push_back(absl::StrCat(R"("_CHANGE_SEQUENCE_NUMBER":")", number, "\""));
  }
  std::shuffle(fields.begin(), fields.end(), random_);
  InputChange change;
  change.line = absl::StrCat("{", absl::StrJoin(fields, ","), "}");
  change.row = std::move(row);
  if (unfit) change.reason = "refused";
  return change;
}

oracle::Key ChangeMaker::MakeKey(std::int64_t line) {
  const bool once = Percent(habits_.write_once_percent);
  const std::size_t columns = habits_.key_columns.size();
  oracle::Key key;
  key.id = once ? kFirstWriteOnceKey + line : Between(1, columns == 1 ? 8 : columns == 2 ? 4 : 3);
  if (columns > 1) key.region = Percent(50) ? "east" : "west";
  if (columns > 2) key.parts = {oracle::Scalar(absl::StrCat(kFirstDay + Between(0, 1)))};
  return key;
}

std::vector<std::string> ChangeMaker::SpellKey(const oracle::Key& key) {
  std::vector<std::string> fields;
  fields.push_back(Percent(80) ? absl::StrCat(R"("id":)", *key.id)
                               : absl::StrCat(R"("id":")", *key.id, "\""));
  if (key.region) {
    const std::string text =
        Percent(80) ? *key.region
                    : absl::StrCat(R"(\u00)", absl::Hex((*key.region)[0]), key.region->substr(1));
    fields.push_back(absl::StrCat(R"("region":")", text, "\""));
  }
  for (const oracle::Value& day : key.parts) {
    const absl::CivilDay date = absl::CivilDay(1970, 1, 1) + std::stoll(day.text);
    fields.push_back(Percent(80) ? absl::StrCat(R"("day":")", absl::FormatCivilTime(date), "\"")
                                 : absl::StrCat(R"("day":)", day.text));
  }
  return fields;
}

InputChange ChangeMaker::MakeBroken(std::int64_t line) {
  const std::string number = habits_.own_numbers && habits_.numbers_in_lines
                                 ? absl::StrCat(R"(,"_CHANGE_SEQUENCE_NUMBER":")", absl::Hex(line), "\"")
                                 : "";
  switch (Between(0, 3)) {
    case 0:
      return {"{broken", {}, "json_syntax"};
    case 1:
      // Where the key has several columns, those that lack are enough.
      return {absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":)",
                           habits_.key_columns.size() == 1 ? "null" : "1", number, "}"),
              {},
              "null_key"};
    case 2:
      return {absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":1,"value":"x")", number, "}"), {}, "malformed"};
    default:
      return {
          absl::StrCat(R"({"_CHANGE_TYPE":"UPSERT","id":1,"other":1)", number, "}"), {}, "unknown_column"};
  }
}

oracle::View ExpectedTable(const std::vector<InputChange>& input, std::size_t key_columns) {
  oracle::CdcOracle oracle(key_columns == 1 ? oracle::Shape::kSingleKey : oracle::Shape::kCompositeKey, 0,
                           {});
  std::int64_t time = 1;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (!input[i].reason.empty()) continue;
    oracle::Row row = *input[i].row;
    if (!row.sequence) row.sequence = absl::StrCat("1/", absl::Hex(i + 1));
    oracle.Append({row}, time++);
  }
  return oracle.Expected(time);
}

std::string Describe(const oracle::View& view) {
  std::string text;
  for (const oracle::VisibleRow& row : view)
    absl::StrAppend(&text, " ", KeyName(row.key), "=", row.value, "/", row.note.value_or("NULL"));
  return text;
}

InputLines::InputLines(const std::vector<InputChange>& input, RowNumbers numbers) : numbers_(numbers) {
  std::int64_t rows = 0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (!input[i].row) continue;
    const auto line = static_cast<std::int64_t>(i + 1);
    ++rows;
    oracle::Row row = *input[i].row;
    if (numbers_ != RowNumbers::kOwn) row.sequence = "*";
    lines_.emplace(numbers_ == RowNumbers::kOwn
                       ? RowName(row)
                       : absl::StrCat(RowName(row), "#", numbers_ == RowNumbers::kOfLine ? line : rows),
                   line);
  }
}

std::int64_t InputLines::LineOf(const std::string& row_name) const {
  std::string text = row_name;
  if (numbers_ != RowNumbers::kOwn) {
    // key@epoch/line/1/0±value
    const std::size_t at = row_name.find('@');
    const std::size_t sign = row_name.find_first_of("+-", at + 1);
    const std::vector<std::string> sections = absl::StrSplit(row_name.substr(at + 1, sign - at - 1), '/');
    if (sections.size() != 4) return 0;
    const std::int64_t number = std::strtoll(sections[1].c_str(), nullptr, 16);
    text = absl::StrCat(row_name.substr(0, at), "@*", row_name.substr(sign), "#", number);
  }
  const auto found = lines_.find(text);
  return found == lines_.end() ? 0 : found->second;
}

}  // namespace bqcdc::misbehaving
