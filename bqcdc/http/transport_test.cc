#include "bqcdc/http/transport.h"

#include <gtest/gtest.h>

#include <cstdlib>

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

}  // namespace
}  // namespace bqcdc::http
