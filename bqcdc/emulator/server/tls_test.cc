// TLS and bearer tokens on both faces of a server.

#include <grpcpp/grpcpp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "bqcdc/credentials/testing/certificate_authority.h"
#include "bqcdc/emulator/server/environment.h"
#include "gmock/gmock.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "gtest/gtest.h"
#include "httplib.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::server {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;
using ::testing::HasSubstr;

constexpr char kTokens[] = "# of the tests\nfirst-token\n\nsecond-token\n";

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() : directory_(NewDirectory()), authority_(directory_), certificate_(authority_.Issue("server")) {}
  ~TlsTest() override { std::filesystem::remove_all(directory_); }
  static std::string NewDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bqcdc-tls-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  std::string File(const std::string& name, const std::string& text) const {
    const std::string path = absl::StrCat(directory_, "/", name);
    std::ofstream(path, std::ios::trunc) << text;
    return path;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  Options Flags(bool tls, bool token) const {
    Options options;
    options.http_port = 0;
    options.grpc_port = 0;
    if (tls) {
      options.tls_cert = certificate_.certificate_file;
      options.tls_key = certificate_.key_file;
    }
    if (token) options.bearer_token_file = File("tokens", kTokens);
    return options;
  }

  httplib::Result Get(const std::string& url, const std::string& path, httplib::Headers headers = {}) const {
    httplib::Client client(url);
    client.set_ca_cert_path(authority_.file().c_str());
    return client.Get(path, headers);
  }

  // GetWriteStream of a table that there is not: PERMISSION_DENIED, as of the service, says that the call was
  // let in.
  grpc::Status Call(const Endpoints& endpoints, bool tls, const std::string& authorization) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read(authority_.file());
    const auto stub = v1::BigQueryWrite::NewStub(grpc::CreateChannel(
        endpoints.storage, tls ? grpc::SslCredentials(options) : grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    v1::GetWriteStreamRequest request;
    request.set_name("projects/p/datasets/d/tables/t/streams/_default");
    v1::WriteStream stream;
    return stub->GetWriteStream(&context, request, &stream);
  }
  grpc::Status Append(const Endpoints& endpoints, const std::string& authorization) const {
    const auto stub = v1::BigQueryWrite::NewStub(
        grpc::CreateChannel(endpoints.storage, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    const auto call = stub->AppendRows(&context);
    v1::AppendRowsRequest request;
    request.set_write_stream("projects/p/datasets/d/tables/t/streams/_default");
    call->Write(request);
    call->WritesDone();
    v1::AppendRowsResponse response;
    while (call->Read(&response)) {
    }
    return call->Finish();
  }

  const std::string directory_;
  credentials::CertificateAuthority authority_;
  const credentials::IssuedCertificate certificate_;
};

TEST_F(TlsTest, BothFacesSpeakTls) {
  const auto environment = Environment::Start(Flags(true, false));
  ASSERT_TRUE(environment.ok()) << environment.status();
  const Endpoints& endpoints = (*environment)->endpoints();
  EXPECT_THAT(endpoints.rest, HasSubstr("https://127.0.0.1:"));
  const auto listed = Get(endpoints.rest, "/bigquery/v2/projects");
  ASSERT_TRUE(listed) << httplib::to_string(listed.error());
  EXPECT_EQ(listed->status, 200);
  // Links to itself.
  const auto discovery = Get(endpoints.rest, "/discovery/v1/apis/bigquery/v2/rest");
  ASSERT_TRUE(discovery);
  EXPECT_THAT(discovery->body, HasSubstr(absl::StrCat("\"rootUrl\":\"", endpoints.rest, "/\"")));
  EXPECT_EQ(Call(endpoints, true, "").error_code(), grpc::StatusCode::PERMISSION_DENIED);
  // Neither speaks without it, nor to one who does not trust the authority.
  EXPECT_EQ(Call(endpoints, false, "").error_code(), grpc::StatusCode::UNAVAILABLE);
  httplib::Client plaintext("http" + endpoints.rest.substr(5));
  EXPECT_FALSE(plaintext.Get("/bigquery/v2/projects"));
  httplib::Client distrustful(endpoints.rest);
  EXPECT_FALSE(distrustful.Get("/bigquery/v2/projects"));
}

TEST_F(TlsTest, RestWantsTheToken) {
  const auto environment = Environment::Start(Flags(true, true));
  ASSERT_TRUE(environment.ok()) << environment.status();
  const std::string& rest = (*environment)->endpoints().rest;
  for (const auto& [authorization, status, reason] :
       std::vector<std::tuple<const char*, int, const char*>>{{"", 401, "required"},
                                                              {"Basic first-token", 401, "authError"},
                                                              {"Bearer ", 401, "authError"},
                                                              {"Bearer first-toke", 401, "authError"},
                                                              {"Bearer first-tokem", 401, "authError"},
                                                              {"Bearer # of the tests", 401, "authError"},
                                                              {"Bearer first-token", 200, ""},
                                                              {"bearer second-token", 200, ""}}) {
    SCOPED_TRACE(authorization);
    httplib::Headers headers;
    if (*authorization != '\0') headers.emplace("Authorization", authorization);
    const auto answer = Get(rest, "/bigquery/v2/projects", headers);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, status);
    if (status == 200) continue;
    const auto error = nlohmann::json::parse(answer->body).at("error");
    EXPECT_EQ(error.at("code"), 401);
    EXPECT_EQ(error.at("status"), "UNAUTHENTICATED");
    EXPECT_EQ(error.at("errors").at(0).at("reason"), reason);
    EXPECT_THAT(answer->get_header_value("WWW-Authenticate"), HasSubstr("Bearer"));
  }
  // A body is read and thrown away, so that the connection stays usable.
  httplib::Client client(rest);
  client.set_ca_cert_path(authority_.file().c_str());
  client.set_keep_alive(true);
  EXPECT_EQ(client
                .Post("/bigquery/v2/projects/p/queries", R"({"query":"SELECT 1","useLegacySql":false})",
                      "application/json")
                ->status,
            401);
  client.set_bearer_token_auth("first-token");
  EXPECT_EQ(client
                .Post("/bigquery/v2/projects/p/queries", R"({"query":"SELECT 1","useLegacySql":false})",
                      "application/json")
                ->status,
            200);
  // What is read before there is a token.
  EXPECT_EQ(Get(rest, "/bqcdc/v1/endpoints")->status, 200);
  EXPECT_EQ(Get(rest, "/discovery/v1/apis/bigquery/v2/rest")->status, 200);
}

TEST_F(TlsTest, GrpcWantsTheToken) {
  for (const bool tls : {true, false}) {
    const auto environment = Environment::Start(Flags(tls, true));
    ASSERT_TRUE(environment.ok()) << environment.status();
    const Endpoints& endpoints = (*environment)->endpoints();
    const grpc::Status missing = Call(endpoints, tls, "");
    EXPECT_EQ(missing.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_THAT(missing.error_message(), HasSubstr("Request is missing required authentication credential."));
    const grpc::Status wrong = Call(endpoints, tls, "Bearer third-token");
    EXPECT_EQ(wrong.error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_THAT(wrong.error_message(), HasSubstr("Request had invalid authentication credentials."));
    EXPECT_EQ(Call(endpoints, tls, "Bearer second-token").error_code(), grpc::StatusCode::PERMISSION_DENIED);
    if (tls) continue;
    EXPECT_EQ(Append(endpoints, "").error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_NE(Append(endpoints, "Bearer first-token").error_code(), grpc::StatusCode::UNAUTHENTICATED);
  }
}

TEST_F(TlsTest, EachBadFileIsOneClearLine) {
  const auto other = authority_.Issue("other");
  const auto expired = authority_.Issue("expired", -absl::Minutes(1));
  struct Case {
    std::string cert, key, token, want;
  };
  for (const Case& c : std::vector<Case>{
           {"/no/such", certificate_.key_file, "",
            "--tls-cert /no/such cannot be read: No such file or directory"},
           {File("text", "text"), certificate_.key_file, "", "text holds no certificate in PEM form"},
           {certificate_.certificate_file, "/no/such", "", "--tls-key /no/such cannot be read"},
           {certificate_.certificate_file, certificate_.certificate_file, "",
            "server.pem holds no private key in PEM form without passphrase"},
           {certificate_.certificate_file, other.key_file, "",
            "is not the key of the first certificate in --tls-cert"},
           {expired.certificate_file, expired.key_file, "", "expired.pem has expired"},
           {"", "", "/no/such", "--bearer-token-file /no/such cannot be read"},
           {"", "", File("none", "# nothing\n\n"), "none holds no token; write one a line"},
           {"", "", File("blank", "good\nhush hush\n"), "blank: line 2 holds blanks"}}) {
    SCOPED_TRACE(c.want);
    Options options = Flags(false, false);
    options.tls_cert = c.cert;
    options.tls_key = c.key;
    options.bearer_token_file = c.token;
    const auto environment = Environment::Start(options);
    ASSERT_FALSE(environment.ok());
    const std::string message(environment.status().message().data(), environment.status().message().size());
    EXPECT_THAT(message, HasSubstr(c.want));
    EXPECT_THAT(message, ::testing::Not(HasSubstr("hush")));
    EXPECT_THAT(message, ::testing::Not(HasSubstr("\n")));
  }
}

}  // namespace
}  // namespace bqcdc::emulator::server
