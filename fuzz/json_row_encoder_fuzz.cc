// A line of input: a row that is a message of the table's type, or an error with a text. One encoder lives
// through all inputs, as it does in a run.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bqcdc/encode/json_row_encoder.h"
#include "bqcdc/encode/testing/reference_encoder.h"
#include "bqcdc/schema/schema_json.h"

namespace {

using bqcdc::encode::EncodeError;

constexpr std::string_view kColumns = R"([
  {"name":"id","type":"INT64"},{"name":"k","type":"STRING","maxLength":9},{"name":"b","type":"BOOL"},{"name":"f","type":"FLOAT64"},
  {"name":"n","type":"NUMERIC"},{"name":"bn","type":"BIGNUMERIC"},{"name":"by","type":"BYTES"},{"name":"d","type":"DATE"},
  {"name":"dt","type":"DATETIME"},{"name":"t","type":"TIME"},{"name":"ts","type":"TIMESTAMP"},{"name":"j","type":"JSON"},
  {"name":"iv","type":"INTERVAL"},{"name":"g","type":"GEOGRAPHY"},{"name":"p","type":"TIMESTAMP","timestampPrecision":12},
  {"name":"nn","type":"NUMERIC","precision":5,"scale":2},{"name":"r","type":"RANGE","rangeElementType":{"type":"TIMESTAMP"}},
  {"name":"s","type":"STRUCT","mode":"REPEATED","fields":[{"name":"x","type":"INT64","mode":"REPEATED"},
    {"name":"s","type":"STRUCT","fields":[{"name":"y","type":"STRING","mode":"REQUIRED"}]}]}])";

struct Fixture {
  bqcdc::schema::TableSchema table{*bqcdc::schema::ColumnsFromJsonText(kColumns), {"id", "k"}};
  bqcdc::encode::JsonRowEncoder encoder{*bqcdc::encode::EncodePlan::Create(table)};
  std::unique_ptr<bqcdc::encode::testing::ReferenceEncoder> reference =
      *bqcdc::encode::testing::ReferenceEncoder::Create(table);
  bqcdc::encode::EncodedRows rows;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Fixture* const fixture = new Fixture();
  const bqcdc::encode::OwnedLine line(std::string_view(reinterpret_cast<const char*>(data), size));
  fixture->rows.Clear();
  if (fixture->encoder.EncodeLine(line.line(), {}, &fixture->rows) != EncodeError::kNone) {
    if (DescribeEncodeError(fixture->encoder.failure()).ok() || !fixture->rows.empty()) std::abort();
    return 0;
  }
  if (!fixture->reference->Normalize(fixture->rows.row(0)).ok()) std::abort();
  return 0;
}
