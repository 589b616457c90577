// The fast encoder against the slow one, byte for byte, over random tables and rows.

#include "bqcdc/encode/testing/reference_encoder.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>

#include "bqcdc/base/strings.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/testing/limit_values.h"
#include "bqcdc/encode/testing/random_rows.h"
#include "bqcdc/schema/column_name_rules.h"
#include "bqcdc/schema/inline_schema.h"
#include "bqcdc/values/json_text.h"

namespace bqcdc::encode::testing {
namespace {

constexpr int kTables = 160;
constexpr int kLinesPerTable = 40;
constexpr int kRefusedEvery = 8;  // lines

// BQCDC_SEED repeats a failed run.
uint32_t Seed() {
  const char* given = std::getenv("BQCDC_SEED");
  return given != nullptr ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
}

// Both encoders of a table, and what they make of its lines.
class BothEncoders {
 public:
  explicit BothEncoders(const schema::TableSchema& table)
      : reference_(ReferenceEncoder::Create(table).value()), encoder_(EncodePlan::Create(table).value()) {}

  // In table order the rows of UPSERTs are the same as they stand; DELETE rows stand in key order.
  void Take(const std::string& text, RandomRows::KeyOrder order) {
    const OwnedLine line(text);
    const values::SequenceNumber sequence{{rows_.row_count(), 0, 0xFFFFFFFFFFFFFFFF, 1}};
    ASSERT_EQ(encoder_.EncodeLine(line.line(), sequence, &rows_), EncodeError::kNone)
        << DescribeEncodeError(encoder_.failure()) << "\n"
        << text;
    const auto want = reference_->Encode(text, sequence.ToString());
    ASSERT_TRUE(want.ok()) << want.status() << "\n" << text;
    const size_t last = rows_.row_count() - 1;
    const std::string_view got = rows_.row(last);
    if (order == RandomRows::KeyOrder::kAsInTable && rows_.facts(last).change_type == ChangeType::kUpsert) {
      ASSERT_EQ(got, *want) << text;
      return;
    }
    const auto normalized = reference_->Normalize(got);
    ASSERT_TRUE(normalized.ok()) << normalized.status() << "\n" << text;
    ASSERT_EQ(*normalized, *want) << text;
    ASSERT_EQ(got.size(), want->size()) << text;
  }

  void Refuse(const std::string& text) {
    const size_t count = rows_.row_count();
    const OwnedLine line(text);
    ASSERT_NE(encoder_.EncodeLine(line.line(), {}, &rows_), EncodeError::kNone) << text;
    ASSERT_EQ(rows_.row_count(), count);
    ASSERT_FALSE(DescribeEncodeError(encoder_.failure()).ok());
    ASSERT_FALSE(reference_->Encode(text, "0").ok()) << text;
  }

