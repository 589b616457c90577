#include "bqcdc/emulator/sql/reference/reference_page.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/sql/functions/function_table.h"
#include "bqcdc/emulator/sql/information_schema/information_schema.h"

namespace bqcdc::emulator::sql {
namespace {

// Code in a cell of a table.
std::string Cell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return base::StrCat("`", cell, "`");
}

std::string FunctionTable(FunctionMode mode) {
  std::string text = "| Function | Signatures |\n|---|---|\n";
  for (const std::string& name : FunctionNames()) {
    const std::vector<FunctionSignature>& signatures = FindFunction(name);
    if (signatures[0].mode != mode) continue;
    base::StrAppend(&text, "| `", name, "` | ");
    for (size_t i = 0; i < signatures.size(); ++i) {
      if (signatures[i].is_refused) continue;
      base::StrAppend(&text, i == 0 ? "" : "<br>",
                      Cell(base::StrCat("(", signatures[i].text, ") → ", signatures[i].result_text)));
    }
    text += " |\n";
  }
  return text;
}

std::string FormTable(const ReferenceSection& section) {
  std::string text = "| Form | For example |\n|---|---|\n";
  for (const ReferenceForm& form : section.forms) {
    base::StrAppend(&text, "| ", Cell(form.form), " | ", Cell(form.example), " |\n");
  }
  return text;
}

}  // namespace

