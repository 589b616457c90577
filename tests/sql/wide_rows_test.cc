#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bqcdc/base/strings.h"
#include "tests/sql/sql_session.h"

namespace bqcdc::tests::sql {
namespace {

// Texts with one operator for each column were as deep as the table is wide, of which DuckDB takes 1,000; a
// row that was read out of its own text took memory by the square.
class WideRows : public ::testing::Test {
 protected:
  static constexpr int kColumns = 1'200;

  void SetUp() override {
    ASSERT_TRUE(session_.Run(base::StrCat("CREATE TABLE t (", Each("$ INT64"), ")")).ok());
    ASSERT_TRUE(session_.Run("INSERT t (c0, c1) VALUES (1, 2)").ok());
  }

  // `form` for each column, with its name in place of "$".
  static std::string Each(const std::string& form, int columns = kColumns) {
    const size_t at = form.find('$');
    std::string list;
    for (int i = 0; i < columns; ++i) {
      base::StrAppend(&list, list.empty() ? "" : ", ", form.substr(0, at), "c", i, form.substr(at + 1));
    }
    return list;
  }

  void ExpectRow(const std::string& select, const std::string& row) {
    const auto outcome = session_.Run(base::StrCat("SELECT ", select));
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    EXPECT_EQ(PrintRows(*outcome).at(1), row);
  }

  SqlSession session_;
};

TEST_F(WideRows, AsJson) {
  ExpectRow("SUBSTR(TO_JSON_STRING(t), 1, 28) FROM t", R"({"c0":1,"c1":2,"c2":null,"c3)");
  ExpectRow("TO_JSON(t).c1 FROM t", "2");
  ExpectRow(base::StrCat("SUBSTR(TO_JSON_STRING(JSON_ARRAY(", Each("$"), ")), 1, 9) FROM t"), "[1,2,null");
  ExpectRow(base::StrCat("JSON_OBJECT(", Each("'$', 5"), ").c1199"), "5");
}

TEST_F(WideRows, Compared) {
  ExpectRow("COUNT(*) FROM t AS a JOIN t AS b ON TO_JSON_STRING(a) = TO_JSON_STRING(b)", "1");
  ExpectRow("a = b, a != b, a IN (b) FROM t AS a CROSS JOIN t AS b", "NULL | NULL | NULL");
}

TEST_F(WideRows, Concatenated) {
  ExpectRow(base::StrCat("LENGTH(CONCAT(", Each("IFNULL(CAST($ AS STRING), 'x')"), ")) FROM t"), "1200");
  ExpectRow(base::StrCat("ARRAY_LENGTH(ARRAY_CONCAT(", Each("[IFNULL($, 0)]"), ")) FROM t"), "1200");
}

TEST_F(WideRows, Measured) {
  ExpectRow("total_rows, total_logical_bytes FROM d.INFORMATION_SCHEMA.PARTITIONS", "1 | 16");
}

// A STRUCT that is not made on the spot is refused before its text is written once for each field.
TEST_F(WideRows, OutOfALongExpression) {
  const auto outcome = session_.Run("SELECT IF(a.c0 = 1, a, b) = b FROM t AS a CROSS JOIN t AS b");
  EXPECT_EQ(base::ToStd(outcome.status().message()),
            "Not supported by this server: an expression of so many calls in one another at [1:8]");
}

}  // namespace
}  // namespace bqcdc::tests::sql
