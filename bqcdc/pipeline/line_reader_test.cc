#include "bqcdc/pipeline/line_reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "bqcdc/encode/padded_line.h"
#include "bqcdc/pipeline/testing/input_pipe.h"

namespace bqcdc::pipeline {
namespace {

bool IsPadded(const InputLine& line, const LineChunk& chunk) {
  return line.text.data() >= chunk.bytes.get() &&
         line.text.data() + line.text.size() + encode::kLinePaddingBytes <=
             chunk.bytes.get() + chunk.capacity;
}

class LineReaderTest : public ::testing::Test {
 protected:
  LineReaderTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lines-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~LineReaderTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name, std::ios::binary) << text;
    return directory_ + "/" + name;
  }
  // "number:text" of each line.
  std::vector<std::string> ReadAll(std::vector<std::string> paths, LineReaderOptions options = {}) {
    auto reader = LineReader::Open(std::move(paths), stop_, options);
    EXPECT_TRUE(reader.ok()) << reader.status();
    std::vector<std::string> lines;
    InputLine line;
    LineReader::Next next;
    while ((next = reader->ReadLine(absl::InfiniteFuture(), &line)) == LineReader::Next::kLine) {
      EXPECT_TRUE(IsPadded(line, *reader->chunk()));
      lines.push_back(std::to_string(line.number) + ":" + std::string(line.text) +
                      (line.too_long ? "…" : ""));
    }
    EXPECT_EQ(next, LineReader::Next::kEnd);
    EXPECT_TRUE(reader->reached_end());
    return lines;
  }

  std::string directory_;
  StopSignal stop_;
};

using Lines = std::vector<std::string>;

TEST_F(LineReaderTest, CountsLinesOverAllFiles) {
  EXPECT_EQ(ReadAll({File("a", "one\n\n \t\ntwo\r\n"), File("b", ""), File("c", "three")}),
            (Lines{"1:one", "4:two", "5:three"}));
}

TEST_F(LineReaderTest, SkipsAByteOrderMarkAtTheStartOfAFile) {
  EXPECT_EQ(ReadAll({File("a", "\xEF\xBB\xBFone\n\xEF\xBB\xBFtwo\n"), File("b", "\xEF\xBB\xBFthree")}),
            (Lines{"1:one", "2:\xEF\xBB\xBFtwo", "3:three"}));
}

