// The fast encoder against the slow one, byte for byte, over random tables and rows.

#include "bqcdc/encode/testing/reference_encoder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/testing/random_rows.h"
#include "bqcdc/values/json_text.h"

namespace bqcdc::encode::testing {
namespace {

constexpr int kTables = 400;
constexpr int kLinesPerTable = 40;

// BQCDC_SEED repeats a failed run.
uint32_t Seed() {
  const char* given = std::getenv("BQCDC_SEED");
  return given != nullptr ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
}

void CompareOneTable(RandomRows* random, RandomRows::KeyOrder order) {
  const schema::TableSchema table = random->Table();
  auto plan = EncodePlan::Create(table);
  ASSERT_TRUE(plan.ok()) << plan.status();
  auto reference = ReferenceEncoder::Create(table);
  ASSERT_TRUE(reference.ok()) << reference.status();
  JsonRowEncoder encoder(*plan);
  EncodedRows rows;
  for (int i = 0; i < kLinesPerTable; ++i) {
    const std::string text = random->Line(table, order);
    const values::SequenceNumber sequence{{static_cast<uint64_t>(i), 0, 0xFFFFFFFFFFFFFFFF, 1}};
    const OwnedLine line(text);
    ASSERT_EQ(encoder.EncodeLine(line.line(), sequence, &rows), EncodeError::kNone)
        << DescribeEncodeError(encoder.failure()) << "\n"
        << text;
    const auto want = (*reference)->Encode(text, sequence.ToString());
    ASSERT_TRUE(want.ok()) << want.status() << "\n" << text;
    const std::string_view got = rows.row(rows.row_count() - 1);
    if (order == RandomRows::KeyOrder::kAsInTable) {
      // DELETE rows stand in key order.
      if (rows.facts(rows.row_count() - 1).change_type == ChangeType::kUpsert) {
        ASSERT_EQ(got, *want) << text;
        continue;
      }
    }
    const auto normalized = (*reference)->Normalize(got);
    ASSERT_TRUE(normalized.ok()) << normalized.status() << "\n" << text;
    ASSERT_EQ(*normalized, *want) << text;
    ASSERT_EQ(got.size(), want->size()) << text;
  }
}

class ReferenceEncoderTest : public ::testing::TestWithParam<RandomRows::KeyOrder> {};

TEST_P(ReferenceEncoderTest, BothEncodersWriteTheSameBytes) {
  const uint32_t seed = Seed();
  RandomRows random(seed);
  for (int i = 0; i < kTables && !HasFatalFailure(); ++i) {
    SCOPED_TRACE(::testing::Message() << "BQCDC_SEED=" << seed << ", table " << i);
    CompareOneTable(&random, GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(KeyOrders, ReferenceEncoderTest,
                         ::testing::Values(RandomRows::KeyOrder::kAsInTable, RandomRows::KeyOrder::kShuffled),
                         [](const auto& info) {
                           return info.param == RandomRows::KeyOrder::kAsInTable ? "AsInTable" : "Shuffled";
                         });

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
      ASSERT_TRUE(rows.facts(rows.row_count() - 1).change_type == ChangeType::kDelete || values::IsJson(text))
          << text;
      ASSERT_TRUE((*reference)->Normalize(rows.row(rows.row_count() - 1)).ok()) << text;
    }
  }
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
