#include "bqcdc/credentials/access_token_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"

namespace bqcdc::credentials {
namespace {

class AccessTokenFileTest : public ::testing::Test {
 protected:
  AccessTokenFileTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "token-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/token";
  }
  ~AccessTokenFileTest() override { std::filesystem::remove_all(directory_); }
  void Write(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }
  // As a careful writer does it.
  void Replace(const std::string& text) {
    std::ofstream(path_ + ".new") << text;
    std::filesystem::rename(path_ + ".new", path_);
  }

  std::string directory_, path_;
};

TEST_F(AccessTokenFileTest, ReadsAgainWhatHasChanged) {
  Write("token-a\n");
  AccessTokenFile file(path_);
  EXPECT_EQ(file.Token().value(), "token-a");
  EXPECT_EQ(file.Token().value(), "token-a");
  Replace("token-b");  // Of the same length: the file is another one.
  EXPECT_EQ(file.Token().value(), "token-b");
  Write("  token-longer\r\n");
  EXPECT_EQ(file.Token().value(), "token-longer");
}

TEST_F(AccessTokenFileTest, KeepsTheTokenWhileTheFileIsBeingWritten) {
  Write("token-a\n");
  AccessTokenFile file(path_);
  EXPECT_EQ(file.Token().value(), "token-a");
  Write("");
  EXPECT_EQ(file.Token().value(), "token-a");
  std::filesystem::remove(path_);
  EXPECT_EQ(file.Token().value(), "token-a");
  Write("token-b");
  EXPECT_EQ(file.Token().value(), "token-b");
}

TEST_F(AccessTokenFileTest, SaysWhatIsWrong) {
  AccessTokenFile file(path_);
  EXPECT_TRUE(absl::StrContains(file.Token().status().message(), "cannot be read: No such file"));
  for (const char* unfit : {"", "\n", "two words-hush", "{\"access_token\": \"hush\"}"}) {
    Write(unfit);
    const absl::Status status = file.Token().status();
    EXPECT_TRUE(absl::StrContains(status.message(), path_)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "holds no token: one line of")) << status;
    EXPECT_FALSE(absl::StrContains(status.message(), "hush")) << status;
  }
}

}  // namespace
}  // namespace bqcdc::credentials