TEST_F(LineReaderTest, FindsLinesWhereverTheyAreCut) {
  std::string text;
  Lines want;
  for (int i = 1; i <= 200; ++i) {
    const std::string line(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    text += line + "\n";
    want.push_back(std::to_string(i) + ":" + line);
  }
  const std::string path = File("a", text);
  for (const std::size_t chunk : {1, 2, 7, 64, 100, 1000, 100000})
    EXPECT_EQ(ReadAll({path}, {.chunk_bytes = chunk}), want) << chunk;
}

TEST_F(LineReaderTest, KnowsHowMuchStandsBeforeALine) {
  const std::string one = "one\n\ntwo\r\n" + std::string(500, 'x') + "\nthree\n", two = "four\nfive";
  const std::vector<std::string> paths = {File("a", one), File("b", two)};
  for (const std::size_t chunk : {1, 2, 7, 64, 100000}) {
    auto reader = LineReader::Open(paths, stop_, {.line_bytes_max = 100, .chunk_bytes = chunk});
    ASSERT_TRUE(reader.ok()) << reader.status();
    InputLine line;
    int lines = 0;
    while (reader->ReadLine(absl::InfiniteFuture(), &line) == LineReader::Next::kLine) {
      ++lines;
      EXPECT_TRUE((one + two).substr(line.bytes_before).starts_with(line.text)) << chunk << " " << line.text;
    }
    EXPECT_EQ(lines, 6);
  }
}

TEST_F(LineReaderTest, BlankIsWhatHasNothingButSpace) {
  EXPECT_EQ(ReadAll({File("a", "\r\r\n\v\n\f\n \t\n\n.\n \r.\r\n")}), (Lines{"6:.", "7: \r."}));
}

// Wherever what is read at once ends, between \r and \n too.
TEST_F(LineReaderTest, TheLimitOfALineIsThatOfItsText) {
  const std::string most(100, 'x');
  const std::string path =
      File("a", "a\n" + most + "\r\n" + most + "\n" + most + "x\r\n" + most + "\ry\nb\n");
  for (std::size_t chunk = 1; chunk < 320; ++chunk) {
    EXPECT_EQ(ReadAll({path}, {.line_bytes_max = 100, .chunk_bytes = chunk}),
              (Lines{"1:a", "2:" + most, "3:" + most, "4:" + most + "…", "5:" + most + "…", "6:b"}))
        << chunk;
  }
}

TEST_F(LineReaderTest, AFileThatGoesMeanwhileIsAnErrorBehindTheLastLine) {
  const std::string one = File("a", "x"), two = File("b", "y\n");
  auto reader = LineReader::Open({one, two}, stop_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  std::filesystem::remove(two);
  std::vector<InputLine> lines;
  EXPECT_EQ(reader->ReadLines(absl::InfiniteFuture(), 100, 100, &lines), LineReader::Next::kLine);
  EXPECT_EQ(reader->ReadLines(absl::InfiniteFuture(), 100, 100, &lines), LineReader::Next::kError);
  EXPECT_EQ(lines.size(), 1u);
  EXPECT_TRUE(absl::IsNotFound(reader->error())) << reader->error();
}

TEST_F(LineReaderTest, ReadsSeveralAtOnceAsOneByOne) {
  const std::vector<std::string> paths = {File("a", "\xEF\xBB\xBFone\n\n \ntwo\r\n" + std::string(500, 'x') +
                                                        "\nthree\nfour\n" + std::string(99, 'y') + "\nlast"),
                                          File("b", "\nfive\n\nsix\nseven")};
  const auto facts = [](const InputLine& line) {
    return absl::StrCat(line.number, ":", std::string(line.text), " ", line.end, " ", line.bytes_before, " ",
                        line.source, " ", line.prefix_hash, " ", line.too_long ? 1 : 0);
  };
  for (const std::size_t chunk : {1, 7, 64, 100000}) {
    const LineReaderOptions options = {.line_bytes_max = 100, .chunk_bytes = chunk};
    Lines want;
    auto one = LineReader::Open(paths, stop_, options);
    ASSERT_TRUE(one.ok()) << one.status();
    for (InputLine line; one->ReadLine(absl::InfiniteFuture(), &line) == LineReader::Next::kLine; line = {})
      want.push_back(facts(line));
    ASSERT_EQ(want.size(), 10u);
    // Behind which the chunk holds no line with its end.
    const Lines last_of_chunk = {std::string(99, 'y'), "last", "six", "seven"};
    for (const std::size_t bytes_wanted : {0, 1, 4, 20, 100000}) {
      for (const std::size_t lines_max : {1, 2, 100}) {
        SCOPED_TRACE(absl::StrCat(chunk, " ", bytes_wanted, " ", lines_max));
        auto several = LineReader::Open(paths, stop_, options);
        ASSERT_TRUE(several.ok()) << several.status();
        std::vector<InputLine> lines;
        Lines got;
        std::size_t most = 0;
        for (;;) {
          const std::size_t before = lines.size();
          const LineReader::Next next =
              several->ReadLines(absl::InfiniteFuture(), bytes_wanted, lines_max, &lines);
          const std::size_t more = lines.size() - before;
          if (next != LineReader::Next::kLine) {
            EXPECT_EQ(next, LineReader::Next::kEnd);
            EXPECT_EQ(more, 0u);
            break;
          }
          ASSERT_GE(more, 1u);
          EXPECT_LE(more, lines_max);
          most = std::max(most, more);
          std::size_t bytes = 0;
          for (std::size_t i = before; i < lines.size(); ++i) {
            EXPECT_TRUE(IsPadded(lines[i], *several->chunk()));
            got.push_back(facts(lines[i]));
            bytes += lines[i].text.size();
          }
          // Without the last of them it was not enough; with it, it is, or the chunk has no more.
          if (more > 1) {
            EXPECT_LT(bytes - lines.back().text.size(), bytes_wanted);
          }
          const bool is_last = std::count(last_of_chunk.begin(), last_of_chunk.end(), lines.back().text) > 0;
          if (chunk == 100000 && more < lines_max && !is_last) {
            EXPECT_GE(bytes, bytes_wanted);
          }
        }
        EXPECT_EQ(got, want);
        if (chunk == 100000 && bytes_wanted == 100000) {
          EXPECT_EQ(most, std::min<std::size_t>(lines_max, 6));
        }
      }
    }
  }
}

TEST_F(LineReaderTest, LinesOfAPipeThatAreReadTogetherKnowTheHashOfWhatIsBeforeThem) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += std::string(static_cast<std::size_t>(i % 7), 'a') + "b\n";
  const auto hashes = [&](std::size_t lines_max) {
    testing::InputPipe input;
    input.Write(text);
    input.End();
    auto reader = LineReader::Open({input.path()}, stop_, {.checkpointed = true});
    std::vector<InputLine> lines;
    while (reader->ReadLines(absl::InfiniteFuture(), 1000, lines_max, &lines) == LineReader::Next::kLine) {
    }
    std::vector<std::uint64_t> found;
    for (const InputLine& line : lines) found.push_back(line.prefix_hash);
    return found;
  };
  const std::vector<std::uint64_t> one_by_one = hashes(1);
  ASSERT_EQ(one_by_one.size(), 50u);
  EXPECT_EQ(std::count(one_by_one.begin(), one_by_one.end(), 0u), 0);
  EXPECT_EQ(hashes(20), one_by_one);
}

// Another thread may be parsing them.
TEST_F(LineReaderTest, LinesAndTheirPaddingStayAsTheyWereHandedOut) {
  testing::InputPipe input;
  std::thread writer([&] {
    for (int i = 0; i < 2000; ++i) {
      // Pieces that end with a line, within one, and just behind one.
      input.Write(std::string(static_cast<std::size_t>(i * 7 % 150), 'a') + "\nb" +
                  std::string(static_cast<std::size_t>(i % 70), 'c') + (i % 3 == 0 ? "\n" : ""));
      if (i % 10 == 0) std::this_thread::yield();
    }
    input.End();
  });
  auto reader = LineReader::Open({input.path()}, stop_, {.chunk_bytes = 4000});
  ASSERT_TRUE(reader.ok()) << reader.status();
  struct Kept {
    const char* text;
    std::string bytes;
    std::shared_ptr<const LineChunk> chunk;
  };
  std::vector<Kept> kept;
  InputLine line;
  while (reader->ReadLine(absl::InfiniteFuture(), &line) == LineReader::Next::kLine) {
    ASSERT_TRUE(IsPadded(line, *reader->chunk()));
    kept.push_back({line.text.data(),
                    std::string(line.text.data(), line.text.size() + encode::kLinePaddingBytes),
                    reader->chunk()});
  }
  writer.join();
  EXPECT_GT(kept.size(), 2000u);
  EXPECT_GT(reader->read_count(), 50u);
  for (const Kept& was : kept) EXPECT_EQ(std::string_view(was.text, was.bytes.size()), was.bytes);
}

TEST_F(LineReaderTest, ReportsALineThatIsTooLongAndGoesOn) {
  const std::string text = "ok\n" + std::string(1000, 'x') + "\n" + std::string(50, 'y') + "\nend";
  for (const std::size_t chunk : {1, 10, 64, 5000}) {
    const Lines lines = ReadAll({File("a", text)}, {.line_bytes_max = 50, .chunk_bytes = chunk});
    ASSERT_EQ(lines.size(), 4u) << chunk;
    EXPECT_EQ(lines[0], "1:ok");
    EXPECT_EQ(lines[1], "2:" + std::string(50, 'x') + "…");
    EXPECT_EQ(lines[2], "3:" + std::string(50, 'y'));
    EXPECT_EQ(lines[3], "4:end");
  }
}

TEST_F(LineReaderTest, ATooLongLineAtTheEndCountsOnce) {
  EXPECT_EQ(ReadAll({File("a", std::string(100, 'x'))}, {.line_bytes_max = 10, .chunk_bytes = 8}),
            (Lines{"1:" + std::string(10, 'x') + "…"}));
}

TEST_F(LineReaderTest, KeepsLinesAsLongAsTheirChunk) {
  auto reader = LineReader::Open({File("a", "one\ntwo\nthree\n")}, stop_, {.chunk_bytes = 4});
  ASSERT_TRUE(reader.ok());
  InputLine first, second;
  ASSERT_EQ(reader->ReadLine(absl::InfiniteFuture(), &first), LineReader::Next::kLine);
  const auto kept = reader->chunk();
  ASSERT_EQ(reader->ReadLine(absl::InfiniteFuture(), &second), LineReader::Next::kLine);
  EXPECT_EQ(first.text, "one");
}

TEST_F(LineReaderTest, WaitsForAPipeUntilTheDeadlineOrAStop) {
  testing::InputPipe input;
  auto reader = LineReader::Open({input.path()}, stop_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  InputLine line;
  EXPECT_EQ(reader->ReadLine(absl::Now() + absl::Milliseconds(5), &line), LineReader::Next::kWait);
  input.Write("one\ntw");
  EXPECT_EQ(reader->ReadLine(absl::InfiniteFuture(), &line), LineReader::Next::kLine);
  EXPECT_EQ(reader->ReadLine(absl::Now() + absl::Milliseconds(5), &line), LineReader::Next::kWait);
  std::thread stopper([&] { stop_.Request(); });
  EXPECT_EQ(reader->ReadLine(absl::InfiniteFuture(), &line), LineReader::Next::kEnd);
  stopper.join();
  EXPECT_FALSE(reader->reached_end());
}

TEST_F(LineReaderTest, SaysWhichFileCannotBeOpened) {
  const std::string missing = directory_ + "/missing";
  EXPECT_EQ(LineReader::Open({File("a", "x"), missing}, stop_).status().message(),
            "cannot open " + missing + ": No such file or directory");
  EXPECT_EQ(LineReader::Open({directory_}, stop_).status().message(),
            "cannot open " + directory_ + ": Is a directory");
}

}  // namespace
}  // namespace bqcdc::pipeline
