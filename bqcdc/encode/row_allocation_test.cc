// Encoding allocates nothing for each row once its memory has grown. A program of its own, because it counts
// every allocation of the process.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bqcdc/base/testing/allocation_count.h"
#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/schema/schema_json.h"

namespace bqcdc::encode {
namespace {

TEST(RowAllocation, NoneAfterWarmUp) {
  const auto columns = schema::ColumnsFromJsonText(
      R"([{"name":"id","type":"INT64"},{"name":"s","type":"STRING"},{"name":"n","type":"NUMERIC"},
      {"name":"b","type":"BIGNUMERIC"},{"name":"f","type":"FLOAT64"},{"name":"t","type":"TIMESTAMP"},{"name":"d","type":"DATETIME"},
      {"name":"y","type":"BYTES"},{"name":"j","type":"JSON"},{"name":"i","type":"INTERVAL"},{"name":"p","type":"TIMESTAMP","timestampPrecision":12},
      {"name":"r","type":"RANGE","rangeElementType":{"type":"DATE"}},
      {"name":"st","type":"STRUCT","mode":"REPEATED","fields":[{"name":"x","type":"STRING"}]}])");
  ASSERT_TRUE(columns.ok()) << columns.status();
  JsonRowEncoder encoder(*EncodePlan::Create({*columns, {"id", "s"}}));
  const OwnedLine lines[] = {
      OwnedLine(
          R"~({"id":1,"s":"a\nlonger text than any small buffer holds \u00e9","n":1.25,"b":"-99999999999999999999.5","f":2.5e3,
                   "t":"2024-01-01 00:00:00+01:00","d":"2024-01-01T00:00:00.5","y":"AP\/8AP8=","j":{"a":[1,2,{"b":null}]},
                   "i":"1-2 3 4:5:6","p":"2024-01-01 00:00:00.123456789012+00","r":"[2024-01-01, UNBOUNDED)","st":[{"x":"one"},{"x":"two\t"}],"_CHANGE_TYPE":"UPSERT"})~"),
      OwnedLine(
          R"({"S":"k","\u0069d":2,"st":[{"x":5}],"n":"not looked at","_CHANGE_TYPE":"DELETE","_CHANGE_SEQUENCE_NUMBER":"AB/1"})"),
      OwnedLine(R"({"id":3,"s":"k","n":"no number","_CHANGE_TYPE":"UPSERT"})"),
      OwnedLine(R"({"id":3,"s":"k","unknown column":1,"_CHANGE_TYPE":"UPSERT"})"),
  };
  EncodedRows rows;
  size_t before = 0;
  for (int round = 0; round < 100; ++round) {
    if (round == 2) before = base::AllocationCount();
    rows.Clear();
    EXPECT_EQ(encoder.EncodeLine(lines[0].line(), {}, &rows), EncodeError::kNone);
    EXPECT_EQ(encoder.EncodeLine(lines[1].line(), {}, &rows), EncodeError::kNone);
    EXPECT_EQ(encoder.EncodeLine(lines[2].line(), {}, &rows), EncodeError::kMalformed);
    EXPECT_EQ(encoder.EncodeLine(lines[3].line(), {}, &rows), EncodeError::kUnknownColumn);
  }
  EXPECT_EQ(base::AllocationCount() - before, 0u);
}

}  // namespace
}  // namespace bqcdc::encode
