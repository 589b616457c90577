#include "bqcdc/cli/result_format.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace bqcdc::cli {
namespace {

using schema::ColumnType;

schema::Column MakeColumn(const char* name, ColumnType type,
                          schema::ColumnMode mode = schema::ColumnMode::kNullable) {
  schema::Column column;
  column.name = name;
  column.type = type;
  column.mode = mode;
  return column;
}

rest::Cell Text(const char* text) { return {false, text, {}}; }
rest::Cell Null() { return {true, "", {}}; }
rest::Cell Parts(std::vector<rest::Cell> parts) { return {false, "", std::move(parts)}; }

// Two pages of three columns: number, text, an array of structs.
std::string Print(ResultFormat format, bool rows = true) {
  schema::Column items = MakeColumn("items", ColumnType::kStruct, schema::ColumnMode::kRepeated);
  items.fields = {MakeColumn("a", ColumnType::kInt64), MakeColumn("at", ColumnType::kTimestamp)};
  const std::vector<schema::Column> columns = {MakeColumn("n", ColumnType::kInt64),
                                               MakeColumn("text", ColumnType::kString), items};
  char* data = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&data, &size);
  const auto printer = ResultPrinter::Create(format, out);
  if (rows) {
    printer->Page(columns, {{Text("1"), Text("Zoë"), Parts({Parts({Text("7"), Text("1500000")})})},
                            {Text("-12345"), Text("two\nlines, \"quoted\""), Parts({})}});
    printer->Page(columns, {{Null(), Null(), Parts({})}});
  } else {
    printer->Page(columns, {});
  }
  printer->End();
  std::fclose(out);
  std::string text(data, size);
  std::free(data);
  return text;
}

TEST(ResultFormat, AlignsTables) {
  EXPECT_EQ(Print(ResultFormat::kTable),
            "+--------+----------------------+----------------------------------------------+\n"
            "| n      | text                 | items                                        |\n"
            "+--------+----------------------+----------------------------------------------+\n"
            "|      1 | Zoë                  | [{\"a\":\"7\",\"at\":\"1970-01-01 00:00:01.5 UTC\"}] |\n"
            "| -12345 | two\\nlines, \"quoted\" | []                                           |\n"
            "|   NULL | NULL                 | []                                           |\n"
            "+--------+----------------------+----------------------------------------------+\n"
            "(3 rows)\n");
}

TEST(ResultFormat, WritesJson) {
  EXPECT_EQ(
      Print(ResultFormat::kJson),
      "[{\"n\":\"1\",\"text\":\"Zoë\",\"items\":[{\"a\":\"7\",\"at\":\"1970-01-01 00:00:01.5 UTC\"}]},\n"
      " {\"n\":\"-12345\",\"text\":\"two\\nlines, \\\"quoted\\\"\",\"items\":[]},\n"
      " {\"n\":null,\"text\":null,\"items\":[]}]\n");
}

TEST(ResultFormat, WritesCsv) {
  EXPECT_EQ(Print(ResultFormat::kCsv),
            "n,text,items\n"
            "1,Zoë,\"[{\"\"a\"\":\"\"7\"\",\"\"at\"\":\"\"1970-01-01 00:00:01.5 UTC\"\"}]\"\n"
            "-12345,\"two\nlines, \"\"quoted\"\"\",[]\n"
            ",,[]\n");
}

TEST(ResultFormat, ShowsThatThereAreNoRows) {
  EXPECT_EQ(Print(ResultFormat::kJson, false), "[]\n");
  EXPECT_EQ(Print(ResultFormat::kCsv, false), "n,text,items\n");
  EXPECT_EQ(
      Print(ResultFormat::kTable, false),
      "+---+------+-------+\n| n | text | items |\n+---+------+-------+\n+---+------+-------+\n(0 rows)\n");
}

}  // namespace
}  // namespace bqcdc::cli