const std::vector<ReferenceSection>& ReferenceSections() {
  static const std::vector<ReferenceSection>* const sections = new std::vector<ReferenceSection>{
      {"Tables",
       {
           {"CREATE TABLE name (columns, PRIMARY KEY (…) NOT ENFORCED) PARTITION BY … CLUSTER BY … OPTIONS "
            "(…)",
            "CREATE TABLE orders (id INT64 NOT NULL, shop STRING DEFAULT 'web', day DATE, items "
            "ARRAY<STRUCT<name STRING, price NUMERIC(10, 2)>>, PRIMARY KEY (id) NOT ENFORCED) PARTITION BY "
            "day "
            "CLUSTER BY shop OPTIONS (max_staleness = INTERVAL 15 MINUTE)"},
           {"CREATE TABLE IF NOT EXISTS …", "CREATE TABLE IF NOT EXISTS orders (id INT64)"},
           {"CREATE [OR REPLACE] TABLE name [(columns)] AS query",
            "CREATE OR REPLACE TABLE numbers AS SELECT n, n * n AS square FROM UNNEST([1, 2, 3]) AS n"},
           {"CREATE TABLE name LIKE other", "CREATE TABLE empty_orders LIKE orders"},
           {"CREATE TABLE name COPY other", "CREATE TABLE copied_numbers COPY numbers"},
           {"CREATE TABLE name CLONE other", "CREATE TABLE cloned_numbers CLONE numbers"},
           {"ALTER TABLE name ADD COLUMN [IF NOT EXISTS] …", "ALTER TABLE orders ADD COLUMN note STRING"},
           {"ALTER TABLE name DROP COLUMN [IF EXISTS] …", "ALTER TABLE orders DROP COLUMN IF EXISTS nothing"},
           {"ALTER TABLE name RENAME COLUMN [IF EXISTS] a TO b, RENAME COLUMN …",
            "ALTER TABLE orders RENAME COLUMN note TO remark, RENAME COLUMN IF EXISTS nothing TO something"},
           {"ALTER TABLE name ALTER COLUMN c DROP NOT NULL",
            "ALTER TABLE orders ALTER COLUMN id DROP NOT NULL"},
           {"ALTER TABLE name ALTER COLUMN c SET DATA TYPE t",
            "ALTER TABLE numbers ALTER COLUMN n SET DATA TYPE NUMERIC"},
           {"ALTER TABLE name ALTER COLUMN c SET DEFAULT e",
            "ALTER TABLE orders ALTER COLUMN day SET DEFAULT CURRENT_DATE()"},
           {"ALTER TABLE name ALTER COLUMN c DROP DEFAULT",
            "ALTER TABLE orders ALTER COLUMN day DROP DEFAULT"},
           {"ALTER TABLE name ALTER COLUMN c SET OPTIONS (description = …)",
            "ALTER TABLE orders ALTER COLUMN shop SET OPTIONS (description = 'where')"},
           {"ALTER TABLE name ADD PRIMARY KEY (…) NOT ENFORCED",
            "ALTER TABLE copied_numbers ADD PRIMARY KEY (n) NOT ENFORCED"},
           {"ALTER TABLE name DROP PRIMARY KEY [IF EXISTS]", "ALTER TABLE copied_numbers DROP PRIMARY KEY"},
           {"ALTER TABLE name SET OPTIONS (description, expiration_timestamp, friendly_name, labels, "
            "max_staleness, partition_expiration_days, require_partition_filter)",
            "ALTER TABLE orders SET OPTIONS (max_staleness = INTERVAL 0 MINUTE, labels = [('team', "
            "'shop')])"},
           {"ALTER TABLE name RENAME TO other", "ALTER TABLE cloned_numbers RENAME TO other_numbers"},
           {"DROP TABLE [IF EXISTS] name", "DROP TABLE other_numbers"},
       }},
      {"Views and schemas",
       {
           {"CREATE [OR REPLACE] VIEW [IF NOT EXISTS] name [(columns)] [OPTIONS (…)] AS query",
            "CREATE VIEW squares (root, square) AS SELECT n, square FROM d.numbers"},
           {"ALTER VIEW [IF EXISTS] name SET OPTIONS (…), ALTER COLUMN c SET OPTIONS (description = …)",
            "ALTER VIEW squares SET OPTIONS (description = 'numbers and squares')"},
           {"DROP VIEW [IF EXISTS] name", "DROP VIEW squares"},
           {"CREATE SCHEMA [IF NOT EXISTS] name [OPTIONS (…)]",
            "CREATE SCHEMA IF NOT EXISTS archive OPTIONS (location = 'EU')"},
           {"ALTER SCHEMA [IF EXISTS] name SET OPTIONS (default_partition_expiration_days, "
            "default_table_expiration_days, description, friendly_name, labels)",
            "ALTER SCHEMA archive SET OPTIONS (description = 'old rows')"},
           {"DROP SCHEMA [IF EXISTS] name [CASCADE | RESTRICT]", "DROP SCHEMA archive CASCADE"},
       }},
      {"Rows",
       {
           {"INSERT INTO name (columns) VALUES (…), (…)",
            "INSERT INTO orders (id, items) VALUES (1, [STRUCT('tea', 2.5)]), (2, DEFAULT)"},
           {"INSERT INTO name query", "INSERT INTO numbers SELECT 4, 16"},
           {"UPDATE name SET column = …, struct.field = … [FROM …] WHERE …",
            "UPDATE orders SET shop = DEFAULT, day = '2024-01-01' WHERE id = 2"},
           {"DELETE [FROM] name WHERE …", "DELETE numbers WHERE n = 4"},
           {"MERGE name USING … ON … WHEN [NOT] MATCHED [BY SOURCE] [AND …] THEN UPDATE, INSERT, DELETE",
            "MERGE numbers AS t USING (SELECT 1 AS n UNION ALL SELECT 5) AS s ON t.n = s.n "
            "WHEN MATCHED THEN UPDATE SET square = 0 WHEN NOT MATCHED THEN INSERT VALUES (s.n, s.n * "
            "s.n)"},
           {"TRUNCATE TABLE name", "CREATE TABLE old (x INT64); TRUNCATE TABLE old"},
       }},
      {"Queries",
       {
           {"SELECT [DISTINCT] [AS STRUCT | AS VALUE] …", "SELECT DISTINCT square > 4 AS large FROM numbers"},
           {"SELECT * EXCEPT (…) REPLACE (…)",
            "SELECT * EXCEPT (n) REPLACE (-square AS square) FROM numbers"},
           {"WITH name AS (query)", "WITH w AS (SELECT n FROM numbers) SELECT MAX(n) AS most FROM w"},
           {"WITH RECURSIVE name AS (query UNION ALL | DISTINCT query over name)",
            "WITH RECURSIVE w AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM w WHERE i < 3) SELECT i FROM w"},
           {"JOIN … ON, USING; LEFT, RIGHT, FULL, CROSS",
            "SELECT o.id FROM orders AS o LEFT JOIN numbers ON n = id"},
           {"UNNEST(array) WITH OFFSET; an array of an earlier item",
            "SELECT id, item.name FROM orders, orders.items AS item WITH OFFSET AS place"},
           {"GROUP BY a, b; GROUP BY ALL; ROLLUP, CUBE, GROUPING SETS",
            "SELECT shop, COUNT(*) AS n FROM orders GROUP BY ROLLUP (shop)"},
           {"HAVING, QUALIFY, WINDOW",
            "SELECT n FROM numbers QUALIFY RANK() OVER w = 1 WINDOW w AS (ORDER BY square DESC)"},
           {"f(…) OVER (PARTITION BY … ORDER BY … ROWS | RANGE BETWEEN …)",
            "SELECT SUM(square) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM "
            "numbers"},
           {"UNION ALL | DISTINCT, INTERSECT DISTINCT, EXCEPT DISTINCT",
            "SELECT n FROM numbers EXCEPT DISTINCT SELECT 1"},
           {"[FULL | LEFT | INNER] UNION ALL BY NAME [ON (…)] and the like",
            "SELECT 1 AS a FULL UNION ALL BY NAME SELECT 2 AS b"},
           {"UNION ALL [STRICT] CORRESPONDING [BY (…)] and the like",
            "SELECT 1 AS a, 2 AS b UNION ALL CORRESPONDING BY (a) SELECT 3 AS a"},
           {"PIVOT, UNPIVOT",
            "SELECT * FROM (SELECT shop, id FROM orders) PIVOT (COUNT(*) FOR shop IN ('web', 'street'))"},
           {"ORDER BY … NULLS FIRST | LAST, LIMIT, OFFSET",
            "SELECT n FROM numbers ORDER BY n DESC LIMIT 1 OFFSET 1"},
           {"Subqueries: scalar, ARRAY, EXISTS, IN", "SELECT ARRAY(SELECT n FROM numbers ORDER BY n) AS ns"},
           {"IN (…), IN UNNEST(array), over STRUCTs too", "SELECT (1, 'a') IN UNNEST([(1, 'a')]) AS b"},
           {"Tables by prefix with _TABLE_SUFFIX", "SELECT _TABLE_SUFFIX AS s FROM `d.number*`"},
           {"_PARTITIONTIME and _PARTITIONDATE of tables partitioned by ingestion",
            "CREATE TABLE logs (x INT64) PARTITION BY _PARTITIONDATE; SELECT x FROM logs WHERE "
            "_PARTITIONDATE > "
            "'2020-01-01'"},
       }},
      {"Several statements",
       {
           {"statement; statement; …: a job each, of which the last one's result is shown",
            "CREATE TABLE counted (n INT64); INSERT INTO counted VALUES (1); SELECT COUNT(*) AS c FROM "
            "counted"},
           {"DECLARE names [type] [DEFAULT value]; SET name = value; SET (names) = struct",
            "DECLARE a, b INT64 DEFAULT 1; SET a = (SELECT COUNT(*) FROM numbers); SET (a, b) = (b, a); "
            "SELECT "
            "a, b"},
           {"BEGIN … [EXCEPTION WHEN ERROR THEN …] END",
            "BEGIN SELECT 1 / 0 AS x; EXCEPTION WHEN ERROR THEN SELECT 0 AS x; END"},
           {"IF condition THEN … [ELSEIF condition THEN …] [ELSE …] END IF",
            "IF EXISTS (SELECT 1 FROM numbers) THEN SELECT 'some' AS x; ELSE SELECT 'none' AS x; END IF"},
           {"WHILE condition DO … END WHILE; LOOP … END LOOP; BREAK, CONTINUE, RETURN",
            "DECLARE i INT64 DEFAULT 0; LOOP SET i = i + 1; IF i = 3 THEN BREAK; END IF; END LOOP; SELECT i"},
       }},
      {"Refused by name",
       {
           {"CREATE MATERIALIZED VIEW, CREATE FUNCTION, CREATE PROCEDURE and other objects",
            "CREATE MATERIALIZED VIEW m AS SELECT 1 AS x"},
           {"CREATE TEMP TABLE", "CREATE TEMP TABLE t (x INT64)"},
           {"Foreign keys", "CREATE TABLE t (x INT64, FOREIGN KEY (x) REFERENCES numbers (n) NOT ENFORCED)"},
           {"COLLATE", "SELECT x FROM UNNEST(['a']) AS x ORDER BY x COLLATE 'und:ci'"},
           {"FOR … IN, REPEAT, CASE, RAISE, CALL, EXECUTE IMMEDIATE, transactions", "BEGIN TRANSACTION"},
           {"EXPORT DATA, LOAD DATA", "EXPORT DATA OPTIONS (uri = 'gs://b/*.csv') AS SELECT 1"},
           {"FOR SYSTEM_TIME AS OF", "SELECT * FROM numbers FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()"},
           {"TABLESAMPLE", "SELECT * FROM numbers TABLESAMPLE SYSTEM (10 PERCENT)"},
           {"Lambdas", "SELECT ARRAY_FILTER([1], e -> e > 0) AS a"},
       },
       true},
  };
  return *sections;
}

