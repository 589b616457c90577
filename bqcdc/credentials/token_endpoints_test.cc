// Every kind of credentials against a fake of its token endpoint, by libcurl over real TLS.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/credentials/find_credentials.h"
#include "bqcdc/credentials/testing/token_endpoints.h"

namespace bqcdc::credentials {
namespace {

using nlohmann::json;

class TokenEndpointsTest : public ::testing::Test {
 protected:
  TokenEndpointsTest() : directory_(NewDirectory()), authority_(directory_), endpoints_(authority_) {
    environment_["HOME"] = directory_;
    environment_["GCE_METADATA_HOST"] = endpoints_.metadata_host();
  }
  ~TokenEndpointsTest() override { std::filesystem::remove_all(directory_); }

  static std::string NewDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "token-endpoints-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  std::string File(const std::string& name, const std::string& text) const {
    const std::string path = absl::StrCat(directory_, "/", name);
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }

  absl::StatusOr<Credentials> Find(const json& file) {
    return FindFile(File("credentials.json", file.dump()));
  }
  absl::StatusOr<Credentials> FindFile(const std::string& path) {
    CredentialsOptions options;
    options.file = path;
    options.environment = [this](const char* name) {
      return environment_.count(name) ? environment_[name] : "";
    };
    options.clock = &base::SystemClock::Get();
    options.transport = http::MakeCurlTransport({.ca_file = ca_file_.empty() ? authority_.file() : ca_file_});
    return FindCredentials(options);
  }
  absl::StatusOr<std::string> TokenOf(const json& file) {
    const auto found = Find(file);
    return found.ok() ? found->tokens->Token() : found.status();
  }

  json ServiceAccount() const {
    return {{"type", "service_account"},
            {"client_email", TokenEndpoints::kEmail},
            {"private_key", endpoints_.key().private_pem},
            {"private_key_id", "k1"},
            {"project_id", "p"},
            {"token_uri", endpoints_.token_uri()}};
  }
  json User() const {
    return {{"type", "authorized_user"},
            {"client_id", TokenEndpoints::kClientId},
            {"client_secret", TokenEndpoints::kClientSecret},
            {"refresh_token", TokenEndpoints::kRefreshToken},
            {"token_uri", endpoints_.token_uri()}};
  }
  json External(json source) const {
    return {{"type", "external_account"},
            {"audience", TokenEndpoints::kAudience},
            {"subject_token_type", TokenEndpoints::kTokenType},
            {"token_url", endpoints_.sts_url()},
            {"credential_source", std::move(source)}};
  }
  // A program that prints `answer` and notes in the file "ran" what it was told.
  std::string Program(const json& answer) const {
    const std::string path =
        File("provider", absl::StrCat("#!/bin/sh\nenv | grep ^GOOGLE_EXTERNAL_ACCOUNT | sort >>", directory_,
                                      "/ran\ncat <<'END'\n", answer.dump(), "\nEND\n"));
    chmod(path.c_str(), 0700);
    return path;
  }

  const std::string directory_;
  std::string ca_file_;
  CertificateAuthority authority_;
  TokenEndpoints endpoints_;
  std::map<std::string, std::string> environment_;
};

TEST_F(TokenEndpointsTest, ServiceAccountByExchange) {
  EXPECT_EQ(TokenOf(ServiceAccount()).value(), "service-account-1");
}

TEST_F(TokenEndpointsTest, AServiceAccountWithAnotherKeyIsRefused) {
  json file = ServiceAccount();
  file["private_key"] = MakeRsaKey().private_pem;
  EXPECT_EQ(std::string(TokenOf(file).status().message()),
            absl::StrCat(
                "credentials file ", directory_, "/credentials.json: no token from ", endpoints_.token_uri(),
                ": HTTP 400, invalid_grant; the key is deleted or disabled, the account is gone, or this "
                "machine's clock is wrong"));
}

TEST_F(TokenEndpointsTest, AuthorizedUser) { EXPECT_EQ(TokenOf(User()).value(), "user-1"); }

TEST_F(TokenEndpointsTest, ExternalAuthorizedUserTakesTheNewRefreshToken) {
  endpoints_.set_lifetime_seconds(1);  // So each call fetches.
  const auto found = Find({{"type", "external_account_authorized_user"},
                           {"client_id", TokenEndpoints::kClientId},
                           {"client_secret", TokenEndpoints::kClientSecret},
                           {"refresh_token", TokenEndpoints::kRefreshToken},
                           {"token_url", endpoints_.external_user_url()}});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->tokens->Token().value(), "external-user-1");
  EXPECT_EQ(found->tokens->Token().value(), "external-user-2");
  EXPECT_EQ(found->tokens->Token().value(), "external-user-3");
}

