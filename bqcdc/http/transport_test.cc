#include "bqcdc/http/transport.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "bqcdc/base/testing/loopback_socket.h"
#include "bqcdc/credentials/testing/tls_server.h"
#include "httplib.h"

namespace bqcdc::http {
namespace {

TEST(WithoutSecrets, LeavesSchemeHostAndPath) {
  EXPECT_EQ(WithoutSecrets("https://h:1/p/q"), "https://h:1/p/q");
  EXPECT_EQ(WithoutSecrets("https://user:pass@h/p?k=v#f"), "https://h/p");
  EXPECT_EQ(WithoutSecrets("https://h/p@q?x=y@z"), "https://h/p@q");
  EXPECT_EQ(WithoutSecrets("https://a@b@h"), "https://h");
  EXPECT_EQ(WithoutSecrets("user:pass@h/p"), "h/p");
  EXPECT_EQ(WithoutSecrets(""), "");
}

TEST(UrlEncode, LeavesUnreservedCharacters) {
  EXPECT_EQ(UrlEncode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(UrlEncode("a b/&=\xff"), "a%20b%2F%26%3D%FF");
}

TEST(CurlTransport, GoesThroughTheProxyOfTheEnvironmentUnlessToldOtherwise) {
  credentials::TlsServer proxy(nullptr, [](httplib::Server& server) {
    server.Get(".*", [](const httplib::Request& request, httplib::Response& response) {
      response.set_content("proxy got " + request.target, "text/plain");
    });
  });
  setenv("http_proxy", proxy.url().c_str(), 1);
  Request request;
  request.url = "http://service.invalid/path";
  const auto through = MakeCurlTransport()->Perform(request);
  ASSERT_TRUE(through.ok()) << through.status();
  EXPECT_EQ(through->body, "proxy got http://service.invalid/path");
  EXPECT_FALSE(MakeCurlTransport({.ignore_proxy = true})->Perform(request).ok());
  setenv("no_proxy", "service.invalid", 1);
  EXPECT_FALSE(MakeCurlTransport()->Perform(request).ok());
  unsetenv("no_proxy");
  request.ignore_proxy = true;
  EXPECT_FALSE(MakeCurlTransport()->Perform(request).ok());
  unsetenv("http_proxy");
}

TEST(CurlTransport, AnUnreachableServerIsNamedWithoutItsSecrets) {
  const auto transport = MakeCurlTransport();
  Request request;
  request.url = "http://user:hush@127.0.0.1:1/path?key=hush";
  request.ignore_proxy = true;
  const absl::Status status = transport->Perform(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  const std::string text(status.message());
  EXPECT_NE(text.find("cannot reach http://127.0.0.1:1/path"), std::string::npos) << text;
  EXPECT_EQ(text.find("hush"), std::string::npos) << text;
}

TEST(CurlTransport, AProxyThatCannotBeUsedIsNamedWithoutItsPassword) {
  Request request;
  request.url = "http://service.invalid/path";
  for (const char* proxy :
       {"http://user:hush@local host:1", "http://user:hu sh@h:1", "nonsense://user:hush@h:1"}) {
    setenv("http_proxy", proxy, 1);
    const absl::Status status = MakeCurlTransport()->Perform(request).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    const std::string text(status.message());
    EXPECT_NE(text.find("cannot reach http://service.invalid/path: Unsupported proxy"), std::string::npos)
        << text;
    EXPECT_EQ(text.find("hu"), std::string::npos) << text;
  }
  unsetenv("http_proxy");
}

TEST(CurlTransport, AServerOfAnotherProtocolIsSaidToBeNone) {
  int port = 0;
  const int listener = base::BoundLoopbackSocket(0, false, &port);
  ASSERT_EQ(listen(listener, 1), 0);
  std::thread server([listener] {
    const int peer = accept(listener, nullptr, nullptr);
    char request[4096];
    EXPECT_GT(recv(peer, request, sizeof request, 0), 0);
    EXPECT_EQ(send(peer, "no HTTP\r\n", 9, MSG_NOSIGNAL), 9);
    close(peer);
  });
  Request request;
  request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
  request.ignore_proxy = true;
  const absl::Status status = MakeCurlTransport()->Perform(request).status();
  server.join();
  close(listener);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(std::string(status.message()).find("is no HTTP server; is the port right?"), std::string::npos)
      << status;
}

}  // namespace
}  // namespace bqcdc::http
