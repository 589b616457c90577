// bqcdc with credentials against bqcdc-serve by TLS with a bearer token: REST and gRPC, as against the
// service.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/credentials/testing/token_endpoints.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

using credentials::TokenEndpoints;
using nlohmann::json;

constexpr char kToken[] = "a-token-that-only-the-server-knows-hush";
constexpr char kRows[] =
    "{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":1,\"name\":\"a\"}\n{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":2,\"name\":"
    "\"b\"}\n"
    "{\"_CHANGE_TYPE\":\"DELETE\",\"id\":1}\n";

class CredentialsEndToEnd : public Scenario {
 protected:
  CredentialsEndToEnd()
      : authority_(directory()), certificate_(authority_.Issue("server")), endpoints_(authority_) {
    File("accepted", absl::StrCat(kToken, "\n"));
    endpoints_.HandOut(kToken);
    auto started = local_server::LocalServer::Start(
        {"--project", "p", "--clock", "manual", "--admin", "--tls-cert", certificate_.certificate_file,
         "--tls-key", certificate_.key_file, "--bearer-token-file", directory() + "/accepted"});
    if (!started.ok()) throw std::runtime_error(std::string(started.status().message()));  // Fails the test.
    server_ = *std::move(started);
    // A proxy that is not there: nothing on this machine may be looked for behind it.
    environment_ = {{"HOME", directory()},
                    {"GOOGLE_CLOUD_PROJECT", "p"},
                    {"GCE_METADATA_HOST", "127.0.0.1:1"},
                    {"https_proxy", "http://127.0.0.1:1"},
                    {"no_proxy", endpoints_.token_uri().substr(8, 9)}};
  }

  std::string Url() const {
    return absl::StrCat("https://localhost:", server_->rest().substr(server_->rest().rfind(':') + 1));
  }

  std::vector<std::string> With(std::vector<std::string> arguments,
                                const std::vector<std::string>& more) const {
    arguments.insert(arguments.end(), {"--endpoint", Url(), "--ca-file", authority_.file()});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  // create-table by REST, stream by gRPC, query by REST.
  void PlayThrough(const std::vector<std::string>& flags) {
    RunOk(With({"create-table", "d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id"}, flags));
    const ProgramResult streamed = RunOk(With({"stream", "d.t"}, flags), kRows);
    EXPECT_TRUE(absl::StrContains(streamed.err, "3 rows written")) << streamed.err;
    EXPECT_EQ(RunOk(With({"query", "SELECT id, name FROM d.t", "--format", "csv"}, flags)).out,
              "id,name\n2,b\n");
  }

  std::string WriteJson(const std::string& name, const json& file) {
    return directory() + "/" + File(name, file.dump());
  }

  credentials::CertificateAuthority authority_;
  const credentials::IssuedCertificate certificate_;
  TokenEndpoints endpoints_;
  std::unique_ptr<local_server::LocalServer> server_;
};

TEST_F(CredentialsEndToEnd, AccessTokenFile) {
  PlayThrough({"--access-token-file", File("token", absl::StrCat(kToken, "\n"))});
  EXPECT_TRUE(endpoints_.requests().empty());
}

TEST_F(CredentialsEndToEnd, ServiceAccountThatExchangesItsJwt) {
  PlayThrough({"--credentials", WriteJson("key.json", {{"type", "service_account"},
                                                       {"client_email", TokenEndpoints::kEmail},
                                                       {"private_key", endpoints_.key().private_pem},
                                                       {"token_uri", endpoints_.token_uri()}})});
  // One token for each of the three runs, for REST and gRPC together.
  EXPECT_EQ(endpoints_.requests().size(), 3u);
}

TEST_F(CredentialsEndToEnd, ImpersonationByTheEnvironmentAlone) {
  environment_["GOOGLE_APPLICATION_CREDENTIALS"] =
      WriteJson("adc.json", {{"type", "impersonated_service_account"},
                             {"service_account_impersonation_url", endpoints_.impersonation_url("t@p.iam")},
                             {"delegates", {"projects/-/serviceAccounts/d"}},
                             {"source_credentials",
                              {{"type", "authorized_user"},
                               {"client_id", TokenEndpoints::kClientId},
                               {"client_secret", TokenEndpoints::kClientSecret},
                               {"refresh_token", TokenEndpoints::kRefreshToken},
                               {"token_uri", endpoints_.token_uri()}}}});
  PlayThrough({});
}

TEST_F(CredentialsEndToEnd, ExternalAccountWithAnExecutable) {
  const json answer = {{"version", 1},
                       {"success", true},
                       {"token_type", TokenEndpoints::kTokenType},
                       {"id_token", TokenEndpoints::kSubjectToken}};
  const std::string program = absl::StrCat(
      directory(), "/", File("provider", absl::StrCat("#!/bin/sh\necho '", answer.dump(), "'\n")));
  chmod(program.c_str(), 0700);
  const std::string file =
      WriteJson("external.json", {{"type", "external_account"},
                                  {"audience", TokenEndpoints::kAudience},
                                  {"subject_token_type", TokenEndpoints::kTokenType},
                                  {"token_url", endpoints_.sts_url()},
                                  {"credential_source", {{"executable", {{"command", program}}}}}});
  const ProgramResult refused = Run(With({"query", "SELECT 1"}, {"--credentials", file}));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(refused.err, "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1")) << refused.err;
  environment_["GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"] = "1";
  PlayThrough({"--credentials", file});
}

