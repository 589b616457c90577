#include "bqcdc/write/blamed_column.h"

#include <gtest/gtest.h>

#include <vector>

namespace bqcdc::write {
namespace {

TEST(BlamedColumn, IsOneOfTheTable) {
  const std::vector<std::string> columns = {"id", "Name", "address", "unit price"};
  const struct {
    const char* message;
    const char* column;
  } cases[] = {
      {"Field name: STRING(3) has maximum length 3 but got a value with length 8 on field name.", "Name"},
      {"Timestamp field value is out of range: -9223372036854775808 on field id.", "id"},
      {"Timestamp field value is out of range: 1 on field id", "id"},
      {"Invalid NUMERIC value: 'x' on field address.lines[2].text.", "address"},
      {"Array cannot have a null element on field address[2].", "address"},
      {"Field name: STRING(15) has maximum length 15 but got a value with length 54 Entity: projects/p",
       "Name"},
      {"Field value is not valid JSON on field id. Entity: projects/p/datasets/d", "id"},
      {"Field value is not valid JSON on field unit price.", "unit price"},
      // A value is none, and is not told.
      {"Invalid STRING value: ' on field id.' on field name.", "Name"},
      {"Invalid STRING value: 'id'", ""},
      {"Invalid STRING value: 'x' on field secret", ""},
      {"Field secret: is wrong", ""},
      {"Field name: is wrong with ' on field secret'", "Name"},
      {"Field value is not valid", ""},
      {"id", ""},
      {" on field ", ""},
      {"Field ", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(BlamedColumn(c.message, columns), c.column) << c.message;
}

}  // namespace
}  // namespace bqcdc::write
