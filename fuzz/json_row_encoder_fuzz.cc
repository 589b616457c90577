// Lines of input: each is a row that is a message of the table's type, or an error with a text. One encoder
// lives through all inputs, as it does in a run, and knows the shapes of earlier lines; one that knows none
// has to say the same.

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
  std::shared_ptr<const bqcdc::encode::EncodePlan> plan = *bqcdc::encode::EncodePlan::Create(table);
  bqcdc::encode::JsonRowEncoder encoder{plan};
  bqcdc::encode::JsonRowEncoder without_shapes{plan, {.line_shapes_max = 0}};
  std::unique_ptr<bqcdc::encode::testing::ReferenceEncoder> reference =
      *bqcdc::encode::testing::ReferenceEncoder::Create(table);
  bqcdc::encode::EncodedRows rows, want;
};

void TakeLine(Fixture& fixture, std::string_view text) {
  const bqcdc::encode::OwnedLine line(text);
  fixture.rows.Clear();
  fixture.want.Clear();
  const EncodeError error = fixture.encoder.EncodeLine(line.line(), {}, &fixture.rows);
  if (fixture.without_shapes.EncodeLine(line.line(), {}, &fixture.want) != error) std::abort();
  if (fixture.rows.framed() != fixture.want.framed()) std::abort();
  if (error != EncodeError::kNone) {
    if (DescribeEncodeError(fixture.encoder.failure()).ok() || !fixture.rows.empty()) std::abort();
    if (DescribeEncodeError(fixture.encoder.failure()) !=
        DescribeEncodeError(fixture.without_shapes.failure()))
      std::abort();
    return;
  }
  if (fixture.rows.facts(0).key_hash != fixture.want.facts(0).key_hash) std::abort();
  if (!fixture.reference->Normalize(fixture.rows.row(0)).ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Fixture* const fixture = new Fixture();
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (true) {
    const size_t end = rest.find('\n');
    TakeLine(*fixture, rest.substr(0, end));
    if (end == std::string_view::npos) return 0;
    rest.remove_prefix(end + 1);
  }
}
