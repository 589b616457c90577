#include "bqcdc/credentials/find_credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "bqcdc/credentials/testing/certificate_authority.h"

namespace bqcdc::credentials {
namespace {

using nlohmann::json;

class ScriptedTransport final : public http::Transport {
 public:
  absl::StatusOr<http::Response> Perform(const http::Request& request) override {
    requests.push_back(request);
    if (answers.empty()) return absl::UnavailableError("cannot reach " + request.url);
    http::Response answer = answers.front();
    answers.pop_front();
    return answer;
  }
  std::vector<http::Request> requests;
  std::deque<http::Response> answers;
};

class FindCredentialsTest : public ::testing::Test {
 protected:
  FindCredentialsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "credentials-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    environment_["HOME"] = directory_;
  }
  ~FindCredentialsTest() override { std::filesystem::remove_all(directory_); }

  std::string File(const json& body, const std::string& name = "key.json") {
    const std::string path = directory_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << body.dump();
    return path;
  }
  CredentialsOptions Options(const std::string& file = "") {
    CredentialsOptions options;
    options.file = file;
    options.environment = [this](const char* name) {
      return environment_.count(name) ? environment_[name] : "";
    };
    options.clock = &clock_;
    options.transport = transport_;
    return options;
  }
  static json User(const std::string& quota_project = "") {
    json file = {
        {"type", "authorized_user"}, {"client_id", "c"}, {"client_secret", "s&"}, {"refresh_token", "r"}};
    if (!quota_project.empty()) file["quota_project_id"] = quota_project;
    return file;
  }

