#include "bqcdc/cli/flag_values.h"

#include <gtest/gtest.h>

#include "bqcdc/cli/session.h"

namespace bqcdc::cli {
namespace {

TEST(ParseByteSize, KnowsUnits) {
  const std::pair<const char*, std::uint64_t> cases[] = {
      {"0", 0},       {"17", 17},        {"17b", 17},        {"3kB", 3000},
      {"3KiB", 3072}, {"9MiB", 9437184}, {"9mb", 9'000'000}, {"2GiB", 2147483648}};
  for (const auto& [text, want] : cases) EXPECT_EQ(ParseByteSize(text).value_or(1), want) << text;
  for (const char* text :
       {"", "x", "-1", "1.5MiB", "1 MiB", "1TiBs", "99999999999999999999", "99999999999GiB"}) {
    EXPECT_TRUE(IsWrongUsage(ParseByteSize(text).status())) << text;
  }
}

TEST(ParseDurationFlag, NamesTheFlag) {
  EXPECT_EQ(*ParseDurationFlag("--x", "1m30s"), absl::Seconds(90));
  EXPECT_TRUE(IsWrongUsage(ParseDurationFlag("--x", "soon").status()));
}

TEST(ReadSchemaFlags, MakesKeyColumnsRequired) {
  const auto schema = ReadSchemaFlags("id:INT64,region:STRING(2),price:NUMERIC(10,2)", "region, ID");
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_TRUE(schema->columns[0].required());
  EXPECT_TRUE(schema->columns[1].required());
  EXPECT_FALSE(schema->columns[2].required());
  EXPECT_EQ(schema->primary_key, (std::vector<std::string>{"region", "ID"}));
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
