#include "bqcdc/write/endpoint.h"

#include <gtest/gtest.h>

namespace bqcdc::write {
namespace {

struct Case {
  const char* name;
  EndpointChoice choice;
  const char* advertised;  // null = the server says nothing
  Endpoints want;
};

const Case kCases[] = {
    {"NothingGiven",
     {},
     nullptr,
     {"https://bigquery.googleapis.com", "bigquerystorage.googleapis.com:443", false}},
    {"LoopbackWithoutScheme",
     {"localhost:9050", "", ""},
     nullptr,
     {"http://localhost:9050", "localhost:9060", true}},
    {"Advertised",
     {"http://localhost:9050", "", ""},
     "127.0.0.1:41234",
     {"http://localhost:9050", "127.0.0.1:41234", true}},
    {"AdvertisedLoopbackFromElsewhere",
     {"http://bigquery:9050", "", ""},
     "127.0.0.1:41234",
     {"http://bigquery:9050", "bigquery:41234", true}},
    {"AdvertisedNonsense",
     {"http://bigquery:9050", "", ""},
     "::",
     {"http://bigquery:9050", "bigquery:9060", true}},
    {"PlainHttpElsewhere",
     {"http://bigquery:9050", "http://bigquery:9061", ""},
     nullptr,
     {"http://bigquery:9050", "bigquery:9061", true}},
    {"StorageOfTheSameHostWithoutScheme",
     {"http://bigquery:9050", "bigquery:9061", ""},
     nullptr,
     {"http://bigquery:9050", "bigquery:9061", true}},
    {"VariableWithScheme",
     {"", "", "http://localhost:9050"},
     nullptr,
     {"http://localhost:9050", "localhost:9060", true}},
    {"VariableWithoutScheme",
     {"", "", "bigquery:9050"},
     nullptr,
     {"http://bigquery:9050", "bigquery:9060", true}},
    {"VariableWithPath",
     {"", "", "http://localhost:9050/bigquery/v2"},
     nullptr,
     {"http://localhost:9050", "localhost:9060", true}},
    {"VariableNeverLeadsToTheService",
     {"", "", "https://bq.example"},
     nullptr,
     {"https://bq.example", "bq.example:9060", false}},
    {"FlagBeforeVariable",
     {"http://127.0.0.1:1", "", "http://localhost:2"},
     nullptr,
     {"http://127.0.0.1:1", "127.0.0.1:9060", true}},
    {"FlagForTheServiceBeforeVariable",
     {"https://bigquery.googleapis.com", "", "http://localhost:2"},
     nullptr,
     {"https://bigquery.googleapis.com", "bigquerystorage.googleapis.com:443", false}},
    {"StorageAloneWithVariable",
     {"", "localhost:7", "localhost:9050"},
     nullptr,
     {"http://localhost:9050", "localhost:7", true}},
    {"Ipv6", {"http://[::1]:9050", "", ""}, nullptr, {"http://[::1]:9050", "[::1]:9060", true}},
    {"PrivateConnect",
     {"https://bigquery-x.p.googleapis.com", "bigquerystorage-x.p.googleapis.com", ""},
     nullptr,
     {"https://bigquery-x.p.googleapis.com", "bigquerystorage-x.p.googleapis.com:443", false}},
    {"TlsOnLoopbackAdvertised",
     {"https://localhost:9050", "", ""},
     "127.0.0.1:41234",
     {"https://localhost:9050", "localhost:41234", false, true}},
    {"TlsOnLoopbackThatSaysNothingIsNeverTheService",
     {"https://localhost:9050", "", ""},
     nullptr,
     {"https://localhost:9050", "localhost:9060", false, true}},
    {"TlsStorageOfTheSameHostWithoutScheme",
     {"https://localhost:9050", "localhost:7", ""},
     nullptr,
     {"https://localhost:9050", "localhost:7", false, true}},
    {"TlsElsewhereAdvertised",
     {"https://bigquery:9050", "", ""},
     "127.0.0.1:41234",
     {"https://bigquery:9050", "bigquery:41234", false}},
    {"GoogleIsNotAsked",
     {"https://bigquery-x.p.googleapis.com", "", ""},
     "evil.example:1",
     {"https://bigquery-x.p.googleapis.com", "bigquerystorage.googleapis.com:443", false}},
    {"TlsOnLoopback",
     {"https://localhost:9050", "https://localhost:9060", ""},
     nullptr,
     {"https://localhost:9050", "localhost:9060", false}},
};

TEST(ResolveEndpoints, FollowsTheRules) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto got = ResolveEndpoints(c.choice, [&](const std::string&) {
      return c.advertised == nullptr ? std::nullopt : std::optional<std::string>(c.advertised);
    });
    ASSERT_TRUE(got.ok()) << got.status();
    EXPECT_EQ(got->rest_url, c.want.rest_url);
    EXPECT_EQ(got->storage_target, c.want.storage_target);
    EXPECT_EQ(got->local, c.want.local);
  }
}

struct BadCase {
  const char* name;
  EndpointChoice choice;
  const char* want;
};

const BadCase kBadCases[] = {
    {"StorageLocalAlone", {"", "localhost:9060", ""}, "one endpoint is local and the other is not"},
    {"RestLocalStorageNot",
     {"http://localhost:9050", "bigquerystorage.googleapis.com:443", ""},
     "one endpoint is local"},
    {"RestNotStorageLocal", {"https://bigquery.googleapis.com", "http://x:1", ""}, "one endpoint is local"},
    {"OtherScheme", {"ftp://localhost", "", ""}, "unknown scheme"},
    {"NoPort", {"localhost:", "", ""}, "no port"},
    {"PortTooLarge", {"localhost:65536", "", ""}, "no port"},
    {"NoHost", {"http://:9050", "", ""}, "names no host"},
    {"Path", {"http://localhost:9050/x", "", ""}, "has a path"},
};

TEST(ResolveEndpoints, RefusesWhatCannotBeMeant) {
  for (const BadCase& c : kBadCases) {
    SCOPED_TRACE(c.name);
    const auto got = ResolveEndpoints(c.choice, [](const std::string&) { return std::nullopt; });
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(got.status().message()).find(c.want), std::string::npos) << got.status();
  }
}

TEST(IsLoopbackHost, KnowsTheNames) {
  for (const char* host : {"localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.1.2.3", "[::1]"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"127.evil.example", "localhost.evil.example", "10.0.0.1", "0.0.0.0", ""}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

}  // namespace
}  // namespace bqcdc::write
