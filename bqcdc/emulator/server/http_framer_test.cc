#include "bqcdc/emulator/server/http_framer.h"

#include <string>

#include "gtest/gtest.h"

namespace bqcdc::emulator::server {
namespace {

using State = HttpFramer::State;

struct Case {
  const char* name;
  std::string bytes;
  State state;
  size_t rest;  // bytes behind a complete request
  int http_code = 0;
};

const Case kCases[] = {
    {"no body", "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET", State::kComplete, 3},
    {"head cut", "GET / HTTP/1.1\r\nHost: x\r\n\r", State::kHead, 0},
    {"body", "POST / HTTP/1.1\r\nHost: x\r\ncontent-length: 3\r\n\r\nabcPOST", State::kComplete, 4},
    {"body cut", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab", State::kBody, 0},
    {"body of none", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\nP", State::kComplete, 1},
    {"length twice, the same", "P / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
     State::kComplete, 0},
    {"length twice, another", "P / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\naa",
     State::kBad, 0, 400},
    {"length with a sign", "P / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", State::kBad, 0, 400},
    {"length and chunks",
     "P / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", State::kBad, 0,
     400},
    {"unknown coding", "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", State::kBad, 0,
     400},
    {"length beyond the limit", "P / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", State::kTooLarge,
     0},
    {"length beyond any number", "P / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
     State::kBad, 0, 400},
    {"head beyond the limit", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(300, 'a'), State::kBad, 0,
     431},
    {"whole head beyond the limit", "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(300, 'a') + "\r\n\r\n",
     State::kBad, 0, 431},
    {"line without a colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", State::kBad, 0, 400},
    {"line without a name", "GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n", State::kBad, 0, 400},
    {"no request line", "\x16\x03\x01\r\n\r\n", State::kBad, 0, 400},
    {"request line of two words", "GET /\r\n\r\n", State::kBad, 0, 400},
    {"request line of four words", "GET / / HTTP/1.1\r\n\r\n", State::kBad, 0, 400},
    {"HTTP/2", "PRI * HTTP/2.0\r\n\r\n", State::kBad, 0, 400},
    {"NUL", std::string("GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", 33), State::kBad, 0, 400},
    {"LF within a line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\nHost: y\r\n\r\n", State::kBad, 0, 400},
    {"CR within a line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rHost: y\r\n\r\n", State::kBad, 0, 400},
    {"LF in the request line", "GET /\nA: HTTP/1.1\r\nHost: x\r\n\r\n", State::kBad, 0, 400},
    {"space behind a name", "GET / HTTP/1.1\r\nHost: x\r\nHost : y\r\n\r\n", State::kBad, 0, 400},
    {"line that goes on", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n Host: y\r\n\r\n", State::kBad, 0, 400},
    {"no host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", State::kBad, 0, 400},
    {"no header", "GET / HTTP/1.1\r\n\r\n", State::kBad, 0, 400},
    {"no host, of 1.0", "GET / HTTP/1.0\r\n\r\n", State::kComplete, 0},
    {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", State::kComplete, 0},
    {"host twice", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nhost: y\r\n\r\n", State::kBad, 0, 400},
    {"host twice, the same", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", State::kBad, 0, 400},
    {"host twice, of 1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", State::kBad, 0, 400},
    {"host with a port", "GET / HTTP/1.1\r\nHost: a-b.example:80\r\n\r\n", State::kComplete, 0},
    {"host as IPv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", State::kComplete, 0},
    {"host with an open bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", State::kBad, 0, 400},
    {"host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", State::kBad, 0, 400},
    {"host with a port of no number", "GET / HTTP/1.1\r\nHost: x:y\r\n\r\n", State::kBad, 0, 400},
    {"host of two words", "GET / HTTP/1.1\r\nHost: x y\r\n\r\n", State::kBad, 0, 400},
    {"chunks",
     "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\n\r\nP",
     State::kComplete, 1},
    {"trailer", "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nT: 1\r\n\r\nP",
     State::kComplete, 1},
    {"chunks cut", "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab", State::kBody, 0},
    {"chunk size of no number", "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
     State::kBad, 0, 400},
    {"chunk beyond the limit", "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
     State::kBad, 0, 413},
    {"chunk size of many digits",
     "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000001\r\n", State::kBad, 0,
     400},
    {"endless size line",
     "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(1100, 'x'), State::kBad,
     0, 400},
};

void Expect(const Case& c, const HttpFramer& framer, State state) {
  EXPECT_EQ(state, c.state);
  if (c.state == State::kComplete) {
    EXPECT_EQ(framer.size(), c.bytes.size() - c.rest);
  }
  EXPECT_EQ(framer.http_code(), c.http_code);
}

TEST(HttpFramerTest, FindsTheEnd) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    HttpFramer framer(256, 1000);
    Expect(c, framer, framer.Look(c.bytes));
  }
}

TEST(HttpFramerTest, FindsTheSameEndByteByByte) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    HttpFramer framer(256, 1000);
    State state = State::kHead;
    for (size_t size = 1; size <= c.bytes.size() && state <= State::kBody; ++size) {
      state = framer.Look(std::string_view(c.bytes).substr(0, size));
    }
    Expect(c, framer, state);
  }
}

TEST(HttpFramerTest, BoundsTheSumOfChunksAndTheTrailer) {
  std::string head = "P / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", bytes = head;
  for (int i = 0; i < 30; ++i) bytes += "64\r\n" + std::string(100, 'a') + "\r\n";
  HttpFramer sum(256, 1000);
  EXPECT_EQ(sum.Look(bytes), State::kBad);
  EXPECT_EQ(sum.http_code(), 413);
  bytes = head + "0\r\n";
  for (int i = 0; i < 30; ++i) bytes += "Trailer: " + std::string(100, 'a') + "\r\n";
  HttpFramer trailer(256, 1000);
  EXPECT_EQ(trailer.Look(bytes), State::kBad);
  EXPECT_EQ(trailer.http_code(), 431);
}

TEST(HttpFramerTest, BoundsTargetAndLines) {
  HttpFramer target(64 * 1024, 1000), line(64 * 1024, 1000);
  EXPECT_EQ(target.Look("GET /" + std::string(8'192, 'a') + " HTTP/1.1\r\n\r\n"), State::kBad);
  EXPECT_EQ(target.http_code(), 414);
  EXPECT_EQ(line.Look("GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(8'192, 'a') + "\r\n\r\n"),
            State::kBad);
  EXPECT_EQ(line.http_code(), 431);
}

TEST(HttpFramerTest, TellsWhoWaits) {
  HttpFramer framer(256, 1000);
  EXPECT_EQ(framer.Look("P / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n"),
            State::kBody);
  EXPECT_TRUE(framer.expects_continue());
  EXPECT_FALSE(framer.compressed());
  HttpFramer packed(256, 1000);
  EXPECT_EQ(packed.Look("P / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n\r\n"), State::kComplete);
  EXPECT_TRUE(packed.compressed());
  HttpFramer twice(256, 1000);
  twice.Look("P / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Encoding: identity\r\n\r\n");
  EXPECT_TRUE(twice.compressed()) << "the library takes the first";
  EXPECT_EQ(framer.body_bytes(), 5u);
}

}  // namespace
}  // namespace bqcdc::emulator::server
