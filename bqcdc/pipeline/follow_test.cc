// A file that grows, is rotated and is truncated while it is read.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "bqcdc/pipeline/line_reader.h"

namespace bqcdc::pipeline {
namespace {

using Lines = std::vector<std::string>;

class FollowTest : public ::testing::Test {
 protected:
  FollowTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "follow-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    log_ = directory_ + "/app.log";
    options_.follow = true;
    options_.follow_interval = absl::Milliseconds(1);
    options_.warn = [this](const std::string& text) { warnings_.push_back(text); };
  }
  ~FollowTest() override { std::filesystem::remove_all(directory_); }

  void Append(const std::string& text) const { std::ofstream(log_, std::ios::app) << text; }
  void Rotate(const std::string& to) const { std::filesystem::rename(log_, directory_ + "/" + to); }
  // In the order of their last write, whatever the resolution of the file system's clock.
  void SetAge(const std::string& name, int seconds) const {
    std::filesystem::last_write_time(directory_ + "/" + name, std::filesystem::file_time_type::clock::now() -
                                                                  std::chrono::seconds(seconds));
  }
  void Open() {
    auto reader = LineReader::Open({log_}, stop_, options_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_.emplace(*std::move(reader));
  }
  // "number:text" of so many lines.
  Lines Read(std::size_t count) {
    Lines lines;
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (lines.size() < count && absl::Now() < deadline) {
      InputLine line;
      const LineReader::Next next = reader_->ReadLine(absl::Now() + absl::Milliseconds(10), &line);
      if (next == LineReader::Next::kLine) {
        lines.push_back(std::to_string(line.number) + ":" + std::string(line.text));
        EXPECT_EQ(reader_->position()->offset, line.end);
      } else if (next != LineReader::Next::kWait) {
        break;
      }
    }
    return lines;
  }
  // Whether it only waits now, and goes on waiting for a while.
  bool Waits(int times = 20) {
    InputLine line;
    for (int i = 0; i < times; ++i) {
      if (reader_->ReadLine(absl::Now() + absl::Milliseconds(2), &line) != LineReader::Next::kWait)
        return false;
    }
    return true;
  }
  FileNumber NumberOf(const std::string& path) const {
    struct stat facts = {};
    EXPECT_EQ(stat(path.c_str(), &facts), 0);
    return {facts.st_dev, facts.st_ino};
  }

  std::string directory_, log_;
  StopSignal stop_;
  LineReaderOptions options_;
  std::optional<LineReader> reader_;
  Lines warnings_;
};

TEST_F(FollowTest, ReadsOnAsTheFileGrows) {
  Append("one\n");
  Open();
  EXPECT_EQ(Read(1), Lines{"1:one"});
  EXPECT_TRUE(Waits());
  Append("two\nthree\n");
  EXPECT_EQ(Read(2), (Lines{"2:two", "3:three"}));
}

TEST_F(FollowTest, ALineWithoutItsEndIsWaitedForAndIsNoPartOfThePosition) {
  Append("one\ntw");
  Open();
  EXPECT_EQ(Read(1), Lines{"1:one"});
  EXPECT_TRUE(Waits());
  EXPECT_EQ(reader_->position(), (InputPosition{1, 0, 4, 0}));
  Append("o\n");
  EXPECT_EQ(Read(1), Lines{"2:two"});
}

TEST_F(FollowTest, AStopEndsIt) {
  Append("one\ntw");
  Open();
  EXPECT_EQ(Read(1), Lines{"1:one"});
  stop_.Request();
  InputLine line;
  EXPECT_EQ(reader_->ReadLine(absl::InfiniteFuture(), &line), LineReader::Next::kEnd);
  EXPECT_FALSE(reader_->reached_end());
  EXPECT_EQ(reader_->position()->offset, 4u);
}

TEST_F(FollowTest, ARotatedFileIsReadToItsEndBeforeTheNewOne) {
  Append("one\n");
  Open();
  EXPECT_EQ(Read(1), Lines{"1:one"});
  std::ofstream writer(log_, std::ios::app);  // Has the file open across the rotation, as daemons do.
  Rotate("app.log.1");
  EXPECT_TRUE(Waits());
  writer << "two\n" << std::flush;
  EXPECT_EQ(Read(1), Lines{"2:two"});
  Append("three\n");
  EXPECT_EQ(Read(1), Lines{"3:three"});
  Append("four\n");
  EXPECT_EQ(Read(1), Lines{"4:four"});
  EXPECT_EQ(reader_->position(), (InputPosition{4, 1, 11, 0}));
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(FollowTest, AnEmptyNewGenerationMovesThePositionOutOfTheOldOne) {
  Append("one\n");
  Open();
  EXPECT_EQ(Read(1), Lines{"1:one"});
  Rotate("app.log.1");
  Append("");
  EXPECT_TRUE(Waits());
  EXPECT_EQ(reader_->position(), (InputPosition{1, 1, 0, 0}));
}

TEST_F(FollowTest, SeveralRotationsAtOnceLoseNothing) {
  Append("one\n");
  Open();
  EXPECT_EQ(Read(1), Lines{"1:one"});
  Append("two\n");
  Rotate("app.log.2");
  Append("three\n");
  Rotate("app.log.1");
  Append("four\n");
  SetAge("app.log.2", 20);
  SetAge("app.log.1", 10);
  EXPECT_EQ(Read(3), (Lines{"2:two", "3:three", "4:four"}));
}

TEST_F(FollowTest, FilesThatOnlyBeginLikeTheLogAreOthers) {
  Append("one\n");
  Open();
  EXPECT_EQ(Read(1), Lines{"1:one"});
  for (const char* other : {"app.log-errors", "app.log.bak", "app.logger", "app.log.1.offset"})
    std::ofstream(directory_ + "/" + other) << "other\n";
  Rotate("app.log-20260131");
  Append("two\n");
  EXPECT_EQ(Read(1), Lines{"2:two"});
  EXPECT_TRUE(Waits());
}

TEST_F(FollowTest, AFileThatIsWrittenAnewIsReadFromItsBeginningHoweverLongItIs) {
  Append("one\ntwo\n");
  Open();
  EXPECT_EQ(Read(2), (Lines{"1:one", "2:two"}));
  EXPECT_TRUE(Waits());
  std::ofstream(log_, std::ios::trunc) << "ten\nsix\n";  // As long as before.
  EXPECT_EQ(Read(2), (Lines{"3:ten", "4:six"}));
  EXPECT_TRUE(Waits());
  std::ofstream(log_, std::ios::trunc) << "a\nb\nc\nd\nlonger than before\n";
  EXPECT_EQ(Read(5), (Lines{"5:a", "6:b", "7:c", "8:d", "9:longer than before"}));
  ASSERT_EQ(warnings_.size(), 2u);
  EXPECT_TRUE(absl::StrContains(
      warnings_[1], "app.log was truncated and written anew to 27 bytes after 8 bytes (line 4) were read"))
      << warnings_[1];
  Append("on\n");
  EXPECT_EQ(Read(1), Lines{"10:on"});
  EXPECT_EQ(warnings_.size(), 2u);
}

TEST_F(FollowTest, ATruncatedFileIsReadFromItsBeginningAndThatIsSaid) {
  Append("one\ntwo\n");
  Open();
  EXPECT_EQ(Read(2), (Lines{"1:one", "2:two"}));
  std::ofstream(log_, std::ios::trunc) << "n\n";
  EXPECT_EQ(Read(1), Lines{"3:n"});
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_TRUE(
      absl::StrContains(warnings_[0], "app.log was truncated to 2 bytes after 8 bytes (line 2) were read"))
      << warnings_[0];
  EXPECT_EQ(reader_->position(), (InputPosition{3, 1, 2, 0}));
}

TEST_F(FollowTest, GoesOnInAFileThatWasRotatedMeanwhile) {
  Append("one\ntwo\n");
  const FileNumber number = NumberOf(log_);
  Rotate("app.log.3");
  Append("three\n");
  Rotate("app.log.2");
  Append("four\n");
  Rotate("app.log.1");
  Append("five\n");
  std::ofstream(directory_ + "/app.log.4") << "older\n";
  SetAge("app.log.4", 40);
  SetAge("app.log.3", 30);
  SetAge("app.log.2", 20);
  SetAge("app.log.1", 10);
  options_.start = {1, 0, 4, 0};
  options_.start_number = number;
  Open();
  // Rotated once more before it comes to that: what is opened stays what it is.
  Rotate("app.log.0");
  Append("six\n");
  EXPECT_EQ(Read(5), (Lines{"2:two", "3:three", "4:four", "5:five", "6:six"}));
  EXPECT_TRUE(Waits());
}

TEST_F(FollowTest, ACompressedGenerationInBetweenIsSaid) {
  Append("one\n");
  const FileNumber number = NumberOf(log_);
  Rotate("app.log.2");
  Append("two\n");
  Rotate("app.log.1.gz");
  Append("three\n");
  SetAge("app.log.2", 20);
  SetAge("app.log.1.gz", 10);
  options_.start_number = number;
  const auto reader = LineReader::Open({log_}, stop_, options_);
  EXPECT_TRUE(
      absl::StrContains(reader.status().message(), "app.log.1.gz, whose lines come next, is compressed"))
      << reader.status();
}

TEST_F(FollowTest, RefusesWhatCannotBeFollowed) {
  EXPECT_FALSE(LineReader::Open({"-"}, stop_, options_).ok());
  ASSERT_EQ(mkfifo(log_.c_str(), 0600), 0);
  EXPECT_EQ(LineReader::Open({log_}, stop_, options_).status().message(),
            log_ + " is no regular file, it cannot be followed");
}

}  // namespace
}  // namespace bqcdc::pipeline
