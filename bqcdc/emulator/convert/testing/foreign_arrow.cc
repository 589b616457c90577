#include "bqcdc/emulator/convert/testing/foreign_arrow.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/convert/arrow/arrow_batch.h"
#include "bqcdc/emulator/convert/arrow/arrow_rows.h"
#include "bqcdc/emulator/convert/arrow/arrow_schema.h"
#include "bqcdc/emulator/convert/testing/arrow_fixture.h"
#include "bqcdc/emulator/convert/testing/cell_text.h"
#include "bqcdc/emulator/convert/testing/proto_fixture.h"

namespace bqcdc::emulator::convert::testing {
namespace {

using ipc::TimeUnit;

struct ColumnAndField {
  schema::Column column;
  ArrowField field;
};

std::vector<ColumnAndField> EveryType() {
  const ArrowField place =
      StructField("item", {PlainField("x", ipc::Type::Utf8), ListField("y", IntField("item", 64))});
  const ArrowField range =
      StructField("r", {DateField("start", ipc::DateUnit::DAY), DateField("end", ipc::DateUnit::DAY)});
  return {
      {MakeColumn("b BOOL"), PlainField("b", ipc::Type::Bool)},
      {MakeColumn("i INT64 REQUIRED"), IntField("i", 16)},
      {MakeColumn("u INT64"), IntField("u", 64, /*is_signed=*/false)},
      {MakeColumn("f FLOAT64"), FloatField("f", ipc::Precision::SINGLE)},
      {MakeColumn("t STRING(5)"), PlainField("t", ipc::Type::Utf8)},
      {MakeColumn("j JSON"), PlainField("j", ipc::Type::Utf8)},
      {MakeColumn("x BYTES"), PlainField("x", ipc::Type::Binary)},
      {MakeColumn("d DATE"), DateField("d", ipc::DateUnit::DAY)},
      {MakeColumn("e DATETIME"), TimestampField("e", TimeUnit::MICROSECOND)},
      {MakeColumn("m TIME"), TimeField("m", TimeUnit::MICROSECOND, 64)},
      {MakeColumn("s TIMESTAMP"), TimestampField("s", TimeUnit::MICROSECOND, "UTC")},
      {MakeColumn("n NUMERIC"), DecimalField("n", 128, 38, 4)},
      {MakeColumn("g BIGNUMERIC"), DecimalField("g", 256, 76, 38)},
      {MakeColumn("v INTERVAL"), IntervalField("v", ipc::IntervalUnit::MONTH_DAY_NANO)},
      {MakeColumn("r RANGE<DATE>"), range},
      {MakeColumn("l ARRAY<STRING>"), ListField("l", PlainField("item", ipc::Type::Utf8))},
      {MakeStruct("p", {MakeColumn("x STRING"), MakeColumn("y ARRAY<INT64>")}, schema::ColumnMode::kRepeated),
       ListField("p", place)},
  };
}

const schema::TableSchema& Table() {
  static const schema::TableSchema table = [] {
    schema::TableSchema made;
    for (const ColumnAndField& each : EveryType()) made.columns.push_back(each.column);
    return made;
  }();
  return table;
}

const WriterPlan& Plan() {
  static const std::shared_ptr<const WriterPlan> plan = [] {
    std::vector<ArrowField> fields;
    for (const ColumnAndField& each : EveryType()) fields.push_back(each.field);
    return CompileArrowSchema(SchemaMessage(fields), Table()).value();
  }();
  return *plan;
}

}  // namespace

absl::Status CompileForeignArrowSchema(std::string_view message) {
  return CompileArrowSchema(message, Table()).status();
}

absl::Status DecodeForeignBatch(std::string_view message) {
  BQCDC_ASSIGN_OR_RETURN(const ArrowBatch batch, ArrowBatch::Open(message, Plan()));
  auto rows = DecodeArrowRows(Plan(), batch, {});
  BQCDC_RETURN_IF_ERROR(rows.status());
  for (const RowFault& fault : rows->faults) {
    if (fault.message.empty()) std::abort();
  }
  if (!rows->faults.empty()) return absl::OkStatus();
  for (engine::Chunk& chunk : rows->chunks) {
    for (size_t column = 0; column < Table().columns.size(); ++column) {
      const engine::VectorReader reader = chunk.Reader(column);
      for (size_t row = 0; row < chunk.row_count(); ++row) {
        if (CellText(Table().columns[column], reader, row).empty()) std::abort();
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace bqcdc::emulator::convert::testing
