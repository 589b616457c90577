#include "bqcdc/rest/credentials.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace bqcdc::rest {
namespace {

using nlohmann::json;

class ScriptedTransport final : public HttpTransport {
 public:
  absl::StatusOr<HttpResponse> Perform(const HttpRequest& request) override {
    requests.push_back(request);
    if (answers.empty()) return absl::UnavailableError("cannot reach " + request.url);
    HttpResponse answer = answers.front();
    answers.pop_front();
    return answer;
  }
  std::vector<HttpRequest> requests;
  std::deque<HttpResponse> answers;
};

std::string NewRsaKey(EVP_PKEY** key) {
  *key = EVP_RSA_gen(2048);
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, *key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "credentials-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    environment_["HOME"] = directory_;
  }
  ~CredentialsTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const json& body) {
    const std::string path = directory_ + "/key.json";
    std::ofstream(path) << body.dump();
    return path;
  }
  CredentialsOptions Options(const std::string& file = "") {
    CredentialsOptions options;
    options.file = file;
    options.environment = [this](const char* name) { return environment_[name]; };
    options.clock = &clock_;
    options.transport = &transport_;
    return options;
  }

  std::string directory_;
  std::map<std::string, std::string> environment_;
  base::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  ScriptedTransport transport_;
};

TEST_F(CredentialsTest, AServiceAccountSignsARequestForAToken) {
  EVP_PKEY* key = nullptr;
  const std::string pem = NewRsaKey(&key);
  const auto found = FindCredentials(Options(File({{"type", "service_account"},
                                                   {"client_email", "a@p.iam"},
                                                   {"private_key", pem},
                                                   {"private_key_id", "k1"},
                                                   {"token_uri", "https://token/x"},
                                                   {"project_id", "p"}})));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->project, "p");
  transport_.answers.push_back({200, R"({"access_token":"t1","expires_in":3600})", {}});
  EXPECT_EQ(found->tokens->Token().value(), "t1");
  ASSERT_EQ(transport_.requests.size(), 1u);
  EXPECT_EQ(transport_.requests[0].url, "https://token/x");
  const std::string& body = transport_.requests[0].body;
  const std::string prefix = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
  ASSERT_TRUE(absl::StartsWith(body, prefix)) << body;
  const std::vector<std::string> parts = absl::StrSplit(body.substr(prefix.size()), '.');
  ASSERT_EQ(parts.size(), 3u);
  std::string header, claims, signature;
  ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[0], &header));
  ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[1], &claims));
  ASSERT_TRUE(absl::WebSafeBase64Unescape(parts[2], &signature));
  EXPECT_EQ(json::parse(header), (json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
  EXPECT_EQ(json::parse(claims), (json{{"iss", "a@p.iam"},
                                       {"sub", "a@p.iam"},
                                       {"aud", "https://token/x"},
                                       {"iat", 1'700'000'000},
                                       {"exp", 1'700'003'600},
                                       {"scope", "https://www.googleapis.com/auth/bigquery"}}));
  const std::string signed_text = parts[0] + "." + parts[1];
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ASSERT_EQ(EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key), 1);
  EXPECT_EQ(
      EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size()),
      1);
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
}

TEST_F(CredentialsTest, AUserRefreshesBeforeTheTokenExpires) {
  const auto found = FindCredentials(Options(File({{"type", "authorized_user"},
                                                   {"client_id", "c"},
                                                   {"client_secret", "s&"},
                                                   {"refresh_token", "r"},
                                                   {"quota_project_id", "q"},
                                                   {"token_uri", "https://token"}})));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->quota_project, "q");
  transport_.answers = {{200, R"({"access_token":"t1","expires_in":3600})", {}},
                        {200, R"({"access_token":"t2","expires_in":3600})", {}}};
  EXPECT_EQ(found->tokens->Token().value(), "t1");
  clock_.Advance(absl::Minutes(55));
  EXPECT_EQ(found->tokens->Token().value(), "t1");
  clock_.Advance(absl::Minutes(2));
  EXPECT_EQ(found->tokens->Token().value(), "t2");
  EXPECT_EQ(transport_.requests[0].body,
            "grant_type=refresh_token&client_id=c&client_secret=s%26&refresh_token=r");
  // A failed refresh does no harm while the token holds.
  clock_.Advance(absl::Minutes(57));
  EXPECT_EQ(found->tokens->Token().value(), "t2");
  clock_.Advance(absl::Minutes(4));
  EXPECT_FALSE(found->tokens->Token().ok());
}

TEST_F(CredentialsTest, ARefusalNeverShowsTheSecret) {
  const auto found = FindCredentials(Options(File({{"type", "authorized_user"},
                                                   {"client_id", "c"},
                                                   {"client_secret", "hush"},
                                                   {"refresh_token", "hush"}})));
  ASSERT_TRUE(found.ok());
  transport_.answers = {{400, R"({"error":"invalid_grant","error_description":"hush"})", {}}};
  const absl::Status status = found->tokens->Token().status();
  EXPECT_EQ(status.message(), "no token from https://oauth2.googleapis.com/token: HTTP 400, invalid_grant");
}

TEST_F(CredentialsTest, AsksTheMetadataServerLast) {
  transport_.answers = {{200, "their-project", {}}, {200, R"({"access_token":"m","expires_in":100})", {}}};
  const auto found = FindCredentials(Options());
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->project, "their-project");
  EXPECT_EQ(found->tokens->Token().value(), "m");
  EXPECT_EQ(transport_.requests[1].url,
            "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token");
  EXPECT_EQ(transport_.requests[1].headers.at(0),
            (std::pair<std::string, std::string>("Metadata-Flavor", "Google")));
}

TEST_F(CredentialsTest, LooksInTheWellKnownPlace) {
  std::filesystem::create_directories(directory_ + "/.config/gcloud");
  std::ofstream(directory_ + "/.config/gcloud/application_default_credentials.json")
      << R"({"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"r"})";
  EXPECT_TRUE(FindCredentials(Options()).ok());
}

TEST_F(CredentialsTest, SaysWhatIsWrong) {
  EXPECT_TRUE(absl::StrContains(FindCredentials(Options()).status().message(), "no credentials: "));
  EXPECT_TRUE(absl::StrContains(FindCredentials(Options("/missing")).status().message(),
                                "cannot read credentials file /missing"));
  EXPECT_TRUE(
      absl::StrContains(FindCredentials(Options(File("text"))).status().message(), "is not a JSON object"));
  EXPECT_TRUE(
      absl::StrContains(FindCredentials(Options(File({{"type", "external_account"}}))).status().message(),
                        "has type 'external_account'; supported are"));
  EXPECT_TRUE(
      absl::StrContains(FindCredentials(Options(File({{"type", "service_account"}}))).status().message(),
                        "has no client_email"));
  const auto found = FindCredentials(
      Options(File({{"type", "service_account"}, {"client_email", "a"}, {"private_key", "nonsense"}})));
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(absl::StrContains(found->tokens->Token().status().message(), "is not an RSA key in PEM form"));
}

}  // namespace
}  // namespace bqcdc::rest