TEST_F(CredentialsEndToEnd, ATokenIsReadAgainWhenItsFileChanges) {
  const std::vector<std::string> flags = {"--access-token-file", File("token", kToken)};
  RunOk(With({"create-table", "d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id"}, flags));
  auto streaming =
      Start(With({"stream", "d.t", "--flush-interval", "10ms", "--claim-check-interval", "50ms"}, flags));
  streaming->Write("{\"_CHANGE_TYPE\":\"UPSERT\",\"id\":1,\"name\":\"a\"}\n");
  const auto rows = [&] {
    return RunOk(With({"query", "SELECT id FROM d.t", "--format", "csv"}, {"--access-token-file", "good"}))
        .out;
  };
  File("good", kToken);
  for (const absl::Time deadline = absl::Now() + absl::Seconds(30);
       rows() != "id\n1\n" && absl::Now() < deadline;) {
  }
  // The check of its claim asks REST with what is in the file now.
  File("token", "of-somebody-else-hush");
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  while (!absl::StrContains(streaming->ReadErrorSoFar(), "invalid authentication credentials") &&
         absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  const ProgramResult ended = streaming->Wait();
  EXPECT_TRUE(absl::StrContains(ended.err, "invalid authentication credentials")) << ended.err;
  EXPECT_FALSE(absl::StrContains(ended.err, "hush")) << ended.err;
}

TEST_F(CredentialsEndToEnd, APlaintextServerGetsATokenOnlyWhereOneIsNamed) {
  const auto plaintext =
      local_server::LocalServer::Start({"--project", "p", "--bearer-token-file", directory() + "/accepted"});
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  const std::vector<std::string> endpoint = {"--endpoint", (*plaintext)->rest()};
  const auto with = [&](std::vector<std::string> arguments, bool token) {
    arguments.insert(arguments.end(), endpoint.begin(), endpoint.end());
    if (token) arguments.insert(arguments.end(), {"--access-token-file", "accepted"});
    return arguments;
  };
  environment_["GOOGLE_APPLICATION_CREDENTIALS"] = "missing";  // Not looked at.
  const ProgramResult refused = Run(with({"query", "SELECT 1"}, false));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(refused.err, "missing required authentication credential")) << refused.err;
  RunOk(with({"create-table", "d.t", "--schema", "id:INT64,name:STRING", "--primary-key", "id"}, true));
  RunOk(with({"stream", "d.t"}, true), kRows);
  EXPECT_EQ(RunOk(with({"query", "SELECT id, name FROM d.t", "--format", "csv"}, true)).out,
            "id,name\n2,b\n");
}

TEST_F(CredentialsEndToEnd, SaysWhatIsMissing) {
  struct Case {
    std::vector<std::string> arguments;
    int exit_code;
    const char* want;
  };
  const std::string token = File("token", kToken), wrong = File("wrong", "another-hush"),
                    text = File("text", "hush hush");
  const std::vector<std::string> query = {"query", "SELECT 1", "--endpoint", Url()};
  const auto with = [&query](std::vector<std::string> more) {
    more.insert(more.begin(), query.begin(), query.end());
    return more;
  };
  const std::string ca = authority_.file();
  for (const Case& c : std::vector<Case>{
           {with({"--ca-file", ca}), 1, "no credentials: none of --credentials, --access-token-file and"},
           {with({"--access-token-file", token}), 1, "is not trusted"},
           {with({"--ca-file", ca, "--access-token-file", wrong}), 1, "invalid authentication credentials"},
           {with({"--ca-file", ca, "--access-token-file", text}), 1,
            "access token file 'text' holds no token"},
           {with({"--ca-file", "text", "--access-token-file", token}), 2,
            "--ca-file 'text' holds no certificate"},
           {with({"--ca-file", ca, "--credentials", text}), 1, "credentials file text: is not a JSON object"},
           {with({"--ca-file", ca, "--credentials", "missing"}), 1,
            "credentials file missing: cannot be read"},
           {with({"--ca-file", ca, "--credentials", text, "--access-token-file", token}), 2,
            "give one of them"}}) {
    SCOPED_TRACE(c.want);
    const ProgramResult result = Run(c.arguments);
    EXPECT_EQ(result.exit_code, c.exit_code) << result.err;
    EXPECT_TRUE(absl::StrContains(result.err, c.want)) << result.err;
    EXPECT_FALSE(absl::StrContains(result.err, "hush")) << result.err;
  }
  // The variables do what the flag does.
  environment_["CURL_CA_BUNDLE"] = ca;
  EXPECT_EQ(Run(with({"--access-token-file", token})).exit_code, 0);
}

TEST_F(CredentialsEndToEnd, ServePassesTheFlagsThrough) {
  const ProgramResult exposed = Run({"serve", "--host", "0.0.0.0"});
  EXPECT_EQ(exposed.exit_code, 2);
  EXPECT_TRUE(absl::StrContains(exposed.err, "give --bearer-token-file FILE")) << exposed.err;
  const ProgramResult mismatch =
      Run({"serve", "--http-port", "0", "--grpc-port", "0", "--tls-cert", certificate_.certificate_file,
           "--tls-key", authority_.Issue("other").key_file});
  EXPECT_EQ(mismatch.exit_code, 1);
  EXPECT_TRUE(absl::StrContains(mismatch.err, "is not the key of the first certificate")) << mismatch.err;
}

TEST_F(CredentialsEndToEnd, AdminReachesATlsServerToo) {
  const ProgramResult moved =
      RunOk(With({"admin", "clock", "advance", "15m"}, {"--access-token-file", File("token", kToken)}));
  EXPECT_FALSE(moved.out.empty());
}

}  // namespace
}  // namespace bqcdc::end_to_end
