#include "bqcdc/write/storage_channel.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/credentials/testing/certificate_authority.h"
#include "bqcdc/encode/encoded_rows.h"
#include "bqcdc/write/append_connection.h"
#include "bqcdc/write/request_builder.h"
#include "bqcdc/write/testing/connect_proxy.h"
#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"

namespace bqcdc::write {
namespace {

namespace v1 = google::cloud::bigquery::storage::v1;

// Notes the headers of each call.
class HeaderService final : public v1::BigQueryWrite::Service {
 public:
  grpc::Status GetWriteStream(grpc::ServerContext* context, const v1::GetWriteStreamRequest*,
                              v1::WriteStream*) override {
    absl::MutexLock lock(&mutex_);
    const auto found = context->client_metadata().find("authorization");
    authorizations_.push_back(found == context->client_metadata().end()
                                  ? "(none)"
                                  : std::string(found->second.data(), found->second.size()));
    return grpc::Status::OK;
  }
  // Answers each request; ends the call with UNAUTHENTICATED where it carries a token of `refused`.
  grpc::Status AppendRows(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::AppendRowsResponse, v1::AppendRowsRequest>* stream) override {
    const auto header = [context](const char* name) {
      const auto found = context->client_metadata().find(name);
      return found == context->client_metadata().end()
                 ? "(none)"
                 : std::string(found->second.data(), found->second.size());
    };
    {
      absl::MutexLock lock(&mutex_);
      authorizations_.push_back(header("authorization"));
      user_projects_.push_back(header("x-goog-user-project"));
      for (const std::string& token : refused_) {
        if (authorizations_.back() == "Bearer " + token)
          return {grpc::StatusCode::UNAUTHENTICATED, "invalid token"};
      }
    }
    v1::AppendRowsRequest request;
    while (stream->Read(&request)) {
      v1::AppendRowsResponse response;
      response.mutable_append_result();
      stream->Write(response);
    }
    return grpc::Status::OK;
  }
  void Refuse(std::vector<std::string> tokens) {
    absl::MutexLock lock(&mutex_);
    refused_ = std::move(tokens);
  }
  std::vector<std::string> user_projects() {
    absl::MutexLock lock(&mutex_);
    return user_projects_;
  }
  std::vector<std::string> authorizations() {
    absl::MutexLock lock(&mutex_);
    return authorizations_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<std::string> authorizations_ ABSL_GUARDED_BY(mutex_),
      user_projects_ ABSL_GUARDED_BY(mutex_), refused_ ABSL_GUARDED_BY(mutex_);
};

class StorageChannelTest : public ::testing::Test {
 protected:
  StorageChannelTest() : directory_(NewDirectory()), authority_(directory_) {
    const auto certificate = authority_.Issue("server");
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    tls.pem_key_cert_pairs.push_back({certificate.key_pem, certificate.certificate_pem});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    std::ifstream file(authority_.file());
    roots_.assign(std::istreambuf_iterator<char>(file), {});
  }
  ~StorageChannelTest() override {
    server_->Shutdown();
    std::filesystem::remove_all(directory_);
  }
  static std::string NewDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "channel-XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  StorageChannel Channel(CallToken token) {
    ServiceChannelOptions options;
    options.token = std::move(token);
    options.user_project = "payer";
    options.root_certificates = roots_;
    options.ignore_proxy = true;
    return MakeServiceChannel(absl::StrCat("localhost:", port_), std::move(options));
  }

