#include "bqcdc/pipeline/input_encoder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "bqcdc/base/testing/temporary_directory.h"
#include "bqcdc/encode/json_row_encoder.h"

namespace bqcdc::pipeline {
namespace {

constexpr std::uint64_t kEpoch = 7;
constexpr std::size_t kLineBytesMax = 400;

rest::TableResource Table() {
  rest::TableResource table;
  table.schema.columns = {
      {.name = "id", .type = schema::ColumnType::kInt64, .mode = schema::ColumnMode::kRequired},
      {.name = "name", .type = schema::ColumnType::kString}};
  table.schema.primary_key = {"id"};
  return table;
}

struct Case {
  int lanes = 1;
  bool own = false;
  std::size_t batch_bytes = 1 << 20;
  std::int64_t batch_rows = 50'000;
  std::size_t chunk_bytes = 1 << 20;
};

// What became of an input: rows by lane and lines that are none, each with its line.
struct Outcome {
  std::map<int, std::vector<std::string>> rows;
  std::vector<std::string> bad;
  std::int64_t ties = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Every kind of line: rows, also long ones, keys that come again, numbers that tie, blank and broken lines.
std::string MakeInput(std::uint64_t seed, int lines, bool own) {
  std::mt19937_64 random(seed);
  const auto one_in = [&](std::uint64_t n) { return random() % n == 0; };
  std::string text;
  for (int i = 0; i < lines; ++i) {
    const std::string number =
        own ? absl::StrFormat(R"(,"_CHANGE_SEQUENCE_NUMBER":"%X")", i / 2) : std::string();
    const std::uint64_t id = random() % 50;
    if (one_in(40)) {
      text += one_in(2) ? "" : "  \t";
    } else if (one_in(40)) {
      text += one_in(2) ? R"({"id":1,"_CHANGE_TYPE":)" : "nonsense";
    } else if (one_in(60)) {
      absl::StrAppend(&text, R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"nobody":1)", number, "}");
    } else if (one_in(60)) {
      text += std::string(kLineBytesMax + random() % 2000, 'x');
    } else if (one_in(10)) {
      absl::StrAppend(&text, R"({"_CHANGE_TYPE":"DELETE","id":)", id, number, "}");
    } else {
      absl::StrAppend(&text, R"({"_CHANGE_TYPE":"UPSERT","id":)", id, R"(,"name":")",
                      std::string(random() % (one_in(20) ? 300 : 20), 'n'), "\"", number, "}");
    }
    text += one_in(30) ? "\r\n" : "\n";
  }
  return text;
}

std::string Numbered(std::uint64_t line, std::string_view first, std::string_view second = {}) {
  return absl::StrCat(line, " ").append(first).append(" ").append(second);
}

class InputEncoderTest : public ::testing::Test {
 protected:
  LineReader Open(const std::string& path, const Case& with) {
    LineReaderOptions options;
    options.line_bytes_max = kLineBytesMax;
    options.chunk_bytes = with.chunk_bytes;
    auto reader = LineReader::Open({path}, stop_, options);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return *std::move(reader);
  }

  // One line after the other, by the row encoder alone.
  Outcome Expected(const std::string& path, const Case& with) {
    Outcome outcome;
    LineReader reader = Open(path, with);
    encode::JsonRowEncoderOptions options;
    options.sequence_source = with.own ? encode::SequenceSource::kOwn : encode::SequenceSource::kAssigned;
    options.line_bytes_max = kLineBytesMax;
    encode::JsonRowEncoder encoder(BindTable({"p", "d", "t"}, Table())->plan, options);
    std::set<std::uint64_t> seen;
    InputLine line;
    while (reader.ReadLine(absl::InfiniteFuture(), &line) == LineReader::Next::kLine) {
      encode::EncodedRows rows;
      const encode::EncodeError error =
          line.too_long ? encode::EncodeError::kLineTooLong
                        : encoder.EncodeLine(line.padded(), {{kEpoch, line.number, 1, 0}}, &rows);
      if (error != encode::EncodeError::kNone) {
        outcome.bad.push_back(Numbered(line.number, encode::EncodeErrorName(error), line.text));
        continue;
      }
      const auto lane =
          static_cast<int>(write::LaneOfKey(rows.facts(0).key_hash, static_cast<std::size_t>(with.lanes)));
      outcome.rows[lane].push_back(Numbered(line.number, rows.row(0)));
      outcome.ties += with.own && !seen.insert(rows.facts(0).tie_hash).second;
    }
    return outcome;
  }

