#include "bqcdc/emulator/server/host_header.h"

#include "gtest/gtest.h"

namespace bqcdc::emulator::server {
namespace {

TEST(HostHeaderTest, ServesLoopbackNames) {
  for (const char* host : {"localhost", "localhost:9050", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:9050",
                           "127.1.2.3", "[::1]", "[::1]:9050", "bigquery.localhost:80"}) {
    EXPECT_TRUE(IsHostAllowed(host, {})) << host;
  }
}

TEST(HostHeaderTest, RefusesForeignNames) {
  for (const char* host : {"", "example.com", "127.0.0.1.example.com", "127.evil", "localhost.example.com",
                           "[::2]", "10.0.0.1:9050", "notlocalhost"}) {
    EXPECT_FALSE(IsHostAllowed(host, {})) << host;
  }
}

TEST(HostHeaderTest, ServesWhatIsAllowedByName) {
  EXPECT_TRUE(IsHostAllowed("bigquery:9050", {"bigquery"}));
  EXPECT_TRUE(IsHostAllowed("BigQuery", {"bigquery"}));
  EXPECT_FALSE(IsHostAllowed("bigquery.example.com", {"bigquery"}));
}

}  // namespace
}  // namespace bqcdc::emulator::server