  grpc::Status Call(const StorageChannel& channel) {
    const auto stub = v1::BigQueryWrite::NewStub(channel.channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    v1::WriteStream stream;
    return stub->GetWriteStream(&context, {}, &stream);
  }

  const std::string directory_;
  credentials::CertificateAuthority authority_;
  std::string roots_;
  HeaderService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

TEST_F(StorageChannelTest, EachCallCarriesTheTokenOfItsTime) {
  int calls = 0;
  const StorageChannel channel = Channel([&calls] { return absl::StrCat("token-", ++calls); });
  EXPECT_EQ(channel.user_project, "payer");
  EXPECT_TRUE(Call(channel).ok());
  EXPECT_TRUE(Call(channel).ok());
  EXPECT_EQ(service_.authorizations(), (std::vector<std::string>{"Bearer token-1", "Bearer token-2"}));
}

// The host is one that no resolver knows, so only the proxy leads there; TLS and the token go through it to
// the service itself.
TEST_F(StorageChannelTest, GoesThroughTheProxyOfTheEnvironmentUnlessToldOtherwise) {
  for (const char* variable : {"grpc_proxy", "https_proxy"}) {
    const testing::ConnectProxy proxy(port_);
    ServiceChannelOptions options;
    options.token = [] { return std::string("token"); };
    options.root_certificates = roots_;
    setenv(variable, proxy.url().c_str(), 1);
    const StorageChannel through = MakeServiceChannel("service.test:443", options);
    setenv("no_proxy", "service.test", 1);
    const StorageChannel excepted = MakeServiceChannel("service.test:443", options);
    unsetenv("no_proxy");
    options.ignore_proxy = true;
    const StorageChannel past = MakeServiceChannel(absl::StrCat("localhost:", port_), options);
    unsetenv(variable);
    const grpc::Status status = Call(through);
    EXPECT_TRUE(status.ok()) << variable << ": " << status.error_message();
    EXPECT_EQ(proxy.destinations(), std::vector<std::string>{"service.test:443"}) << variable;
    EXPECT_FALSE(Call(excepted).ok());
    EXPECT_TRUE(Call(past).ok());
    EXPECT_EQ(proxy.destinations().size(), 1u) << variable;
  }
  EXPECT_EQ(service_.authorizations(), std::vector<std::string>(4, "Bearer token"));
}

TEST_F(StorageChannelTest, ATokenThatIsWaitedForHoldsUpNobodyElse) {
  absl::Notification may_go, waiting;
  const StorageChannel slow = Channel([&]() -> absl::StatusOr<std::string> {
    waiting.Notify();
    may_go.WaitForNotification();
    return std::string("slow");
  });
  const StorageChannel quick = Channel([] { return std::string("quick"); });
  grpc::Status slow_status;
  std::thread caller([&] { slow_status = Call(slow); });
  waiting.WaitForNotification();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Call(quick).ok());
  may_go.Notify();
  caller.join();
  EXPECT_TRUE(slow_status.ok()) << slow_status.error_message();
}

TEST_F(StorageChannelTest, WithoutATokenNothingIsSent) {
  const grpc::Status status = Call(Channel([]() -> absl::StatusOr<std::string> {
    return absl::UnauthenticatedError("credentials file x: no token");
  }));
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(absl::StrContains(status.error_message(), "credentials file x: no token"))
      << status.error_message();
  RecordProperty("code", status.error_code());
  EXPECT_TRUE(service_.authorizations().empty());
}

// An AppendRows call with a token that a test changes: "old", and from the first refusal on "new".
class RefusedTokenTest : public StorageChannelTest {
 protected:
  // The status of one append, and of the connection.
  absl::Status Append() {
    ServiceChannelOptions options;
    options.token = [this] {
      absl::MutexLock lock(&mutex_);
      return token_;
    };
    options.refused = [this](const std::string& token) {
      absl::MutexLock lock(&mutex_);
      told_.push_back(token);
      token_ = "new";
    };
    options.user_project = "payer";
    options.root_certificates = roots_;
    options.ignore_proxy = true;
    absl::Status failure;
    absl::Notification over;
    AppendConnectionOptions patience;
    patience.pause_first = absl::Milliseconds(1);
    AppendConnection connection(
        MakeServiceChannel(absl::StrCat("localhost:", port_), std::move(options)), patience,
        base::SystemClock::Get(), [&over](std::int64_t, AppendResult) { over.Notify(); },
        [&](const absl::Status& status) {
          failure = status;
          over.Notify();
        });
    auto destination = std::make_shared<Destination>();
    destination->write_stream = "projects/p/datasets/d/tables/t/streams/_default";
    destination->writer_schema = "\x0a\x04root";
    auto rows = std::make_shared<encode::EncodedRows>();
    rows->Append("row", {});
    EXPECT_TRUE(connection.Append({destination, AllRows(rows)}).ok());
    over.WaitForNotification();
    return failure;
  }

  absl::Mutex mutex_;
  std::string token_ ABSL_GUARDED_BY(mutex_) = "old";
  std::vector<std::string> told_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(RefusedTokenTest, AppendsCarryTokenAndQuotaProject) {
  EXPECT_TRUE(Append().ok());
  EXPECT_EQ(service_.authorizations(), std::vector<std::string>{"Bearer old"});
  EXPECT_EQ(service_.user_projects(), std::vector<std::string>{"payer"});
}

TEST_F(RefusedTokenTest, ATokenThatEndedEarlyIsReplaced) {
  service_.Refuse({"old"});
  EXPECT_TRUE(Append().ok());
  EXPECT_EQ(service_.authorizations(), (std::vector<std::string>{"Bearer old", "Bearer new"}));
  EXPECT_EQ(told_, std::vector<std::string>{"old"});
}

TEST_F(RefusedTokenTest, WhereTheNextIsRefusedTooItEnds) {
  service_.Refuse({"old", "new"});
  const absl::Status failure = Append();
  EXPECT_EQ(failure.code(), absl::StatusCode::kUnauthenticated) << failure;
  EXPECT_EQ(service_.authorizations(), (std::vector<std::string>{"Bearer old", "Bearer new"}));
}

TEST_F(StorageChannelTest, AnUnknownAuthorityGetsNoToken) {
  roots_.clear();  // Those of the system.
  const grpc::Status status = Call(Channel([] { return std::string("secret"); }));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(service_.authorizations().empty());
}

}  // namespace
}  // namespace bqcdc::write