std::string ReferencePage() {
  std::string page =
      "# GoogleSQL that `bqcdc serve` takes\n\n"
      "Written from the server's own tables, by `BQCDC_UPDATE=1 ctest -R sql_reference`; a page that is out "
      "of\n"
      "date fails that test, which runs every example, too. What is not here is refused by name, with its\n"
      "position; a wrong answer is a bug.\n";
  for (const ReferenceSection& section : ReferenceSections()) {
    base::StrAppend(&page, "\n## ", section.title, "\n\n", FormTable(section));
  }
  page +=
      "\n## INFORMATION_SCHEMA\n\n"
      "Behind a dataset (`d.INFORMATION_SCHEMA.TABLES`), SCHEMATA and SCHEMATA_OPTIONS behind nothing.\n\n";
  for (const InformationSchemaView& view : InformationSchemaViews()) {
    base::StrAppend(&page, "- ", view.name,
                    view.of_region ? base::StrCat(view.region_only ? ", as" : ", also",
                                                  " `` `region-us`.INFORMATION_SCHEMA.", view.name, " ``\n")
                                   : "\n");
  }
  page +=
      "\n## Functions\n\n"
      "`[X]` may be left out, `X...` may be repeated; T, U, E, O and R are one type for all places with the\n"
      "letter, E with equality, O with an order, R one that RANGEs are made of; A is any type by itself; "
      "PART\n"
      "is a date part such as `DAY`, INTERVALPARTS an `INTERVAL n PART`. `SAFE.` before a scalar function "
      "makes\n"
      "NULL of its errors.\n\n"
      "### Scalar functions\n\n";
  page += FunctionTable(FunctionMode::kScalar);
  page += "\n### Aggregate functions, with OVER window functions, too\n\n";
  page += FunctionTable(FunctionMode::kAggregate);
  page += "\n### Window functions\n\n";
  page += FunctionTable(FunctionMode::kWindow);
  return page;
}

}  // namespace bqcdc::emulator::sql
