#include "bqcdc/emulator/server/http_front_desk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/emulator/server/http_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"

// The desk under the HTTP server, with limits small enough to be met.
namespace bqcdc::emulator::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A client that says what it is told, and no more.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    timeval limit = {10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }
  bool Send(const std::string& bytes) {
    return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  void EndOutput() { shutdown(socket_, SHUT_WR); }
  // What comes until `end` is in it, or the other side has ended, or 10 s have passed.
  std::string Receive(const std::string& end = "no such text") {
    std::string text;
    char buffer[4096];
    while (text.find(end) == std::string::npos) {
      const ssize_t got = recv(socket_, buffer, sizeof(buffer), 0);
      if (got <= 0) return text;
      text.append(buffer, static_cast<size_t>(got));
    }
    return text;
  }

 private:
  const int socket_;
  bool connected_ = false;
};

class FrontDeskTest : public ::testing::Test {
 protected:
  void Start(const FrontDeskLimits& limits) {
    auto server = HttpServer::Start(
        "127.0.0.1", 0,
        [this](httplib::Server& library) {
          library.set_payload_max_length(limits_body_);
          library.Get("/small", [](const httplib::Request&, httplib::Response& answer) {
            answer.set_content("small", "text/plain");
          });
          library.Get("/wait", [this](const httplib::Request&, httplib::Response& answer) {
            ++waiting_;
            go_on_.WaitForNotification();
            answer.set_content("waited", "text/plain");
          });
          library.Get("/large", [](const httplib::Request&, httplib::Response& answer) {
            answer.set_content(std::string(8'000'000, 'x'), "application/octet-stream");
          });
          library.Post("/length", [](const httplib::Request& request, httplib::Response& answer) {
            answer.set_content(absl::StrCat("length ", request.body.size()), "text/plain");
          });
        },
        nullptr, limits);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  std::unique_ptr<RawClient> Connect() { return std::make_unique<RawClient>(server_->port()); }
  void ExpectServed() {
    httplib::Client client("127.0.0.1", server_->port());
    const auto answer = client.Get("/small");
    ASSERT_TRUE(answer) << httplib::to_string(answer.error());
    EXPECT_EQ(answer->body, "small");
  }

  const size_t limits_body_ = 1'000'000;
  absl::Notification go_on_;
  std::atomic<int> waiting_ = 0;
  std::unique_ptr<HttpServer> server_;
};

FrontDeskLimits Small() {
  FrontDeskLimits limits;
  limits.body_bytes_max = 1'000'000;
  limits.head_bytes_max = 16 * 1024;
  return limits;
}

constexpr char kGet[] = "GET /small HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(FrontDeskTest, AnswersOneRequestAfterAnotherAndThoseThatComeTogether) {
  Start(Small());
  const auto client = Connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client->Send(kGet));
    EXPECT_THAT(client->Receive("small"), StartsWith("HTTP/1.1 200 OK"));
  }
  ASSERT_TRUE(client->Send(absl::StrCat(kGet, "\r\n",
                                        "POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nabcd",
                                        "GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
  const std::string answers = client->Receive();
  EXPECT_THAT(answers, HasSubstr("length 4"));
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(answers, "HTTP/1.1 200")).size(), 4u) << answers;
}

