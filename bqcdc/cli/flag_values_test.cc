#include "bqcdc/cli/flag_values.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "bqcdc/cli/session.h"

namespace bqcdc::cli {
namespace {

TEST(ParseByteSize, KnowsUnits) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},       {"17", 17},        {"17b", 17},        {"3kB", 3000},
      {"3KiB", 3072}, {"9MiB", 9437184}, {"9mb", 9'000'000}, {"2GiB", 2147483648}};
  for (const auto& [text, want] : cases) EXPECT_EQ(ParseByteSize("--x", text).value_or(1), want) << text;
  for (const char* text :
       {"", "x", "-1", "1.5MiB", "1 MiB", "1TiBs", "99999999999999999999", "99999999999GiB"}) {
    EXPECT_TRUE(IsWrongUsage(ParseByteSize("--x", text).status())) << text;
  }
}

TEST(ParseByteSize, NamesTheFlag) {
  EXPECT_EQ(ParseByteSize("--x", "1XB").status().message(),
            "--x: '1XB' is no amount of bytes; give 1048576, 512KiB, 1MiB or 1MB");
}

TEST(ParseByteSize, NamesTheBounds) {
  EXPECT_EQ(*ParseByteSize("--x", "64", 64, 1 << 30), 64u);
  EXPECT_EQ(*ParseByteSize("--x", "1GiB", 64, 1 << 30), 1u << 30);
  for (const char* text : {"63", "0", "2GiB"})
    EXPECT_EQ(ParseByteSize("--x", text, 64, 1 << 30).status().message(),
              absl::StrCat("--x must be from 64B to 1GiB, not ", text));
}

TEST(AtLeast, SaysTheBoundAndNotTheWidthOfANumber) {
  const CLI::Validator positive = AtLeast(1);
  for (std::string text : {"1", "17", "9223372036854775807", "18446744073709551615", "x"})
    EXPECT_EQ(positive(text), "") << text;
  for (std::string text : {"0", "-1"}) EXPECT_EQ(positive(text), "must be at least 1, not " + text);
}

TEST(ParseDurationFlag, NamesTheFlag) {
  EXPECT_EQ(*ParseDurationFlag("--x", "1m30s"), absl::Seconds(90));
  EXPECT_TRUE(IsWrongUsage(ParseDurationFlag("--x", "soon").status()));
}

TEST(ParseDurationFlag, NamesTheBounds) {
  EXPECT_TRUE(ParseDurationFlag("--x", "0").ok());
  EXPECT_TRUE(ParseDurationFlag("--x", "720h", absl::Milliseconds(1)).ok());
  for (const char* text : {"0", "0s", "999us", "721h"})
    EXPECT_EQ(ParseDurationFlag("--x", text, absl::Milliseconds(1)).status().message(),
              absl::StrCat("--x must be from 1ms to 720h, not ", text));
}

TEST(ParseStalenessFlag, TakesDurationsAndSqlIntervals) {
  const std::pair<const char*, absl::Duration> cases[] = {
      {"0", absl::ZeroDuration()},
      {"0s", absl::ZeroDuration()},
      {"15m", absl::Minutes(15)},
      {"900s", absl::Minutes(15)},
      {"1h30m", absl::Minutes(90)},
      {"24h", absl::Hours(24)},
      {"INTERVAL 15 MINUTE", absl::Minutes(15)},
      {"interval 0 minute", absl::ZeroDuration()},
      {"INTERVAL '15' MINUTE", absl::Minutes(15)},
      {"INTERVAL '1:30' HOUR TO MINUTE", absl::Minutes(90)},
      {"INTERVAL '0-0 0 0:15:0' YEAR TO SECOND", absl::Minutes(15)},
      {"INTERVAL 1 DAY", absl::Hours(24)},
      {"0-0 0 0:15:0", absl::Minutes(15)},
      {"1 hour", absl::Hours(1)}};
  for (const auto& [text, want] : cases) {
    const auto staleness = ParseStalenessFlag("--max-staleness", text);
    ASSERT_TRUE(staleness.ok()) << text << ": " << staleness.status();
    EXPECT_EQ(staleness->TotalMicros(), absl::ToInt64Microseconds(want)) << text;
  }
  for (const char* text : {"", "15", "soon", "2d", "-5m", "15min", "INTERVAL 1", "INTERVAL -1 HOUR"}) {
    const auto staleness = ParseStalenessFlag("--max-staleness", text);
    EXPECT_TRUE(IsWrongUsage(staleness.status())) << text;
    EXPECT_EQ(staleness.status().message().substr(0, 17), "--max-staleness: ") << text;
  }
}

TEST(ParseRateLimit, RowsOrBytesASecond) {
  const auto rows = ParseRateLimit("--rate-limit", "5000/s");
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->rows_per_second, 5000);
  EXPECT_EQ(rows->bytes_per_second, 0);
  const auto bytes = ParseRateLimit("--rate-limit", "10MiB/s");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->rows_per_second, 0);
  EXPECT_EQ(bytes->bytes_per_second, 10 * 1024 * 1024);
  for (const char* text :
       {"", "5000", "0/s", "-1/s", "/s", "10 MiB/s", "5000/m", "5000/s ", "1.5/s", "0MiB/s"})
    EXPECT_TRUE(IsWrongUsage(ParseRateLimit("--rate-limit", text).status())) << text;
}

TEST(ReadSchemaFlags, MakesKeyColumnsRequired) {
  const auto schema = ReadSchemaFlags("id:INT64,region:STRING(2),price:NUMERIC(10,2)", "region, ID");
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_TRUE(schema->columns[0].required());
  EXPECT_TRUE(schema->columns[1].required());
  EXPECT_FALSE(schema->columns[2].required());
  EXPECT_EQ(schema->primary_key, (std::vector<std::string>{"region", "ID"}));
}

TEST(ReadColumnsFlag, RefusesWhatSlippedIn) {
  EXPECT_TRUE(ReadColumnsFlag("--schema", "bogus").ok());
  EXPECT_EQ(ReadColumnsFlag("--evolve-schema", "id:INT64,bogus", schema::UntypedColumn::kIsRefused)
                .status()
                .message(),
            "--evolve-schema: column bogus has no type; write bogus:STRING, or whatever it is, or @FILE with "
            "BigQuery's JSON schema");
  const std::string file = ::testing::TempDir() + "schema_that_is_there";
  std::ofstream(file) << "[]";
  EXPECT_EQ(ReadColumnsFlag("--schema", file).status().message(),
            absl::StrCat("--schema: '", file, "' is a file; write @", file, " to read it, or ", file,
                         ":STRING for a column of that name"));
}

TEST(ReadSchemaFlags, NamesTheFile) {
  const auto directory = ReadSchemaFlags("@" + ::testing::TempDir(), "id");
  EXPECT_EQ(directory.status().message(), "--schema: " + ::testing::TempDir() + " is a directory");
}

TEST(ReadSchemaFlags, RefusesWhatCannotBe) {
  const std::pair<const char*, const char*> cases[] = {{"id:INT64", ""},     {"id:INT64", "other"},
                                                       {"id:FLOAT64", "id"}, {"id:NONSENSE", "id"},
                                                       {"", "id"},           {"@/missing.json", "id"}};
  for (const auto& [schema, key] : cases)
    EXPECT_TRUE(IsWrongUsage(ReadSchemaFlags(schema, key).status())) << schema << " " << key;
}

}  // namespace
}  // namespace bqcdc::cli
