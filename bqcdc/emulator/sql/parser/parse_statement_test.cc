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

constexpr Case kCreate[] = {
    {"CREATE TABLE d.t (id INT64)"},
    {"CREATE OR REPLACE TABLE d.t (id INT64, name STRING, PRIMARY KEY(id) NOT ENFORCED) "
     "OPTIONS(max_staleness = INTERVAL 0 MINUTE)",
     "CREATE OR REPLACE TABLE d.t (id INT64, name STRING, PRIMARY KEY (id) NOT ENFORCED) "
     "OPTIONS(max_staleness = INTERVAL 0 MINUTE)"},
    {"CREATE TABLE IF NOT EXISTS p.d.t (id INT64 PRIMARY KEY NOT ENFORCED NOT NULL, name STRING(10) COLLATE "
     "'und:ci' "
     "DEFAULT 'x' NOT NULL OPTIONS(description='d')) CLUSTER BY id, name",
     "CREATE TABLE IF NOT EXISTS p.d.t (id INT64 PRIMARY KEY NOT ENFORCED NOT NULL, name STRING(10) COLLATE "
     "\"und:ci\" "
     "DEFAULT \"x\" NOT NULL OPTIONS(description = \"d\")) CLUSTER BY id, name"},
    {"CREATE TABLE t (a STRUCT<x INT64 NOT NULL, y ARRAY<STRUCT<z STRING OPTIONS(description = \"d\")>>>, b "
     "RANGE<DATE>)"},
    {"CREATE TABLE t (a INT64, b INT64, CONSTRAINT k PRIMARY KEY (a, b) NOT ENFORCED, CONSTRAINT f FOREIGN "
     "KEY (a) "
     "REFERENCES d.u(x) NOT ENFORCED,)",
     "CREATE TABLE t (a INT64, b INT64, CONSTRAINT k PRIMARY KEY (a, b) NOT ENFORCED, CONSTRAINT f FOREIGN "
     "KEY (a) "
     "REFERENCES d.u(x) NOT ENFORCED)"},
    {"CREATE TABLE t (a INT64, PRIMARY KEY (a))"},
    {"CREATE TABLE t (a INT64 REFERENCES u(b) NOT ENFORCED)"},
    {"CREATE TABLE t (key INT64, primary STRING, options BOOL)"},
    {"CREATE TABLE t (ts TIMESTAMP) DEFAULT COLLATE 'und:ci' PARTITION BY TIMESTAMP_TRUNC(ts, HOUR) CLUSTER "
     "BY a "
     "OPTIONS(partition_expiration_days=1, labels=[('k', 'v')], x=NULL)",
     "CREATE TABLE t (ts TIMESTAMP) DEFAULT COLLATE \"und:ci\" PARTITION BY TIMESTAMP_TRUNC(ts, HOUR) "
     "CLUSTER BY a "
     "OPTIONS(partition_expiration_days = 1, labels = [(\"k\", \"v\")], x = NULL)"},
    {"CREATE TABLE t PARTITION BY d OPTIONS() AS SELECT 1 AS d"},
    {"CREATE TEMPORARY TABLE t AS SELECT 1", "CREATE TEMP TABLE t AS SELECT 1"},
    {"CREATE TABLE t LIKE d.u"},
    {"CREATE TABLE t CLONE d.u FOR SYSTEM_TIME AS OF x"},
    {"CREATE TABLE t COPY my-p.d.u", "CREATE TABLE t COPY `my-p`.d.u"},
    {"CREATE TABLE t ()"},
    {"CREATE VIEW IF NOT EXISTS d.v (a OPTIONS(description = \"x\"), b) OPTIONS(description = \"y\") AS "
     "SELECT 1, 2"},
    {"CREATE OR REPLACE VIEW v AS SELECT 1"},
    {"CREATE SCHEMA d"},
    {"CREATE SCHEMA IF NOT EXISTS `p-1.d` OPTIONS(location='US')",
     "CREATE SCHEMA IF NOT EXISTS `p-1`.d OPTIONS(location = \"US\")"},
    {"DROP SCHEMA IF EXISTS d CASCADE"},
    {"DROP SCHEMA d RESTRICT"},
    {"DROP TABLE IF EXISTS d.t"},
    {"DROP VIEW d.v"},
    {"TRUNCATE TABLE d.t"},
};

TEST(ParseStatementTest, CreateAndDrop) {
  for (const Case& c : kCreate) Check(c);
}