  std::string directory_;
  std::map<std::string, std::string> environment_;
  base::ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  const std::shared_ptr<ScriptedTransport> transport_ = std::make_shared<ScriptedTransport>();
};

TEST_F(FindCredentialsTest, AServiceAccountSignsForItself) {
  const RsaKey key = MakeRsaKey();
  for (const char* token_uri :
       {"", "https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"}) {
    json file = {{"type", "service_account"},
                 {"client_email", "robot@p.iam.gserviceaccount.com"},
                 {"private_key", key.private_pem},
                 {"private_key_id", "k1"},
                 {"project_id", "p"}};
    if (*token_uri != '\0') file["token_uri"] = token_uri;
    const auto found = FindCredentials(Options(File(file)));
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->project, "p");
    const std::string token = found->tokens->Token().value();
    std::string header, claims;
    ASSERT_TRUE(VerifyJwt(token, key.public_pem, &header, &claims));
    EXPECT_EQ(token.find('='), std::string::npos);  // RFC 7515: no padding
    EXPECT_EQ(json::parse(header), (json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "k1"}}));
    // A scope and no audience: good for REST and gRPC (https://google.aip.dev/auth/4111).
    EXPECT_EQ(json::parse(claims), (json{{"iss", "robot@p.iam.gserviceaccount.com"},
                                         {"sub", "robot@p.iam.gserviceaccount.com"},
                                         {"scope", "https://www.googleapis.com/auth/bigquery"},
                                         {"iat", 1'700'000'000},
                                         {"exp", 1'700'003'600}}));
    EXPECT_TRUE(transport_->requests.empty());  // Nobody was asked.
  }
}

TEST_F(FindCredentialsTest, AUserAsksGoogle) {
  const auto found = FindCredentials(Options(File(User("q"))));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->quota_project, "q");
  transport_->answers = {{200, R"({"access_token":"t1","expires_in":"3600"})", {}}};
  EXPECT_EQ(found->tokens->Token().value(), "t1");
  EXPECT_EQ(transport_->requests[0].url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(transport_->requests[0].body,
            "grant_type=refresh_token&client_id=c&client_secret=s%26&refresh_token=r");
}

TEST_F(FindCredentialsTest, WhatARefusalSaysItselfIsNotPassedOn) {
  const auto found = FindCredentials(Options(File(User())));
  ASSERT_TRUE(found.ok());
  for (const char* body :
       {R"({"error":"hush"})", R"({"error":{"status":"hush","message":"hush"}})", "hush", "[]"}) {
    transport_->answers = {{400, body, {}}};
    const std::string text(found->tokens->Token().status().message());
    EXPECT_TRUE(
        absl::EndsWith(text,
                       "no token from https://oauth2.googleapis.com/token: HTTP 400; the login has ended or "
                       "was revoked: gcloud auth application-default login"))
        << text;
  }
  transport_->answers = {{200, R"({"access_token":"hush"})", {}}};
  const std::string text(found->tokens->Token().status().message());
  EXPECT_TRUE(absl::StrContains(text, "holds no access_token with expires_in")) << text;
}

TEST_F(FindCredentialsTest, TheOrderOfThePlaces) {
  const json named = User("named"), well_known = User("well-known"), flag = User("flag"), sdk = User("sdk");
  const std::vector<std::pair<std::string, std::string>> metadata_flavor = {{"metadata-flavor", "Google"}};
  transport_->answers = {{200, "their-project", metadata_flavor}};
  EXPECT_EQ(FindCredentials(Options())->origin, "metadata server");
  File(well_known, ".config/gcloud/application_default_credentials.json");
  EXPECT_EQ(FindCredentials(Options())->quota_project, "well-known");
  environment_["CLOUDSDK_CONFIG"] = directory_ + "/sdk";
  File(sdk, "sdk/application_default_credentials.json");
  EXPECT_EQ(FindCredentials(Options())->quota_project, "sdk");
  environment_["GOOGLE_APPLICATION_CREDENTIALS"] = File(named, "named.json");
  EXPECT_EQ(FindCredentials(Options())->quota_project, "named");
  EXPECT_EQ(FindCredentials(Options(File(flag, "flag.json")))->quota_project, "flag");
  // A named file that is missing is an error, never a reason to look further.
  environment_["GOOGLE_APPLICATION_CREDENTIALS"] = directory_ + "/missing.json";
  const absl::Status missing = FindCredentials(Options()).status();
  EXPECT_TRUE(absl::StrContains(missing.message(), "/missing.json: cannot be read: No such file")) << missing;
  EXPECT_TRUE(absl::StrContains(missing.message(), "(named by GOOGLE_APPLICATION_CREDENTIALS)")) << missing;
}

TEST_F(FindCredentialsTest, TheOrderOfQuotaProjects) {
  CredentialsOptions options = Options(File(User("of-the-file")));
  EXPECT_EQ(FindCredentials(options)->quota_project, "of-the-file");
  environment_["GOOGLE_CLOUD_QUOTA_PROJECT"] = "of-the-environment";
  EXPECT_EQ(FindCredentials(options)->quota_project, "of-the-environment");
  options.quota_project = "of-the-flag";
  EXPECT_EQ(FindCredentials(options)->quota_project, "of-the-flag");
}

TEST_F(FindCredentialsTest, AnAccessTokenFileStandsForItself) {
  CredentialsOptions options = Options();
  options.access_token_file = directory_ + "/token";
  std::ofstream(options.access_token_file) << "abc\n";
  EXPECT_EQ(FindCredentials(options)->tokens->Token().value(), "abc");
  options.file = File(User());
  EXPECT_TRUE(absl::StrContains(FindCredentials(options).status().message(), "give one of them"));
}

TEST_F(FindCredentialsTest, TheMetadataServerMustSayThatItIsOne) {
  transport_->answers = {
      {200, "<html>a hotel's login</html>", {{"content-type", "text/html"}, {"metadata-flavor", "Hotel"}}}};
  const absl::Status status = FindCredentials(Options()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(status.message(), "is no metadata server")) << status;
  const http::Request& probe = transport_->requests.at(0);
  EXPECT_EQ(probe.url, "http://metadata.google.internal/computeMetadata/v1/project/project-id");
  EXPECT_EQ(probe.headers.at(0), (std::pair<std::string, std::string>("Metadata-Flavor", "Google")));
  EXPECT_LE(probe.timeout, absl::Seconds(3));
  EXPECT_TRUE(probe.ignore_proxy);
}

TEST_F(FindCredentialsTest, WithoutAnySaysWhereItLooked) {
  const absl::Status status = FindCredentials(Options()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  for (const char* part : {"no credentials: ", "GOOGLE_APPLICATION_CREDENTIALS",
                           "/.config/gcloud/application_default_credentials.json",
                           "no metadata server answers", "gcloud auth application-default login"}) {
    EXPECT_TRUE(absl::StrContains(status.message(), part)) << status;
  }
}

struct BadFile {
  const char* name;
  const char* body;
  const char* want;  // behind "credentials file PATH: "
};

const BadFile kBadFiles[] = {
    {"Text", "hush", "is not a JSON object; give the file that Google Cloud made, unchanged"},
    {"List", R"(["hush"])", "is not a JSON object"},
    {"NoType", R"({"installed":{"client_secret":"hush"}})",
     "field type is missing; known are service_account, "},
    {"OtherType", R"({"type":"hush","private_key":"hush"})", "field type is of no supported kind; known are"},
    {"DistributedCloud", R"({"type":"gdch_service_account","private_key":"hush"})",
     "field type is gdch_service_account, an account of Google Distributed Cloud, which BigQuery does not "
     "know; "
     "create a service account in Google Cloud"},
    {"NoEmail", R"({"type":"service_account","private_key":"hush"})",
     "field client_email is missing; download or create"},
    {"NoKey", R"({"type":"service_account","client_email":"e"})", "field private_key is missing"},
    {"KeyIsNoText", R"({"type":"service_account","client_email":"e","private_key":["hush"]})",
     "field private_key is not a text"},
    {"KeyIsNone", R"({"type":"service_account","client_email":"e","private_key":"hush"})",
     "field private_key is not an RSA key in PEM form without passphrase; create a new key"},
    {"TokenUriInTheOpen",
     R"({"type":"authorized_user","client_id":"c","client_secret":"hush","refresh_token":"hush","token_uri":"http://evil.example/t"})",
     "field token_uri is not an https:// address, and secrets would be sent there"},
    {"NoSecret", R"({"type":"authorized_user","client_id":"c","refresh_token":"hush"})",
     "field client_secret is missing"},
    {"NoTokenUrl",
     R"({"type":"external_account_authorized_user","client_id":"c","client_secret":"hush","refresh_token":"hush"})",
     "field token_url is missing"},
    {"NoSource",
     R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://t"})",
     "field credential_source is missing"},
    {"EmptySource",
     R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://t","credential_source":{}})",
     "field credential_source has none of file, url and executable"},
    {"Aws",
     R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://t",
         "credential_source":{"environment_id":"aws1","url":"http://169.254.169.254"}})",
     "field credential_source.environment_id asks for a source that is not supported"},
    {"OtherFormat",
     R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://t",
         "credential_source":{"file":"/f","format":{"type":"xml"}}})",
     "field credential_source.format.type is neither text nor json"},
    {"NoFieldName",
     R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://t",
         "credential_source":{"file":"/f","format":{"type":"json"}}})",
     "field credential_source.format.subject_token_field_name is missing"},
    {"HeaderInjection",
     R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://t",
         "credential_source":{"url":"https://u","headers":{"A":"b\r\nC: d"}}})",
     "field credential_source.headers has a line break or colon in a header"},
    {"Timeout",
     R"({"type":"external_account","audience":"a","subject_token_type":"t","token_url":"https://t",
         "credential_source":{"executable":{"command":"c","timeout_millis":1}}})",
     "field credential_source.executable.timeout_millis is not a whole number from 5000 to 120000"},
    {"NoSourceCredentials",
     R"({"type":"impersonated_service_account","service_account_impersonation_url":"https://i"})",
     "field source_credentials is missing"},
    {"BadSourceCredentials",
     R"({"type":"impersonated_service_account","service_account_impersonation_url":"https://i",
         "source_credentials":{"type":"authorized_user","client_id":"c","client_secret":"hush"}})",
     "field source_credentials.refresh_token is missing"},
    {"Delegates",
     R"({"type":"impersonated_service_account","service_account_impersonation_url":"https://i","delegates":"d",
         "source_credentials":{"type":"authorized_user","client_id":"c","client_secret":"s","refresh_token":"hush"}})",
     "field delegates is not a list of texts"},
};

TEST_F(FindCredentialsTest, EachBadFileIsNamedWithItsField) {
  for (const BadFile& bad : kBadFiles) {
    SCOPED_TRACE(bad.name);
    const std::string path = directory_ + "/bad.json";
    std::ofstream(path, std::ios::trunc) << bad.body;
    const absl::Status status = FindCredentials(Options(path)).status();
    EXPECT_TRUE(absl::StartsWith(status.message(), "credentials file " + path + ": " + bad.want)) << status;
    EXPECT_FALSE(absl::StrContains(status.message(), "hush")) << status;
  }
}

TEST_F(FindCredentialsTest, SourcesWithinEachOtherHaveALimit) {
  json file = User();
  for (int i = 0; i < 5; ++i) {
    file = {{"type", "impersonated_service_account"},
            {"service_account_impersonation_url", "https://i"},
            {"source_credentials", file}};
  }
  const absl::Status status = FindCredentials(Options(File(file))).status();
  EXPECT_TRUE(absl::StrContains(status.message(), "is nested more than 3 times")) << status;
}

}  // namespace
}  // namespace bqcdc::credentials