TEST_F(TokenEndpointsTest, ExternalAccountByFile) {
  EXPECT_EQ(TokenOf(External({{"file", File("subject", absl::StrCat(TokenEndpoints::kSubjectToken, "\n"))}}))
                .value(),
            "exchanged-1");
  const json in_json = {{"file", File("subject.json", json{{"t", TokenEndpoints::kSubjectToken}}.dump())},
                        {"format", {{"type", "json"}, {"subject_token_field_name", "t"}}}};
  EXPECT_EQ(TokenOf(External(in_json)).value(), "exchanged-2");
}

TEST_F(TokenEndpointsTest, ExternalAccountByUrl) {
  const json source = {{"url", endpoints_.subject_url()},
                       {"headers", {{"X-Provider", "yes"}}},
                       {"format", {{"type", "json"}, {"subject_token_field_name", "value"}}}};
  EXPECT_EQ(TokenOf(External(source)).value(), "exchanged-1");
  json without = source;
  without.erase("headers");
  const std::string refused(TokenOf(External(without)).status().message());
  EXPECT_TRUE(absl::StrContains(refused, "/subject: HTTP 403") ||
              absl::StrContains(refused, "(credential_source.url): HTTP 403"))
      << refused;
  EXPECT_FALSE(absl::StrContains(refused, "hush")) << refused;
}