  Outcome Run(const std::string& path, const Case& with, int threads) {
    Outcome outcome;
    LineReader reader = Open(path, with);
    InputEncoderOptions options;
    options.epoch = kEpoch;
    options.line_bytes_max = kLineBytesMax;
    options.threads = threads;
    options.limits.batch_bytes = with.batch_bytes;
    options.limits.batch_rows = with.batch_rows;
    Progress progress;
    InputEncoderEvents events;
    events.lanes_wanted = [&] { return with.lanes; };
    events.on_batch = [&](const std::shared_ptr<ChangeBatch>& batch) {
      EXPECT_LE(batch->rows.row_count(), static_cast<std::size_t>(with.batch_rows));
      EXPECT_EQ(batch->rows.row_count(), batch->lines.size());
      std::set<std::uint64_t> hashes;
      for (std::size_t i = 0; i < batch->rows.row_count(); ++i) {
        outcome.rows[batch->lane].push_back(Numbered(batch->lines[i].number, batch->rows.row(i)));
        if (with.own) {
          EXPECT_TRUE(batch->ties_possible);
          EXPECT_TRUE(hashes.insert(batch->rows.facts(i).tie_hash).second) << "tie";
        }
      }
      for (const BadRow& bad : batch->bad_rows)
        outcome.bad.push_back(Numbered(bad.line.number, bad.reason, bad.line.text));
      progress.Settle(batch->progress);
      ++batches_;
      return true;
    };
    CurrentBinding current(*BindTable({"p", "d", "t"}, Table()), /*read=*/nullptr, base::SystemClock::Get());
    batches_ = 0;
    InputEncoder encoder(current, options, std::move(events),
                         write::BatchPool::Create([] { return std::make_unique<ChangeBatch>(); }), progress,
                         base::SystemClock::Get());
    const absl::Status status = encoder.Run(reader);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(progress.settled(), reader.position());
    outcome.ties = encoder.tie_count();
    return outcome;
  }

  // Lanes show once the first batch has gone, so rows before that are in lane 0 of any number of lanes.
  static void ExpectSame(Outcome got, Outcome want, int lanes) {
    std::sort(got.bad.begin(), got.bad.end());
    std::sort(want.bad.begin(), want.bad.end());
    EXPECT_EQ(got.bad, want.bad);
    EXPECT_EQ(got.ties, want.ties);
    if (lanes == 1) {
      EXPECT_EQ(got.rows, want.rows);
    }
    // Whatever the lane: each row once, and the rows of a lane in the order of the input.
    std::vector<std::string> all_got, all_want;
    for (const auto& [lane, rows] : want.rows) all_want.insert(all_want.end(), rows.begin(), rows.end());
    for (const auto& [lane, rows] : got.rows) {
      all_got.insert(all_got.end(), rows.begin(), rows.end());
      EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const std::string& a, const std::string& b) {
        return std::stoll(a) < std::stoll(b);
      }));
    }
    std::sort(all_got.begin(), all_got.end());
    std::sort(all_want.begin(), all_want.end());
    EXPECT_EQ(all_got, all_want);
  }

  base::TemporaryDirectory directory_;
  StopSignal stop_;
  int batches_ = 0;
};

TEST_F(InputEncoderTest, AnyNumberOfThreadsMakesTheRowsThatOneByOneMakes) {
  const std::vector<Case> cases = {
      {},
      {.batch_bytes = 3000},
      {.batch_rows = 7},
      {.batch_bytes = 2000, .chunk_bytes = 100},
      {.lanes = 3, .batch_bytes = 3000},
      {.own = true, .batch_bytes = 3000},
      {.lanes = 3, .own = true, .batch_rows = 20, .chunk_bytes = 5000},
  };
  for (const Case& with : cases) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(absl::StrCat("seed ", seed, ", lanes ", with.lanes, ", own ", with.own, ", batch_bytes ",
                              with.batch_bytes, ", batch_rows ", with.batch_rows, ", chunk ",
                              with.chunk_bytes));
    const std::string path = absl::StrCat(directory_.path(), "/in");
    std::ofstream(path, std::ios::binary) << MakeInput(seed, 5000, with.own);
    const Outcome want = Expected(path, with);
    for (const int threads : {1, 2, 4}) {
      SCOPED_TRACE(absl::StrCat(threads, " threads"));
      ExpectSame(Run(path, with, threads), want, with.lanes);
    }
    EXPECT_GT(want.bad.size(), 100u);
    EXPECT_EQ(want.ties > 0, with.own);
  }
}

TEST_F(InputEncoderTest, BlocksBecomeBatchesOfTheSizeThatIsWanted) {
  const std::string path = absl::StrCat(directory_.path(), "/in");
  std::size_t bytes = 0;
  {
    std::ofstream file(path, std::ios::binary);
    for (int i = 0; i < 50'000; ++i)
      file << R"({"_CHANGE_TYPE":"UPSERT","id":)" << i << R"(,"name":"some text that is as long as others"})"
           << '\n';
  }
  for (const auto& [lane, rows] : Expected(path, {}).rows) {
    for (const std::string& row : rows) bytes += row.size() - row.find(' ');
  }
  for (const int threads : {1, 3}) {
    Run(path, {.batch_bytes = 64 * 1024}, threads);
    const double wanted = static_cast<double>(bytes) / (64 * 1024);
    EXPECT_GT(batches_, 0.9 * wanted);
    EXPECT_LT(batches_, 1.2 * wanted + 3);
  }
}

}  // namespace
}  // namespace bqcdc::pipeline