constexpr Case kAlter[] = {
    {"ALTER TABLE d.t SET OPTIONS(max_staleness = INTERVAL 15 MINUTE)"},
    {"ALTER TABLE IF EXISTS d.t SET OPTIONS (max_staleness = NULL)",
     "ALTER TABLE IF EXISTS d.t SET OPTIONS(max_staleness = NULL)"},
    {"ALTER TABLE t ADD COLUMN a INT64, ADD COLUMN IF NOT EXISTS b STRUCT<c ARRAY<STRING>> "
     "OPTIONS(description = \"x\")"},
    {"ALTER TABLE t ADD PRIMARY KEY (a, b) NOT ENFORCED"},
    {"ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY (a) NOT ENFORCED"},
    {"ALTER TABLE t ADD CONSTRAINT IF NOT EXISTS f FOREIGN KEY (a) REFERENCES u(b) NOT ENFORCED"},
    {"ALTER TABLE t DROP PRIMARY KEY IF EXISTS"},
    {"ALTER TABLE t DROP CONSTRAINT IF EXISTS f"},
    {"ALTER TABLE t DROP COLUMN IF EXISTS a, DROP COLUMN b"},
    {"ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN IF EXISTS c TO d"},
    {"ALTER TABLE t RENAME TO u"},
    {"ALTER TABLE t SET DEFAULT COLLATE \"und:ci\""},
    {"ALTER TABLE t ALTER COLUMN a DROP NOT NULL"},
    {"ALTER TABLE t ALTER COLUMN IF EXISTS a SET DATA TYPE NUMERIC(10, 2)"},
    {"ALTER TABLE t ALTER COLUMN a SET DEFAULT CURRENT_TIMESTAMP()"},
    {"ALTER TABLE t ALTER COLUMN a DROP DEFAULT"},
    {"ALTER TABLE t ALTER COLUMN a SET OPTIONS(description = \"x\")"},
    {"ALTER SCHEMA IF EXISTS d SET OPTIONS(description = \"x\")"},
    {"ALTER SCHEMA d SET DEFAULT COLLATE \"und:ci\""},
};

TEST(ParseStatementTest, Alter) {
  for (const Case& c : kAlter) Check(c);
}

constexpr Case kDml[] = {
    {"INSERT t VALUES (1, DEFAULT), (2, 'x')", "INSERT INTO t VALUES (1, DEFAULT), (2, \"x\")"},
    {"INSERT INTO `p-1.d.t` (a, `select`) SELECT 1, 2", "INSERT INTO `p-1`.d.t (a, `select`) SELECT 1, 2"},
    {"INSERT INTO t (SELECT 1)"},
    {"INSERT INTO t (a) (SELECT 1) UNION ALL SELECT 2"},
    {"INSERT INTO t WITH u AS (SELECT 1) SELECT * FROM u"},
    {"UPDATE d.t AS x SET a = 1, b.c = DEFAULT FROM u WHERE x.id = u.id",
     "UPDATE d.t AS x SET a = 1, b.c = DEFAULT FROM u WHERE (x.id = u.id)"},
    {"UPDATE t SET a = 1"},
    {"DELETE d.t x WHERE TRUE", "DELETE FROM d.t AS x WHERE TRUE"},
    {"DELETE FROM t"},
    {"MERGE d.t T USING (SELECT 1 AS id) S ON T.id = S.id WHEN MATCHED AND S.x THEN UPDATE SET a = 1, b = "
     "DEFAULT "
     "WHEN NOT MATCHED THEN INSERT (id) VALUES (S.id) WHEN NOT MATCHED BY TARGET THEN INSERT ROW "
     "WHEN NOT MATCHED BY SOURCE THEN DELETE",
     "MERGE INTO d.t AS T USING (SELECT 1 AS id) AS S ON (T.id = S.id) WHEN MATCHED AND S.x THEN UPDATE SET "
     "a = 1, "
     "b = DEFAULT WHEN NOT MATCHED BY TARGET THEN INSERT (id) VALUES (S.id) WHEN NOT MATCHED BY TARGET THEN "
     "INSERT ROW "
     "WHEN NOT MATCHED BY SOURCE THEN DELETE"},
    {"MERGE INTO t USING u ON FALSE WHEN NOT MATCHED BY TARGET THEN INSERT VALUES (1)"},
};

TEST(ParseStatementTest, Dml) {
  for (const Case& c : kDml) Check(c);
}

