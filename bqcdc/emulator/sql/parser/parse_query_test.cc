#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/parser.h"
#include "bqcdc/emulator/sql/parser/testing/reparse.h"
#include "gtest/gtest.h"

namespace bqcdc::emulator::sql {
namespace {

struct Case {
  std::string_view text;
  std::string_view want = "";  // empty: as the text
};

void Check(const Case& c) { EXPECT_EQ(ReparseScript(c.text), c.want.empty() ? c.text : c.want); }

constexpr Case kSelect[] = {
    {"SELECT 1"},
    {"select all a, b,", "SELECT a, b"},
    {"SELECT a, FROM t", "SELECT a FROM t"},
    {"SELECT DISTINCT a AS b, c d", "SELECT DISTINCT a AS b, c AS d"},
    {"SELECT AS STRUCT a"},
    {"SELECT DISTINCT AS VALUE a"},
    {"SELECT * EXCEPT (a, b) REPLACE (1 + c AS c) FROM t",
     "SELECT * EXCEPT (a, b) REPLACE ((1 + c) AS c) FROM t"},
    {"SELECT t.*, a.b.* EXCEPT (c), f(x).*, (1).* FROM t"},
    {"SELECT a * b, * FROM t", "SELECT (a * b), * FROM t"},
    {"SELECT a AS `from`, `select`"},
    {"SELECT a FROM t WHERE b = 1 GROUP BY a, 2 HAVING COUNT(*) > 1 QUALIFY r = 1 WINDOW w AS (ORDER BY a), "
     "v AS w",
     "SELECT a FROM t WHERE (b = 1) GROUP BY a, 2 HAVING (COUNT(*) > 1) QUALIFY (r = 1) WINDOW w AS (ORDER "
     "BY a), v AS "
     "w"},
    {"SELECT a FROM t GROUP BY ALL"},
    {"SELECT a FROM t GROUP BY ROLLUP(a, b), CUBE(c), (), a AS x"},
    {"SELECT a FROM t GROUP BY GROUPING SETS((a, b), a, (), ROLLUP(c, d))"},
    {"SELECT a FROM t ORDER BY a DESC NULLS LAST, b COLLATE 'und:ci' LIMIT 10 OFFSET @o",
     "SELECT a FROM t ORDER BY a DESC NULLS LAST, b COLLATE \"und:ci\" LIMIT 10 OFFSET @o"},
};

TEST(ParseQueryTest, Select) {
  for (const Case& c : kSelect) Check(c);
}

constexpr Case kFrom[] = {
    {"SELECT * FROM d.t"},
    {"SELECT * FROM `p.d.t` x", "SELECT * FROM p.d.t AS x"},
    {"SELECT * FROM `my-p`.d.t"},
    {"SELECT * FROM `my-p.d.t`", "SELECT * FROM `my-p`.d.t"},
    {"SELECT * FROM my-p-12.d.t AS x", "SELECT * FROM `my-p-12`.d.t AS x"},
    {"SELECT * FROM p-1.2d.t", "SELECT * FROM `p-1`.2d.t"},
    {"SELECT * FROM my-p.`d`.t", "SELECT * FROM `my-p`.d.t"},
    {"SELECT * FROM `example.com:p.d.t`", "SELECT * FROM `example.com:p`.d.t"},
    {"SELECT * FROM `region-us`.INFORMATION_SCHEMA.TABLES"},
    {"SELECT * FROM `d.events_*`", "SELECT * FROM d.`events_*`"},
    {"SELECT * FROM d.select"},
    {"SELECT * FROM t FOR SYSTEM_TIME AS OF x AS y", "SELECT * FROM t AS y FOR SYSTEM_TIME AS OF x"},
    {"SELECT * FROM t TABLESAMPLE SYSTEM (10 PERCENT)"},
    {"SELECT * FROM t, t.items AS i WITH OFFSET AS o, u"},
    {"SELECT * FROM UNNEST([1, 2]) AS x WITH OFFSET"},
    {"SELECT * FROM UNNEST(a) WITH OFFSET o", "SELECT * FROM UNNEST(a) WITH OFFSET AS o"},
    {"SELECT * FROM (SELECT 1) AS x"},
    {"SELECT * FROM ((SELECT 1) UNION ALL SELECT 2)"},
    {"SELECT * FROM ((SELECT 1))"},
    {"SELECT * FROM ((SELECT 1) AS a JOIN b ON TRUE)", "SELECT * FROM (SELECT 1) AS a INNER JOIN b ON TRUE"},
    {"SELECT * FROM a JOIN b ON x = y LEFT OUTER JOIN c USING (z, w) CROSS JOIN d",
     "SELECT * FROM a INNER JOIN b ON (x = y) LEFT JOIN c USING (z, w) CROSS JOIN d"},
    {"SELECT * FROM a RIGHT JOIN (b FULL JOIN c ON e) ON f"},
    {"SELECT * FROM a, b INNER JOIN c ON d"},
    {"SELECT * FROM f(TABLE d.t, 'a', x => [1])", "SELECT * FROM f(TABLE d.t, \"a\", x => [1])"},
    {"SELECT * FROM ML.PREDICT(MODEL d.m, (SELECT 1))"},
    {"SELECT * FROM t PIVOT(SUM(a) AS s, COUNT(*) FOR q IN ('Q1' AS x, 'Q2')) AS p",
     "SELECT * FROM t PIVOT(SUM(a) AS s, COUNT(*) FOR q IN (\"Q1\" AS x, \"Q2\")) AS p"},
    {"SELECT * FROM t UNPIVOT INCLUDE NULLS ((a, b) FOR n IN ((c, d) AS 'x', (e, f) AS 2))",
     "SELECT * FROM t UNPIVOT INCLUDE NULLS ((a, b) FOR n IN ((c, d) AS \"x\", (e, f) AS 2))"},
    {"SELECT * FROM t AS x UNPIVOT(a FOR n IN (c, d)) AS y"},
};

TEST(ParseQueryTest, From) {
  for (const Case& c : kFrom) Check(c);
}

constexpr Case kQueries[] = {
    {"WITH a AS (SELECT 1), b AS (SELECT 2) SELECT * FROM a, b"},
    {"WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT n FROM a) SELECT * FROM a"},
    {"SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 ORDER BY 1 LIMIT 2"},
    {"(SELECT 1) INTERSECT DISTINCT (SELECT 2 EXCEPT DISTINCT SELECT 3)"},
    {"(SELECT 1 ORDER BY 1 LIMIT 1) UNION DISTINCT SELECT 2"},
    {"SELECT 1 UNION ALL BY NAME SELECT 2"},
    {"SELECT 1 FULL OUTER UNION ALL CORRESPONDING SELECT 2",
     "SELECT 1 FULL UNION ALL CORRESPONDING SELECT 2"},
    {"SELECT 1 OUTER INTERSECT DISTINCT BY NAME ON (a, `select`) SELECT 2",
     "SELECT 1 FULL INTERSECT DISTINCT BY NAME ON (a, `select`) SELECT 2"},
    {"SELECT 1 UNION ALL STRICT CORRESPONDING BY (a) SELECT 2"},
    {"SELECT 1 INNER EXCEPT DISTINCT BY NAME SELECT 2"},
    {"SELECT * FROM a LEFT UNION ALL BY NAME SELECT 2"},
    {"((SELECT 1))"},
    {"SELECT (SELECT COUNT(*) FROM t WHERE (t.a = u.a)) AS n FROM u"},
};

TEST(ParseQueryTest, Queries) {
  for (const Case& c : kQueries) Check(c);
}

TEST(ParseQueryTest, TablePathsAreSplit) {
  const auto statement = ParseStatement("SELECT * FROM `example.com:p.d`.INFORMATION_SCHEMA.TABLES");
  ASSERT_TRUE(statement.ok());
  const auto& query = *As<QueryStatement>(**statement).query;
  const TablePath& path = As<TableReference>(*As<Select>(*query.body).from).path;
  ASSERT_EQ(path.names.size(), 4u);
  EXPECT_EQ(path.names[0].text, "example.com:p");
  EXPECT_EQ(path.names[1].text, "d");
  EXPECT_EQ(path.names[3].text, "TABLES");
}

}  // namespace
}  // namespace bqcdc::emulator::sql