TEST_F(TokenEndpointsTest, ExternalAccountByExecutable) {
  environment_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  const json good = {{"version", 1},
                     {"success", true},
                     {"token_type", TokenEndpoints::kTokenType},
                     {"id_token", TokenEndpoints::kSubjectToken},
                     {"expiration_time", 4'000'000'000}};
  const json source = {
      {"executable", {{"command", Program(good) + "  --with arguments"}, {"timeout_millis", 20000}}}};
  EXPECT_EQ(TokenOf(External(source)).value(), "exchanged-1");
  std::ifstream ran(directory_ + "/ran");
  const std::string told((std::istreambuf_iterator<char>(ran)), {});
  EXPECT_EQ(told, absl::StrCat("GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE=", TokenEndpoints::kAudience,
                               "\nGOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE=0\nGOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE=",
                               TokenEndpoints::kTokenType, "\n"));
  // Its saml_response, and its refusals.
  Program({{"version", 1},
           {"success", true},
           {"token_type", "urn:ietf:params:oauth:token-type:saml2"},
           {"saml_response", TokenEndpoints::kSubjectToken}});
  EXPECT_EQ(TokenOf(External(source)).value(), "exchanged-2");
  struct Case {
    json answer;
    const char* want;
  };
  for (const Case& c : std::vector<Case>{
           {{{"version", 1}, {"success", false}, {"code", "401"}, {"message", "hush"}},
            "says that it had no success"},
           {{{"version", 2}, {"success", true}, {"id_token", "hush"}}, "no answer of version 1"},
           {{{"version", 1}, {"success", true}}, "gives no id_token"},
           {{{"version", 1}, {"success", true}, {"id_token", "hush"}, {"expiration_time", 1}}, "has expired"},
           {"hush", "gives no JSON object"}}) {
    Program(c.answer);
    const std::string refused(TokenOf(External(source)).status().message());
    EXPECT_TRUE(absl::StrContains(refused, c.want)) << refused;
    EXPECT_FALSE(absl::StrContains(refused, "hush")) << refused;
  }
}

TEST_F(TokenEndpointsTest, AnExecutableRunsOnlyWhereItIsAllowed) {
  const json source = {{"executable", {{"command", Program({{"version", 1}})}}}};
  EXPECT_TRUE(absl::StrContains(TokenOf(External(source)).status().message(),
                                "set GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 if you trust the file"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/ran"));
}

TEST_F(TokenEndpointsTest, TheOutputFileIsTakenWhileItHolds) {
  environment_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  json answer = {{"version", 1},
                 {"success", true},
                 {"token_type", TokenEndpoints::kTokenType},
                 {"id_token", TokenEndpoints::kSubjectToken},
                 {"expiration_time", 4'000'000'000}};
  const json source = {
      {"executable", {{"command", Program(answer)}, {"output_file", File("output", answer.dump())}}}};
  EXPECT_EQ(TokenOf(External(source)).value(), "exchanged-1");
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/ran"));
  answer["expiration_time"] = 1;
  File("output", answer.dump());
  EXPECT_EQ(TokenOf(External(source)).value(), "exchanged-2");
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/ran"));
}

TEST_F(TokenEndpointsTest, ExternalAccountThatImpersonates) {
  json file = External({{"file", File("subject", TokenEndpoints::kSubjectToken)}});
  file["service_account_impersonation_url"] =
      endpoints_.impersonation_url("target@p.iam.gserviceaccount.com");
  file["service_account_impersonation"] = {{"token_lifetime_seconds", 600}};
  EXPECT_EQ(TokenOf(file).value(), "impersonated-2");
  const auto requests = endpoints_.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_TRUE(
      absl::StrContains(requests[0], "scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform"));
  EXPECT_EQ(requests[1],
            "POST /v1/projects/-/serviceAccounts/target@p.iam.gserviceaccount.com:generateAccessToken\n"
            R"({"lifetime":"600s","scope":["https://www.googleapis.com/auth/bigquery"]})");
}

TEST_F(TokenEndpointsTest, ImpersonationThroughDelegatesWithEachSource) {
  const json file = {
      {"type", "impersonated_service_account"},
      {"service_account_impersonation_url", endpoints_.impersonation_url("t@p.iam.gserviceaccount.com")},
      {"delegates", {"projects/-/serviceAccounts/d1", "projects/-/serviceAccounts/d2"}}};
  for (const json& source :
       {ServiceAccount(), User(), External({{"file", File("subject", TokenEndpoints::kSubjectToken)}})}) {
    json whole = file;
    whole["source_credentials"] = source;
    const auto token = TokenOf(whole);
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_TRUE(absl::StartsWith(*token, "impersonated-")) << *token;
    EXPECT_TRUE(absl::StrContains(
        endpoints_.requests().back(),
        R"("delegates":["projects/-/serviceAccounts/d1","projects/-/serviceAccounts/d2"],"lifetime":"3600s")"));
  }
}

TEST_F(TokenEndpointsTest, ARefusedImpersonationSaysWhichRightIsMissing) {
  endpoints_.FailWith(0);
  json file = {
      {"type", "impersonated_service_account"},
      {"service_account_impersonation_url", endpoints_.impersonation_url("t@p.iam.gserviceaccount.com")},
      {"source_credentials", ServiceAccount()}};
  // Google signs for itself: the fake knows nothing of such a token.
  file["source_credentials"].erase("token_uri");
  const std::string refused(TokenOf(file).status().message());
  EXPECT_TRUE(absl::StrContains(refused,
                                "HTTP 403, PERMISSION_DENIED; the source account needs "
                                "roles/iam.serviceAccountTokenCreator"))
      << refused;
  EXPECT_FALSE(absl::StrContains(refused, "Bearer")) << refused;
}

TEST_F(TokenEndpointsTest, MetadataServer) {
  const auto found = FindFile("");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->origin, "metadata server");
  EXPECT_EQ(found->project, "metadata-project");
  EXPECT_EQ(found->tokens->Token().value(), "metadata-1");
}

TEST_F(TokenEndpointsTest, ARefusalNeverShowsASecret) {
  endpoints_.FailWith(400);
  environment_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  json external_user = User();
  external_user["type"] = "external_account_authorized_user";
  external_user["token_url"] = endpoints_.external_user_url();
  for (const json& file : {ServiceAccount(), User(), external_user,
                           External({{"file", File("subject", TokenEndpoints::kSubjectToken)}})}) {
    const absl::Status status = TokenOf(file).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
    EXPECT_TRUE(absl::StrContains(status.message(), "HTTP 400")) << status;
    for (const char* secret : {"hush", "assertion", "Basic", "eyJ"}) {
      EXPECT_FALSE(absl::StrContains(status.message(), secret)) << status;
    }
  }
}

TEST_F(TokenEndpointsTest, AFaultOfTheEndpointMayPass) {
  endpoints_.FailWith(503);
  const auto found = Find(User());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->tokens->Token().status().code(), absl::StatusCode::kUnavailable);
  endpoints_.FailWith(0);
  EXPECT_EQ(found->tokens->Token().value(), "user-1");
}

TEST_F(TokenEndpointsTest, AnUnknownAuthorityIsNotTrusted) {
  const std::string other_directory = NewDirectory();
  CertificateAuthority other(other_directory);
  ca_file_ = other.file();
  const absl::Status status = TokenOf(User()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(absl::StrContains(status.message(),
                                absl::StrCat("certificate of ", endpoints_.token_uri(), " is not trusted")))
      << status;
  EXPECT_TRUE(endpoints_.requests().empty());
  std::filesystem::remove_all(other_directory);
}

}  // namespace
}  // namespace bqcdc::credentials