constexpr Case kScripts[] = {
    {";SELECT 1;; SELECT 2;", "SELECT 1; SELECT 2"},
    {"DECLARE x INT64 DEFAULT 1; SELECT 1", "DECLARE x INT64 DEFAULT 1; SELECT 1"},
    {"declare a, b string; DECLARE c DEFAULT CURRENT_DATE()",
     "DECLARE a, b string; DECLARE c DEFAULT CURRENT_DATE()"},
    {"SET x = 1", "SET x = 1"},
    {"SET (a, b) = (1, 2)", "SET (a, b) = (1, 2)"},
    {"BEGIN TRANSACTION; COMMIT TRANSACTION; ROLLBACK", "<BEGIN TRANSACTION>; <COMMIT>; <ROLLBACK>"},
    {"BEGIN SELECT 1; END; SELECT 2", "BEGIN SELECT 1; END; SELECT 2"},
    {"BEGIN EXCEPTION WHEN ERROR THEN SELECT 1; END", "BEGIN EXCEPTION WHEN ERROR THEN SELECT 1; END"},
    {"WHILE x < 3 DO SET x = 1; CONTINUE; END WHILE", "WHILE (x < 3) DO SET x = 1; CONTINUE; END WHILE"},
    {"LOOP LEAVE; END LOOP; RETURN", "LOOP BREAK; END LOOP; RETURN"},
    {"FOR r IN (SELECT 1) DO SELECT 2; END FOR", "<FOR>"},
    {"REPEAT SET x = 1; UNTIL TRUE END REPEAT", "<REPEAT>"},
    {"BEGIN; SELECT 2", "<BEGIN>; SELECT 2"},
    {"IF TRUE THEN SELECT 1; END IF;", "IF TRUE THEN SELECT 1; END IF"},
    {"IF a THEN ELSEIF b THEN SELECT 1; ELSE SELECT 2; SELECT 3; END IF",
     "IF a THEN ELSEIF b THEN SELECT 1; ELSE SELECT 2; SELECT 3; END IF"},
    {"CREATE TEMP FUNCTION f(x INT64) AS (x); SELECT f(1)", "<CREATE FUNCTION>; SELECT f(1)"},
    {"CREATE OR REPLACE TABLE FUNCTION f() AS SELECT 1", "<CREATE OR REPLACE TABLE FUNCTION>"},
    {"CREATE MATERIALIZED VIEW v AS SELECT 1", "<CREATE MATERIALIZED VIEW>"},
    {"CREATE EXTERNAL TABLE t OPTIONS()", "<CREATE EXTERNAL TABLE>"},
    {"CREATE SNAPSHOT TABLE t CLONE u", "<CREATE SNAPSHOT TABLE>"},
    {"CREATE PROCEDURE p() BEGIN SELECT 1; END", "<CREATE PROCEDURE>"},
    {"CREATE SEARCH INDEX i ON t(a)", "<CREATE SEARCH INDEX>"},
    {"CREATE ROW ACCESS POLICY p ON t FILTER USING (TRUE)", "<CREATE ROW ACCESS POLICY>"},
    {"DROP FUNCTION f", "<DROP FUNCTION>"},
    {"DROP SNAPSHOT TABLE t", "<DROP SNAPSHOT TABLE>"},
    {"ALTER VIEW v SET OPTIONS()", "ALTER VIEW v SET OPTIONS()"},
    {"EXPORT DATA OPTIONS(uri='x') AS SELECT 1", "<EXPORT DATA>"},
    {"LOAD DATA INTO t FROM FILES()", "<LOAD DATA>"},
    {"EXECUTE IMMEDIATE 'SELECT 1'", "<EXECUTE IMMEDIATE>"},
    {"CALL p()", "<CALL>"},
    {"FROM t |> WHERE a", "<FROM>"},
};

TEST(ParseStatementTest, Scripts) {
  for (const Case& c : kScripts) Check(c);
}

TEST(ParseStatementTest, RangesAndParametersAreCountedOverTheScript) {
  const std::string text = " SELECT ?, ? ;\n INSERT t VALUES (?) ; ";
  const auto script = ParseScript(text);
  ASSERT_TRUE(script.ok());
  EXPECT_EQ(script->positional_parameter_count, 3);
  ASSERT_EQ(script->statements.size(), 2u);
  const Statement& insert = *script->statements[1];
  EXPECT_EQ(FormatPosition(insert.position), "[2:2]");
  EXPECT_EQ(text.substr(insert.position.offset, insert.end_offset - insert.position.offset),
            "INSERT t VALUES (?)");
  const auto& row = As<InsertStatement>(insert).rows.front();
  EXPECT_EQ(As<PositionalParameter>(*row.values.front()).index, 2);
}

TEST(ParseStatementTest, ViewsKeepTheTextOfTheirQuery) {
  const auto statement = ParseStatement("CREATE VIEW d.v AS\n SELECT  1 -- one\n  AS x ;");
  ASSERT_TRUE(statement.ok());
  EXPECT_EQ(As<CreateViewStatement>(**statement).query_text, "SELECT  1 -- one\n  AS x");
}

TEST(ParseStatementTest, AttributesHavePositions) {
  const auto statement = ParseStatement("CREATE TABLE t (\n  a INT64 NOT NULL PRIMARY KEY)\nCLUSTER BY a");
  ASSERT_TRUE(statement.ok());
  const auto& create = As<CreateTableStatement>(**statement);
  EXPECT_EQ(FormatPosition(create.columns[0].attributes.not_null_position), "[2:11]");
  EXPECT_EQ(FormatPosition(create.columns[0].attributes.primary_key_position), "[2:20]");
  EXPECT_TRUE(create.columns[0].attributes.enforced);
  EXPECT_EQ(FormatPosition(create.cluster_by_position), "[3:1]");
}

}  // namespace
}  // namespace bqcdc::emulator::sql