 private:
  const std::unique_ptr<ReferenceEncoder> reference_;
  JsonRowEncoder encoder_;
  EncodedRows rows_;
};

void CompareOneTable(RandomRows* random, RandomRows::KeyOrder order, int* refused) {
  const schema::TableSchema table = random->Table();
  BothEncoders both(table);
  for (int i = 0; i < kLinesPerTable; ++i) {
    ASSERT_NO_FATAL_FAILURE(both.Take(random->Line(table, order), order));
    if (i % kRefusedEvery != 0) continue;
    const std::optional<std::string> beyond = random->RefusedLine(table, order);
    if (!beyond.has_value()) continue;
    ASSERT_NO_FATAL_FAILURE(both.Refuse(*beyond));
    ++*refused;
  }
}

class ReferenceEncoderTest : public ::testing::TestWithParam<RandomRows::KeyOrder> {};

TEST_P(ReferenceEncoderTest, BothEncodersWriteTheSameBytes) {
  const uint32_t seed = Seed();
  RandomRows random(seed);
  int refused = 0;
  for (int i = 0; i < kTables && !HasFatalFailure(); ++i) {
    SCOPED_TRACE(::testing::Message() << "BQCDC_SEED=" << seed << ", table " << i);
    CompareOneTable(&random, GetParam(), &refused);
  }
  EXPECT_GT(refused, kTables);
}

INSTANTIATE_TEST_SUITE_P(KeyOrders, ReferenceEncoderTest,
                         ::testing::Values(RandomRows::KeyOrder::kAsInTable, RandomRows::KeyOrder::kShuffled),
                         [](const auto& info) {
                           return info.param == RandomRows::KeyOrder::kAsInTable ? "AsInTable" : "Shuffled";
                         });

// Every type, and parameters at their own limits.
constexpr const char* kTypes[] = {"BOOL",
                                  "INT64",
                                  "FLOAT64",
                                  "NUMERIC",
                                  "NUMERIC(1)",
                                  "NUMERIC(29)",
                                  "NUMERIC(5, 2)",
                                  "NUMERIC(9, 9)",
                                  "NUMERIC(38, 9)",
                                  "BIGNUMERIC",
                                  "BIGNUMERIC(1)",
                                  "BIGNUMERIC(38)",
                                  "BIGNUMERIC(20, 10)",
                                  "BIGNUMERIC(38, 38)",
                                  "BIGNUMERIC(76, 38)",
                                  "STRING",
                                  "STRING(1)",
                                  "STRING(10)",
                                  "STRING(127)",
                                  "STRING(16383)",
                                  "BYTES",
                                  "BYTES(1)",
                                  "BYTES(128)",
                                  "DATE",
                                  "TIME",
                                  "DATETIME",
                                  "TIMESTAMP",
                                  "TIMESTAMP(12)",
                                  "JSON",
                                  "INTERVAL",
                                  "GEOGRAPHY",
                                  "RANGE<DATE>",
                                  "RANGE<DATETIME>",
                                  "RANGE<TIMESTAMP>"};

class LimitTest : public ::testing::TestWithParam<const char*> {};

// A value of the type alone, in an array and in a STRUCT, and as the key where it can be one.
TEST_P(LimitTest, BothEncodersTakeItAndRefuseWhatIsBeyond) {
  schema::Column column{.name = "c"};
  ASSERT_TRUE(schema::ParseScalarType(GetParam(), &column).ok());
  schema::Column repeated = column;
  repeated.name = "r";
  repeated.mode = schema::ColumnMode::kRepeated;
  const schema::Column nested{.name = "s", .type = schema::ColumnType::kStruct, .fields = {column, repeated}};
  const schema::Column id{.name = "id", .type = schema::ColumnType::kInt64};
  BothEncoders both({{id, column, repeated, nested}, {"id"}});
  const auto line = [](std::string_view members) {
    return base::StrCat("{\"id\":1,", members, ",\"_CHANGE_TYPE\":\"UPSERT\"}");
  };
  const LimitValues limits = LimitValuesOf(column);
  for (const std::string& value : limits.taken) {
    both.Take(line(base::StrCat("\"c\":", value, ",\"r\":[", value, ",", value, "],\"s\":{\"c\":", value,
                                ",\"r\":[", value, "]}")),
              RandomRows::KeyOrder::kAsInTable);
  }
  for (const std::string& value : limits.refused) {
    both.Refuse(line("\"c\":" + value));
    both.Refuse(line("\"r\":[" + value + "]"));
    both.Refuse(line("\"s\":{\"c\":" + value + "}"));
  }
  if (!schema::IsKeyType(column.type)) return;
  BothEncoders keyed({{column}, {"c"}});
  for (const char* change : {"UPSERT", "DELETE"}) {
    const auto key_line = [change](const std::string& value) {
      return base::StrCat("{\"c\":", value, ",\"_CHANGE_TYPE\":\"", change, "\"}");
    };
    for (const std::string& value : limits.taken)
      keyed.Take(key_line(value), RandomRows::KeyOrder::kAsInTable);
    for (const std::string& value : limits.refused) keyed.Refuse(key_line(value));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryType, LimitTest, ::testing::ValuesIn(kTypes), [](const auto& info) {
  std::string name;
  for (const char* c = info.param; *c != '\0'; ++c)
    name += std::isalnum(static_cast<unsigned char>(*c)) != 0 ? *c : '_';
  return name;
});

// As many STRUCTs within each other as a table may have, each of them repeated.
TEST(DeepestTableTest, BothEncodersWriteTheSameBytes) {
  schema::Column column{.name = "leaf"};
  std::string value = "\"text\"";
  for (int depth = 0; depth < schema::kStructDepthMax; ++depth) {
    value = base::StrCat("[{\"", column.name, "\":", value, "},{}]");
    column = {.name = "level",
              .type = schema::ColumnType::kStruct,
              .mode = schema::ColumnMode::kRepeated,
              .fields = {column}};
  }
  const schema::Column id{.name = "id", .type = schema::ColumnType::kInt64};
  BothEncoders both({{id, column}, {"id"}});
  both.Take(base::StrCat("{\"id\":1,\"level\":", value, ",\"_CHANGE_TYPE\":\"UPSERT\"}"),
            RandomRows::KeyOrder::kAsInTable);
  EXPECT_FALSE(EncodePlan::Create(
                   {{id, {.name = "level", .type = schema::ColumnType::kStruct, .fields = {column}}}, {"id"}})
                   .ok());
}

// Changes, takes out or adds a few bytes.
void Damage(RandomRows& random, std::string& text) {
  for (uint32_t n = 1 + random.Below(3); n > 0; --n) {
    const size_t at = random.Below(static_cast<uint32_t>(text.size()));
    switch (random.Below(3)) {
      case 0:
        text[at] = "{}[],:\"\\0e-.x\xff"[random.Below(14)];
        break;
      case 1:
        text.erase(at, 1 + random.Below(4));
        break;
      default:
        text.insert(at, 1, "{}[],:\"\\0e-. "[random.Below(13)]);
        break;
    }
    if (text.empty()) text = " ";
  }
}

// Valid lines with bytes changed at random: an error or a row, never a crash, and what is taken is JSON and
// its row a message.
TEST(JsonRowEncoderRobustness, DamagedLines) {
  const uint32_t seed = Seed();
  SCOPED_TRACE(::testing::Message() << "BQCDC_SEED=" << seed);
  RandomRows random(seed);
  int refused = 0;
  for (int i = 0; i < 100; ++i) {
    const schema::TableSchema table = random.Table();
    auto reference = ReferenceEncoder::Create(table);
    JsonRowEncoder encoder(*EncodePlan::Create(table));
    EncodedRows rows;
    for (int j = 0; j < 200; ++j) {
      std::string text = random.Line(table, RandomRows::KeyOrder::kShuffled);
      Damage(random, text);
      const OwnedLine line(text);
      if (encoder.EncodeLine(line.line(), {}, &rows) != EncodeError::kNone) {
        ++refused;
        ASSERT_FALSE(DescribeEncodeError(encoder.failure()).ok());
        continue;
      }
      // Values that a DELETE does not need are passed by their brackets.
      ASSERT_TRUE(rows.facts(rows.row_count() - 1).change_type == ChangeType::kDelete ||
                  !values::FindJsonFault(text).has_value())
          << text;
      ASSERT_TRUE((*reference)->Normalize(rows.row(rows.row_count() - 1)).ok()) << text;
    }
  }
  EXPECT_GT(refused, 1000);
}

// The same object with a space behind each colon and comma.
std::string Spaced(std::string_view object) {
  std::string text;
  bool in_string = false;
  for (size_t i = 0; i < object.size(); ++i) {
    text += object[i];
    if (object[i] == '\\') {
      text += object[++i];
    } else if (object[i] == '"') {
      in_string = !in_string;
    } else if (!in_string && (object[i] == ',' || object[i] == ':')) {
      text += ' ';
    }
  }
  return text;
}

// Lines whose shape the encoder knows, good and damaged ones: what becomes of them is what an encoder makes
// of them that has seen no line before.
TEST(JsonRowEncoderRobustness, ShapeIsKnownOrNot) {
  constexpr size_t kTriesUntilKnown = 3;
  const uint32_t seed = Seed();
  SCOPED_TRACE(::testing::Message() << "BQCDC_SEED=" << seed);
  RandomRows random(seed);
  int taken = 0, taken_damaged = 0, refused = 0;
  for (int i = 0; i < 100; ++i) {
    const schema::TableSchema table = random.Table();
    const auto plan = *EncodePlan::Create(table);
    for (int j = 0; j < 20; ++j) {
      std::string first = random.Line(table, RandomRows::KeyOrder::kAsInTable);
      const bool spaced = random.Below(3) == 0;
      if (spaced) first = Spaced(first);
      // Where there is another one, columns that one of them lacks may be absent.
      std::string second =
          random.Below(2) == 0 ? first : random.Line(table, RandomRows::KeyOrder::kAsInTable);
      if (spaced && second != first) second = Spaced(second);
      const OwnedLine first_line(first), second_line(second);
      for (int k = 0; k < 10; ++k) {
        JsonRowEncoder known(plan), fresh(plan);
        EncodedRows want, got;
        for (size_t tries = 0; tries < kTriesUntilKnown; ++tries)
          ASSERT_EQ(known.EncodeLine(first_line.line(), {}, &got), EncodeError::kNone) << first;
        ASSERT_EQ(got.row(0), got.row(kTriesUntilKnown - 1)) << first;
        for (size_t tries = 0; tries < kTriesUntilKnown; ++tries)
          ASSERT_EQ(known.EncodeLine(second_line.line(), {}, &got), EncodeError::kNone) << second;
        ASSERT_EQ(got.row(kTriesUntilKnown), got.row(2 * kTriesUntilKnown - 1)) << second;
        const bool is_known = known.lines_to_scan() == 0;  // Not where much of it is arrays of objects.
        std::string text = first;
        const bool damaged = random.Below(3) != 0;
        if (damaged) {
          Damage(random, text);
        } else if (random.Below(2) == 0) {
          text = random.Line(table, RandomRows::KeyOrder::kAsInTable);
          if (spaced) text = Spaced(text);
        }
        // What stands behind a line may look as if it went on. No more of it is readable.
        std::string behind = random.Below(2) == 0 ? first : "\n" + first;
        if (damaged && random.Below(2) == 0) behind = first.substr(std::min(first.size(), text.size()));
        behind.resize(kLinePaddingBytes, '0');
        const auto buffer = std::make_unique<char[]>(text.size() + behind.size());
        std::memcpy(buffer.get(), text.data(), text.size());
        std::memcpy(buffer.get() + text.size(), behind.data(), behind.size());
        const PaddedLine line(buffer.get(), text.size());
        const EncodeError error = fresh.EncodeLine(line, {}, &want);
        ASSERT_EQ(known.EncodeLine(line, {}, &got), error) << first << "\n" << text;
        if (error != EncodeError::kNone) {
          ++refused;
          ASSERT_EQ(DescribeEncodeError(known.failure()), DescribeEncodeError(fresh.failure()))
              << first << "\n"
              << text;
          continue;
        }
        const size_t last = got.row_count() - 1;
        ASSERT_EQ(got.row(last), want.row(0)) << first << "\n" << text;
        ASSERT_EQ(got.facts(last).key_hash, want.facts(0).key_hash);
        ASSERT_EQ(got.facts(last).change_type, want.facts(0).change_type);
        ASSERT_EQ(got.facts(last).tie_hash, want.facts(0).tie_hash);
        ASSERT_EQ(got.facts(last).own_sequence, want.facts(0).own_sequence);
        ASSERT_EQ(got.facts(last).sequence_bytes, want.facts(0).sequence_bytes);
        if (is_known && known.lines_to_scan() == 0) ++(damaged ? taken_damaged : taken);
      }
    }
  }
  RecordProperty("taken", taken);
  RecordProperty("taken_damaged", taken_damaged);
  EXPECT_GT(taken, 1000);
  EXPECT_GT(taken_damaged, 100);
  EXPECT_GT(refused, 1000);
}

// Several lines in one buffer, good and damaged ones: whether their tokens are looked for together or line by
// line makes no difference.
TEST(JsonRowEncoderRobustness, ScannedAheadOrLineByLine) {
  const uint32_t seed = Seed();
  SCOPED_TRACE(::testing::Message() << "BQCDC_SEED=" << seed);
  RandomRows random(seed);
  int refused = 0, together = 0;
  for (int i = 0; i < 60; ++i) {
    const schema::TableSchema table = random.Table();
    const auto plan = *EncodePlan::Create(table);
    JsonRowEncoder one_by_one(plan), ahead(plan);
    EncodedRows want, got;
    for (int j = 0; j < 20; ++j) {
      std::string buffer;
      std::vector<std::pair<size_t, size_t>> places;
      const uint32_t damaged = random.Below(3) * 15;  // per cent
      for (uint32_t n = 1 + random.Below(20); n > 0; --n) {
        std::string text = random.Line(table, RandomRows::KeyOrder::kShuffled);
        if (random.Below(100) < damaged) Damage(random, text);
        if (random.Below(40) == 0) text = random.Below(2) == 0 ? " " : "\\";
        places.emplace_back(buffer.size(), text.size());
        buffer += text + (random.Below(8) == 0 ? "\r\n" : random.Below(8) == 0 ? " \t\n" : "\n");
      }
      buffer.resize(buffer.size() + kLinePaddingBytes, ' ');
      std::vector<PaddedLine> lines;
      for (const auto& [at, size] : places) lines.emplace_back(buffer.data() + at, size);
      size_t scanned = 0;
      for (size_t line = 0; line < lines.size(); ++line) {
        if (line == scanned) scanned += ahead.ScanAhead(std::span(lines).subspan(line));
        together += scanned > line + 1;
        const values::SequenceNumber number{{1, line, 0, 0}};
        const EncodeError error = one_by_one.EncodeLine(lines[line], number, &want);
        ASSERT_EQ(ahead.EncodeLine(lines[line], number, &got), error) << lines[line].text();
        ASSERT_EQ(got.framed(), want.framed()) << lines[line].text();
        if (error == EncodeError::kNone) {
          ASSERT_EQ(got.facts(got.row_count() - 1).key_hash, want.facts(want.row_count() - 1).key_hash);
        } else {
          ++refused;
          ASSERT_EQ(DescribeEncodeError(ahead.failure()), DescribeEncodeError(one_by_one.failure()));
        }
      }
      want.Clear();
      got.Clear();
    }
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(together, 2000);
}

}  // namespace
}  // namespace bqcdc::encode::testing
