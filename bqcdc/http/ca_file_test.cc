#include "bqcdc/http/ca_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/strings/match.h"
#include "bqcdc/credentials/testing/certificate_authority.h"

namespace bqcdc::http {
namespace {

class CaFileTest : public ::testing::Test {
 protected:
  CaFileTest() : directory_(NewDirectory()), authority_(directory_) {
    std::ifstream stream(authority_.file());
    pem_.assign(std::istreambuf_iterator<char>(stream), {});
  }
  ~CaFileTest() override { std::filesystem::remove_all(directory_); }
  static std::string NewDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ca-XXXXXX").string();
    return mkdtemp(pattern.data());
  }
  std::string Copy(const std::string& name) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << "# " << name << "\n" << pem_;
    return path;
  }
  absl::StatusOr<CertificateAuthorities> Choose(const std::string& flag) {
    return ChooseCertificateAuthorities(flag, [this](const char* name) {
      return environment_.count(name) ? environment_[name] : std::string();
    });
  }

  const std::string directory_;
  credentials::CertificateAuthority authority_;
  std::string pem_;
  std::map<std::string, std::string> environment_;
};

TEST_F(CaFileTest, TheSystemsWhereNothingIsGiven) {
  const auto chosen = Choose("");
  ASSERT_TRUE(chosen.ok());
  EXPECT_EQ(chosen->file, "");
  EXPECT_EQ(chosen->grpc_pem, "");
}

TEST_F(CaFileTest, TheOrderOfFlagAndVariables) {
  environment_["SSL_CERT_FILE"] = Copy("ssl");
  EXPECT_EQ(Choose("")->file, environment_["SSL_CERT_FILE"]);
  EXPECT_TRUE(absl::StartsWith(Choose("")->grpc_pem, "# ssl"));
  environment_["CURL_CA_BUNDLE"] = Copy("curl");
  EXPECT_EQ(Choose("")->file, environment_["CURL_CA_BUNDLE"]);
  environment_["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = Copy("grpc");
  EXPECT_EQ(Choose("")->file, environment_["CURL_CA_BUNDLE"]);
  EXPECT_TRUE(absl::StartsWith(Choose("")->grpc_pem, "# grpc"));
  const std::string flag = Copy("flag");
  EXPECT_EQ(Choose(flag)->file, flag);
  EXPECT_TRUE(absl::StartsWith(Choose(flag)->grpc_pem, "# flag"));
}

TEST_F(CaFileTest, ABadFileIsNamedWithWhoGaveIt) {
  EXPECT_TRUE(absl::StrContains(Choose("/no/such").status().message(),
                                "--ca-file '/no/such' cannot be read: No such file"));
  const std::string path = directory_ + "/text";
  std::ofstream(path) << "no certificate";
  environment_["CURL_CA_BUNDLE"] = path;
  EXPECT_TRUE(
      absl::StrContains(Choose("").status().message(), "CURL_CA_BUNDLE '" + path + "' holds no certificate"));
  std::ofstream(path) << std::string(kCaFileBytesMax + 1, '-');
  EXPECT_TRUE(absl::StrContains(Choose("").status().message(), "is larger than the limit of 16777216 bytes"));
  environment_.clear();
  environment_["GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"] = "/no/such";
  EXPECT_TRUE(
      absl::StrContains(Choose("").status().message(), "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH '/no/such'"));
}

}  // namespace
}  // namespace bqcdc::http
