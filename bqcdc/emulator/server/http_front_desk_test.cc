#include "bqcdc/emulator/server/http_front_desk.h"

#include <poll.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "bqcdc/base/testing/raw_client.h"
#include "bqcdc/emulator/server/http_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "httplib.h"

// The desk under the HTTP server, with limits small enough to be met.
namespace bqcdc::emulator::server {
namespace {

using base::RawClient;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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
  const std::string answers = client->ReceiveAll();
  EXPECT_THAT(answers, HasSubstr("length 4"));
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(answers, "HTTP/1.1 200")).size(), 4u) << answers;
}

TEST_F(FrontDeskTest, TakesBodiesInPieces) {
  Start(Small());
  const auto client = Connect();
  // The 100 tells that the first piece has been looked at.
  ASSERT_TRUE(
      client->Send("POST /length HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n3\r\nab"));
  EXPECT_EQ(client->Receive("\r\n\r\n"), kContinueAnswer);
  ASSERT_TRUE(client->Send("c\r\n2\r\nde\r\n0\r\n\r\n"));
  EXPECT_THAT(client->Receive("length 5"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(FrontDeskTest, SaysContinueOnceAndOnlyToWhoWaits) {
  Start(Small());
  const std::string head =
      "POST /length HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
  const auto client = Connect();
  ASSERT_TRUE(client->Send(head));
  EXPECT_EQ(client->Receive("\r\n\r\n"), kContinueAnswer);
  ASSERT_TRUE(client->Send("abcde"));
  EXPECT_THAT(client->Receive("length 5"), StartsWith("HTTP/1.1 200 OK"));
  ASSERT_TRUE(client->Send(head + "abcde"));
  EXPECT_THAT(client->Receive("length 5"), StartsWith("HTTP/1.1 200 OK"));
}

TEST_F(FrontDeskTest, TellsThatTheConnectionStays) {
  FrontDeskLimits limits = Small();
  limits.idle = std::chrono::seconds(77);
  Start(limits);
  const auto client = Connect();
  ASSERT_TRUE(client->Send(kGet));
  EXPECT_THAT(client->Receive("small"), HasSubstr("\r\nKeep-Alive: timeout=77, max=10000\r\n"));
}

TEST_F(FrontDeskTest, WhatComesBehindARequestIsReadWhenItIsAnswered) {
  Start(Small());
  std::string requests;
  for (int i = 0; i < 5'000; ++i) requests += kGet;
  requests += "GET /none HTTP/1.1\r\nHost: x\r\n\r\nGET /wait HTTP/1.1\r\nHost: x\r\n\r\n";
  requests += std::string(64'000'000, 'x');  // far more than sockets hold
  const auto client = Connect();
  std::atomic<bool> sent = false;
  std::thread sender([&] {
    client->Send(requests);
    sent = true;
  });
  EXPECT_THAT(client->Receive("HTTP/1.1 404"), HasSubstr("HTTP/1.1 404"));
  while (waiting_ == 0) std::this_thread::yield();
  EXPECT_FALSE(sent) << "it is in the server's memory";
  go_on_.Notify();
  EXPECT_THAT(client->Receive("waited"), HasSubstr("waited"));
  sender.join();
}

TEST_F(FrontDeskTest, AnswersWhoHasEndedItsOutput) {
  Start(Small());
  const auto client = Connect();
  ASSERT_TRUE(client->Send(kGet));
  client->EndOutput();
  EXPECT_THAT(client->ReceiveAll(), HasSubstr("small"));
}

TEST_F(FrontDeskTest, RefusesWhatIsNoRequest) {
  Start(Small());
  struct Case {
    std::string request;
    const char* status;
  };
  const Case cases[] = {
      {"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "HTTP/1.1 400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(20'000, 'a') + "\r\n\r\n", "HTTP/1.1 431"},
      {"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
       "HTTP/1.1 400"},
      {"GET /small HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "HTTP/1.1 400"},
      {"GET /small HTTP/1.1\r\nA: b\nHost: x\r\n\r\n", "HTTP/1.1 400"},
      {"GET /small HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
      {"POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 1000001\r\n\r\n", "HTTP/1.1 413"},
      {"POST /length HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1000001\r\n\r\n",
       "HTTP/1.1 413"},
      {"GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 414"},
      {std::string("\x16\x03\x01\x02\r\n\r\n"), "HTTP/1.1 400"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.request.substr(0, 60));
    const auto client = Connect();
    ASSERT_TRUE(client->Send(c.request));
    EXPECT_THAT(client->ReceiveAll(), StartsWith(c.status));
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
    if (i % 3 == 2) clients.back()->Send("POST /length HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  }
  ExpectServed();
  EXPECT_EQ(clients[0]->ReceiveAll(), "");
  EXPECT_TRUE(clients[0]->ended()) << "a silent client gets nothing but the end";
  EXPECT_THAT(clients[1]->ReceiveAll(), StartsWith("HTTP/1.1 408"));
  EXPECT_THAT(clients[2]->ReceiveAll(), StartsWith("HTTP/1.1 408"));
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
  EXPECT_GT(clients[4]->ReceiveAll().size(), 8'000'000u);
}

TEST_F(FrontDeskTest, TheQuietestConnectionMakesRoomForANewOne) {
  FrontDeskLimits limits = Small();
  limits.connections_max = 3;
  Start(limits);
  const auto oldest = Connect(), second = Connect(), third = Connect();
  for (const auto* client : {&oldest, &second, &third}) {
    ASSERT_TRUE((*client)->Send(kGet));
    EXPECT_THAT((*client)->Receive("small"), HasSubstr("200"));
  }
  ASSERT_TRUE(oldest->Send(kGet));
  EXPECT_THAT(oldest->Receive("small"), HasSubstr("200"));
  ExpectServed();
  EXPECT_EQ(second->ReceiveAll(), "");
  EXPECT_TRUE(second->ended());
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
  std::vector<pollfd> ends;
  for (const auto& client : clients) ends.push_back({client->socket(), POLLIN, 0});
  EXPECT_GT(poll(ends.data(), ends.size(), 10'000), 0) << "none was ended";
}

TEST_F(FrontDeskTest, StoppingAnswersWhatRuns) {
  Start(Small());
  const auto client = Connect(), silent = Connect();
  ASSERT_TRUE(client->Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  while (waiting_ == 0) std::this_thread::yield();
  std::thread stop([this] { server_->Stop(); });
  EXPECT_EQ(silent->ReceiveAll(), "");
  EXPECT_TRUE(silent->ended());
  go_on_.Notify();
  EXPECT_THAT(client->Receive("waited"), HasSubstr("waited"));
  stop.join();
  EXPECT_FALSE(Connect()->connected());
}

}  // namespace
}  // namespace bqcdc::emulator::server
