#include <benchmark/benchmark.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bqcdc/emulator/convert/arrow/arrow_batch.h"
#include "bqcdc/emulator/convert/arrow/arrow_rows.h"
#include "bqcdc/emulator/convert/arrow/arrow_schema.h"
#include "bqcdc/emulator/convert/proto_rows.h"
#include "bqcdc/emulator/convert/testing/arrow_fixture.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"
#include "bqcdc/emulator/convert/testing/wire_bytes.h"
#include "bqcdc/emulator/convert/writer_schema.h"

namespace bqcdc::emulator::convert {
namespace {

using namespace convert::testing;  // NOLINT: the words of these benchmarks

constexpr int kRows = 2048;

schema::TableSchema TenColumns() {
  schema::TableSchema table;
  for (const char* column : {"id INT64", "a STRING", "b STRING", "c FLOAT64", "d BOOL", "e NUMERIC", "f DATE",
                             "g TIMESTAMP", "h INT64", "i STRING"}) {
    table.columns.push_back(MakeColumn(column));
  }
  table.primary_key = {"id"};
  return table;
}

// With both pseudo-columns: what a streamer sends.
std::shared_ptr<const WriterPlan> ChangesOfTenColumns() {
  return CompileWriterSchema(Descriptor(R"(name: 'R'
      field { name: 'id' number: 1 type: TYPE_INT64 } field { name: 'a' number: 2 type: TYPE_STRING }
      field { name: 'b' number: 3 type: TYPE_STRING } field { name: 'c' number: 4 type: TYPE_DOUBLE }
      field { name: 'd' number: 5 type: TYPE_BOOL } field { name: 'e' number: 6 type: TYPE_BYTES }
      field { name: 'f' number: 7 type: TYPE_INT32 } field { name: 'g' number: 8 type: TYPE_INT64 }
      field { name: 'h' number: 9 type: TYPE_INT64 } field { name: 'i' number: 10 type: TYPE_STRING }
      field { name: '_CHANGE_TYPE' number: 11 type: TYPE_STRING }
      field { name: '_CHANGE_SEQUENCE_NUMBER' number: 12 type: TYPE_STRING })"),
                             TenColumns())
      .value();
}

void DecodeTenColumns(benchmark::State& state) {
  const auto plan = ChangesOfTenColumns();
  std::vector<std::string> rows;
  for (int i = 0; i < kRows; ++i) {
    rows.push_back(VarintField(1, 1000 + i) + BytesField(2, absl::StrCat("name ", i)) +
                   BytesField(3, "a text of thirty bytes or more") + DoubleField(4, i * 0.5) +
                   VarintField(5, i % 2) + BytesField(6, Hex("00108dbe1c")) + VarintField(7, 19000 + i) +
                   VarintField(8, 1700000000000000 + i) + SignedField(9, 5) + BytesField(10, "short") +
                   BytesField(11, "UPSERT") +
                   BytesField(12, absl::StrCat("18F2EBB6480/", absl::Hex(i), "/0/0")));
  }
  const std::vector<std::string_view> views(rows.begin(), rows.end());
  size_t bytes = 0;
  for (const std::string& row : rows) bytes += row.size();
  for (auto _ : state) {
    auto decoded = DecodeRows(*plan, views, {});
    if (!decoded.ok() || !decoded->faults.empty()) state.SkipWithError("rows were refused");
    benchmark::DoNotOptimize(decoded);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}
BENCHMARK(DecodeTenColumns);

// The same values as a record batch, which holds no changes.
void DecodeTenColumnsOfArrow(benchmark::State& state) {
  const auto plan =
      CompileArrowSchema(
          SchemaMessage({IntField("id", 64), PlainField("a", ipc::Type::Utf8),
                         PlainField("b", ipc::Type::Utf8), FloatField("c", ipc::Precision::DOUBLE),
                         PlainField("d", ipc::Type::Bool), DecimalField("e", 128, 38, 9),
                         DateField("f", ipc::DateUnit::DAY),
                         TimestampField("g", ipc::TimeUnit::MICROSECOND, "UTC"), IntField("h", 64),
                         PlainField("i", ipc::Type::Utf8)}),
          TenColumns())
          .value();
  std::vector<int64_t> ids, instants, fives(kRows, 5);
  std::vector<std::optional<std::string>> names, texts(kRows, "a text of thirty bytes or more"),
      shorts(kRows, "short");
  std::vector<double> halves;
  std::vector<bool> odd;
  std::vector<__int128> decimals(kRows, 123'456'000'000);
  std::vector<int32_t> days;
  for (int i = 0; i < kRows; ++i) {
    ids.push_back(1000 + i);
    names.push_back(absl::StrCat("name ", i));
    halves.push_back(i * 0.5);
    odd.push_back(i % 2 == 1);
    days.push_back(19000 + i);
    instants.push_back(1700000000000000 + i);
  }
  const std::string message =
      BatchMessage(kRows, {FixedArray(ids), TextArray(names), TextArray(texts), FixedArray(halves),
                           BoolArray(odd), FixedArray(decimals), FixedArray(days), FixedArray(instants),
                           FixedArray(fives), TextArray(shorts)});
  for (auto _ : state) {
    const auto batch = ArrowBatch::Open(message, *plan);
    auto decoded = DecodeArrowRows(*plan, batch.value(), {});
    if (!decoded.ok() || !decoded->faults.empty()) state.SkipWithError("rows were refused");
    benchmark::DoNotOptimize(decoded);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * message.size()));
}
BENCHMARK(DecodeTenColumnsOfArrow);

}  // namespace
}  // namespace bqcdc::emulator::convert
