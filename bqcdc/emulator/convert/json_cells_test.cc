// Values of tabledata.insertAll: what is written, and what the service says of the others.

#include "bqcdc/emulator/convert/json_cells.h"

#include "bqcdc/emulator/convert/testing/cell_text.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace bqcdc::emulator::convert {
namespace {

// The cell that {"c": json} makes in a column of the type, or "!" and the fault's message.
std::string Cell(const std::string& type, const std::string& json) {
  const std::vector<schema::Column> columns = {testing::MakeColumn("c " + type)};
  engine::Chunk chunk(columns, false);
  chunk.SetRowCount(1);
  const nlohmann::json row = {{"C", nlohmann::json::parse(json)}};
  const JsonRowOptions options;
  if (const auto fault = WriteJsonRow(row, columns, options, chunk, 0)) return "!" + fault->message;
  return testing::CellText(columns[0], chunk.Reader(0), 0);
}

TEST(JsonCells, TypesThatAreMoreThanAScalar) {
  struct Case {
    const char* type;
    const char* json;
    const char* want;
  };
  for (const Case& c : {
           Case{"GEOGRAPHY", R"~("point(1 2)")~", "\"POINT(1 2)\""},
           Case{"GEOGRAPHY", R"("here")", "!Cannot convert value to geography (bad value): here"},
           Case{"GEOGRAPHY", "1", "!Cannot convert value to geography (bad value): 1"},
           Case{"INTERVAL", R"("1-2 3 4:5:6")", "1-2 3 4:5:6"},
           Case{"INTERVAL", R"("a while")", "!Cannot convert value to interval (bad value): a while"},
           Case{"RANGE<DATE>", R"({"start":"2024-01-01","END":null})", "[2024-01-01, UNBOUNDED)"},
           Case{"RANGE<DATE>", R"~("[unbounded, 2024-01-01)")~", "[UNBOUNDED, 2024-01-01)"},
           Case{"RANGE<TIMESTAMP>", R"({"end":1.5})", "[UNBOUNDED, 1970-01-01 00:00:01.500+00)"},
           Case{"RANGE<DATE>", "null", "NULL"},
           Case{"RANGE<DATE>", R"({"start":"2024-01-02","end":"2024-01-01"})",
                "!Range start element must be smaller than range end element"},
           Case{"RANGE<DATE>", R"({"begin":"2024-01-02"})", "!no such field: c.begin."},
           Case{"RANGE<DATE>", R"({"start":"soon"})", "!Cannot convert value to date (bad value): soon"},
           Case{"RANGE<DATE>", R"("2024")", "!Cannot convert value to range (bad value): 2024"},
           Case{"RANGE<DATE>", "[1]", "!Cannot convert value to range (bad value): [1]"},
           Case{"ARRAY<RANGE<DATE>>", R"([{}, {"start":"2024-01-01"}])",
                "[[UNBOUNDED, UNBOUNDED), [2024-01-01, UNBOUNDED)]"},
           Case{"TIMESTAMP(12)", R"("2024-01-15 12:33:16.123456789012+00")",
                "2024-01-15 12:33:16.123456789012+00"},
           Case{"TIMESTAMP(12)", "1.5", "1970-01-01 00:00:01.500+00"},
           Case{"TIMESTAMP(12)", R"("soon")", "!Cannot convert value to timestamp (bad value): soon"},
           Case{"JSON", R"~("{\"b\": [1.50, null], \"a\": 2, \"a\": 3}")~", R"("{"a":2,"b":[1.5,null]}")"},
           Case{"JSON", R"("[1e400]")", "!Cannot convert value to json (bad value): [1e400]"},
           Case{"JSON", R"("{")", "!Cannot convert value to json (bad value): {"},
           Case{"STRING(3)", R"("four")",
                "!Field c: STRING(3) has maximum length 3 but got a value with length 4"},
           Case{"BYTES(1)", R"("AAA=")",
                "!Field c: BYTES(1) has maximum length 1 but got a value with length 2"},
           Case{"NUMERIC", "1.1", "1.1"},
           Case{"BIGNUMERIC", "-0.000000001", "-0.000000001"},
           Case{"NUMERIC", "1e40", "!Cannot convert value to numeric (bad value): 1e+40"},
           Case{"NUMERIC(5,2)", R"("999.991")", "999.99"},
           Case{"NUMERIC(5,2)", "1000",
                "!Field c: NUMERIC(5, 2) has precision 5 and scale 2 but got a value that is not in range of "
                "[-999.99, 999.99]"},
           Case{"BIGNUMERIC(2,2)", "1",
                "!Field c: BIGNUMERIC(2, 2) has precision 2 and scale 2 but got a value that is not in range "
                "of "
                "[-0.99, 0.99]"},
       }) {
    EXPECT_EQ(Cell(c.type, c.json), c.want) << c.type << " " << c.json;
  }
}

}  // namespace
}  // namespace bqcdc::emulator::convert
