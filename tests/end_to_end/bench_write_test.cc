// `bqcdc bench write` with schemas of every kind.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "tests/end_to_end/scenario.h"

namespace bqcdc::end_to_end {
namespace {

class BenchWrite : public Scenario {
 protected:
  nlohmann::json Measure(const std::string& schema, std::vector<std::string> flags = {}) {
    server();
    std::vector<std::string> arguments = {"bench",  "write", "d",        "--schema", schema,
                                          "--rows", "250",   "--format", "json"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const ProgramResult result = RunOk(arguments);
    return nlohmann::json::parse(result.out, nullptr, false);
  }
};

TEST_F(BenchWrite, FillsColumnsOfEveryType) {
  const nlohmann::json plain = Measure(
      "id:INT64,b:BOOL,f:FLOAT64,n:NUMERIC(5,2),bn:BIGNUMERIC,s:STRING(3),by:BYTES,d:DATE,dt:DATETIME,t:TIME,"
      "ts:TIMESTAMP,j:JSON,i:INTERVAL,g:GEOGRAPHY");
  EXPECT_EQ(plain["rows"], 250);
  EXPECT_EQ(plain["deletes"], 0);
  const std::string nested = File("nested.json", R"([{"name":"id","type":"INT64"},
    {"name":"r","type":"RANGE","rangeElementType":{"type":"DATE"}},
    {"name":"rt","type":"RANGE","rangeElementType":{"type":"DATETIME"}},
    {"name":"rs","type":"RANGE","rangeElementType":{"type":"TIMESTAMP"}},
    {"name":"st","type":"STRUCT","mode":"REPEATED","fields":[{"name":"b","type":"BOOL"},{"name":"f","type":"FLOAT64"},
      {"name":"n","type":"NUMERIC"},{"name":"s","type":"STRING","mode":"REPEATED"},{"name":"bt","type":"BYTES"},
      {"name":"d","type":"DATE"},{"name":"dt","type":"DATETIME"},{"name":"t","type":"TIME"},
      {"name":"ts","type":"TIMESTAMP"},{"name":"j","type":"JSON"},{"name":"i","type":"INTERVAL"},
      {"name":"g","type":"GEOGRAPHY"},{"name":"ins","type":"STRUCT","fields":[{"name":"x","type":"INT64"}]}]}])");
  EXPECT_EQ(Measure("@" + nested)["rows"], 250);
  const std::string repeated = File("repeated.json", R"([{"name":"id","type":"STRING"},
    {"name":"n","type":"INT64","mode":"REPEATED"},{"name":"s","type":"STRING","mode":"REPEATED"},
    {"name":"j","type":"JSON","mode":"REPEATED"},{"name":"t","type":"TIME","mode":"REPEATED"}])");
  EXPECT_EQ(Measure("@" + repeated)["rows"], 250);
}

TEST_F(BenchWrite, WritesAShareOfDeletes) {
  // What the tables hold is counted by the program itself, which fails where it is not right.
  EXPECT_EQ(Measure("id:INT64,s:STRING", {"--deletes", "10", "--keys", "50"})["deletes"], 25);
  EXPECT_EQ(Measure("id:INT64,s:STRING", {"--deletes", "40", "--tables", "2", "--threads", "2"})["deletes"],
            100);
  const std::string nested = File("nested.json", R"([{"name":"id","type":"INT64"},
    {"name":"st","type":"STRUCT","fields":[{"name":"x","type":"INT64"}]}])");
  EXPECT_EQ(Measure("@" + nested, {"--deletes", "20"})["deletes"], 50);
  EXPECT_EQ(Run({"bench", "write", "d", "--deletes", "101"}).exit_code, 2);
}

TEST_F(BenchWrite, KeepsTheTablesWhereItIsAskedTo) {
  Measure("id:INT64,r:STRING", {"--keep", "--deletes", "50"});
  const std::vector<std::string> tables = Query("SELECT table_name FROM d.INFORMATION_SCHEMA.TABLES");
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(Query("SELECT COUNT(*) FROM d." + tables[0]), std::vector<std::string>{"0"});
}

}  // namespace
}  // namespace bqcdc::end_to_end