TEST_F(FrontDeskTest, TakesBodiesInPieces) {
  Start(Small());
  const auto client = Connect();
  ASSERT_TRUE(client->Send("POST /length HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_TRUE(client->Send("c\r\n2\r\nde\r\n0\r\n\r\n"));
  EXPECT_THAT(client->Receive("length"), StartsWith("HTTP/1.1 200 OK"));
  const auto polite = Connect();
  ASSERT_TRUE(
      polite->Send("POST /length HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_THAT(polite->Receive("\r\n\r\n"), StartsWith("HTTP/1.1 100 Continue"));
  ASSERT_TRUE(polite->Send("abcde"));
  EXPECT_THAT(polite->Receive("length 5"), HasSubstr("HTTP/1.1 200 OK"));
}

TEST_F(FrontDeskTest, AnswersWhoHasEndedItsOutput) {
  Start(Small());
  const auto client = Connect();
  ASSERT_TRUE(client->Send(kGet));
  client->EndOutput();
  EXPECT_THAT(client->Receive(), HasSubstr("small"));
}

TEST_F(FrontDeskTest, RefusesWhatIsNoRequest) {
  Start(Small());
  struct Case {
    std::string request;
    const char* status;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", "HTTP/1.1 431"},
      {"POST /length HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 400"},
      {"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n", "HTTP/1.1 413"},
      {"GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 414"},
      {std::string("\x16\x03\x01\x02\r\n\r\n"), "HTTP/1.1 400"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.request.substr(0, 60));
    const auto client = Connect();
    ASSERT_TRUE(client->Send(c.request));
    EXPECT_THAT(client->Receive(), StartsWith(c.status));
  }
  ExpectServed();
}

TEST_F(FrontDeskTest, SilentAndSlowClientsHoldNobodyUp) {
  FrontDeskLimits limits = Small();
  limits.workers_max = 2;
  limits.head = std::chrono::milliseconds(300);
  limits.transfer_grace = std::chrono::milliseconds(300);
  limits.idle = std::chrono::milliseconds(600);
  Start(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(Connect());
    if (i % 3 == 1) clients.back()->Send("GET /small HT");
    if (i % 3 == 2) clients.back()->Send("POST /length HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  }
  ExpectServed();
  EXPECT_EQ(clients[0]->Receive(), "") << "a silent client gets nothing but the end";
  EXPECT_THAT(clients[1]->Receive(), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(clients[2]->Receive(), StartsWith("HTTP/1.1 408"));
  ExpectServed();
}

TEST_F(FrontDeskTest, AClientThatDoesNotReadHoldsNoWorker) {
  FrontDeskLimits limits = Small();
  limits.workers_max = 1;
  Start(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(Connect());
    ASSERT_TRUE(clients.back()->Send("GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  }
  ExpectServed();
  EXPECT_GT(clients[4]->Receive().size(), 8'000'000u);
}

TEST_F(FrontDeskTest, TheQuietestConnectionMakesRoomForANewOne) {
  FrontDeskLimits limits = Small();
  limits.connections_max = 3;
  Start(limits);
  const auto oldest = Connect(), second = Connect(), third = Connect();
  for (const auto* client : {&oldest, &second, &third}) {
    ASSERT_TRUE((*client)->Send(kGet));
    EXPECT_THAT((*client)->Receive("small"), HasSubstr("200"));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ASSERT_TRUE(oldest->Send(kGet));
  EXPECT_THAT(oldest->Receive("small"), HasSubstr("200"));
  ExpectServed();
  EXPECT_EQ(second->Receive(), "");
  ASSERT_TRUE(oldest->Send(kGet));
  EXPECT_THAT(oldest->Receive("small"), HasSubstr("200"));
}

TEST_F(FrontDeskTest, BuffersOfAllConnectionsTogetherAreBounded) {
  FrontDeskLimits limits = Small();
  limits.buffered_bytes_max = 1'500'000;
  Start(limits);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(Connect());
    clients.back()->Send("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n" +
                         std::string(500'000 + 10'000 * i, 'x'));
  }
  ExpectServed();
  int ended = 0;
  for (const auto& client : clients) ended += !client->Send(std::string(1, 'x'));
  for (int tries = 0; ended == 0 && tries < 100; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    for (const auto& client : clients) ended += !client->Send(std::string(1, 'x'));
  }
  EXPECT_GT(ended, 0);
}

TEST_F(FrontDeskTest, StoppingAnswersWhatRuns) {
  Start(Small());
  const auto client = Connect(), silent = Connect();
  ASSERT_TRUE(client->Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  while (waiting_ == 0) std::this_thread::yield();
  std::thread stop([this] { server_->Stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  go_on_.Notify();
  EXPECT_THAT(client->Receive("waited"), HasSubstr("waited"));
  stop.join();
  EXPECT_FALSE(Connect()->connected());
}

}  // namespace
}  // namespace bqcdc::emulator::server
