#include "bqcdc/checkpoint/locked_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace bqcdc::checkpoint {
namespace {

class LockedFileTest : public testing::Test {
 protected:
  LockedFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "locked-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/file";
  }
  ~LockedFileTest() override { std::filesystem::remove_all(directory_); }

  static absl::Status Replace(LockedFile& file, const std::string& text) {
    return file.Replace([&](int fd) { return file.WriteAll(fd, text); });
  }
  std::string Read() const {
    std::ifstream file(path_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string directory_, path_;
};

TEST_F(LockedFileTest, AFailedReplacementLeavesTheOldOneAndNothingElse) {
  auto file = LockedFile::Open({path_, "test file"});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(Replace(*file, "old").ok());
  const absl::Status status = file->Replace([&](int fd) {
    EXPECT_TRUE(file->WriteAll(fd, "half").ok());
    return absl::InternalError("no room");
  });
  EXPECT_EQ(status.message(), "no room");
  EXPECT_EQ(Read(), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(LockedFileTest, WhatACrashLeftBesideItIsOverwritten) {
  std::ofstream(path_ + ".tmp") << "a longer text of before";
  auto file = LockedFile::Open({path_, "test file"});
  ASSERT_TRUE(Replace(*file, "new").ok());
  EXPECT_EQ(Read(), "new");
  EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp"));
}

TEST_F(LockedFileTest, ASymbolicLinkStaysOne) {
  std::ofstream(directory_ + "/target") << "old";
  std::filesystem::create_symlink("target", path_);
  auto file = LockedFile::Open({path_, "test file"});
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(Replace(*file, "new").ok());
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
  EXPECT_EQ(Read(), "new");
}

TEST_F(LockedFileTest, RefusesADirectoryAndAPipe) {
  EXPECT_FALSE(LockedFile::Open({directory_, "test file"}).ok());
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(LockedFile::Open({path_, "test file"}).status().message(),
            "test file " + path_ + " is no regular file");
}

// Whoever opens the file while another replaces it has the new one or none, never one without a name.
TEST_F(LockedFileTest, NobodyGetsAFileThatWasReplaced) {
  std::thread replacing([&] {
    for (int i = 0; i < 200; ++i) {
      auto file = LockedFile::Open({path_, "test file"});
      if (file.ok()) Replace(*file, std::to_string(i)).IgnoreError();
    }
  });
  int opened = 0;
  // Until the other thread has ended nothing says that this one gets it even once.
  for (int i = 0; i < 2000 || opened == 0; ++i) {
    auto file = LockedFile::Open({path_, "test file"});
    if (!file.ok()) continue;
    ++opened;
    struct stat own = {}, named = {};
    ASSERT_EQ(fstat(file->fd(), &own), 0);
    ASSERT_EQ(stat(path_.c_str(), &named), 0);
    ASSERT_EQ(own.st_ino, named.st_ino);
  }
  replacing.join();
  EXPECT_GT(opened, 0);
}

}  // namespace
}  // namespace bqcdc::checkpoint
