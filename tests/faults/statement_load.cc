#include "tests/faults/statement_load.h"

#include <gtest/gtest.h>
#include <httplib.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace bqcdc::faults {
namespace {

constexpr int kSecondsOfStatement = 300;
constexpr size_t kRowsMax = 500;
constexpr size_t kColumnsMax = 4;

// Unset when the server is gone, or the test has failed.
std::optional<nlohmann::json> RunStatement(Served& served, httplib::Client& client, const std::string& sql) {
  const nlohmann::json body = {
      {"query", sql}, {"useLegacySql", false}, {"timeoutMs", kSecondsOfStatement * 1000}};
  const auto answer = client.Post("/bigquery/v2/projects/p/queries", body.dump(), "application/json");
  if (answer && answer->status == 200) return nlohmann::json::parse(answer->body);
  if (!served.killed)
    ADD_FAILURE() << sql << ": " << (answer ? answer->body : httplib::to_string(answer.error()));
  return std::nullopt;
}

}  // namespace

void StatementLoad::Run(Served& served) {
  httplib::Client client(served.rest);
  client.set_read_timeout(kSecondsOfStatement);
  for (;;) {
    Statement statement = Next();
    doubtful_ = statement.after;
    const auto answer = RunStatement(served, client, statement.sql);
    if (!answer) return;
    if (statement.affected) {
      EXPECT_EQ(answer->value("numDmlAffectedRows", ""), absl::StrCat(*statement.affected)) << statement.sql;
    }
    rows_ = std::move(statement.after);
    doubtful_.reset();
    ++seen_["statements"];
  }
}

StatementLoad::Statement StatementLoad::Next() {
  if (rows_.size() > kRowsMax || random_() % 30 == 0)
    return {absl::StrCat("TRUNCATE TABLE d.", table_), {}, std::nullopt};
  const uint64_t kind = random_() % 4;
  if (rows_.empty() || kind == 0) return Insert();
  if (kind == 1) return Merge();
  const int64_t divisor = 2 + static_cast<int64_t>(random_() % 5), rest = static_cast<int64_t>(random_() % 2);
  const std::string condition = absl::StrCat(" WHERE MOD(id, ", divisor, ") = ", rest);
  Statement statement{.sql = "", .after = rows_, .affected = 0};
  for (const auto& [id, value] : rows_) {
    if (id % divisor != rest) continue;
    ++*statement.affected;
    if (kind == 2) {
      ++statement.after[id];
    } else {
      statement.after.erase(id);
    }
  }
  statement.sql = kind == 2 ? absl::StrCat("UPDATE d.", table_, " SET value = value + 1", condition)
                            : absl::StrCat("DELETE FROM d.", table_, condition);
  return statement;
}

StatementLoad::Statement StatementLoad::Insert() {
  Statement statement{
      .sql = absl::StrCat("INSERT INTO d.", table_, " (id, value) VALUES "), .after = rows_, .affected = 0};
  for (uint64_t left = 1 + random_() % 20; left > 0; --left) {
    absl::StrAppend(&statement.sql, *statement.affected == 0 ? "" : ", ", "(", next_id_, ", 0)");
    statement.after[next_id_++] = 0;
    ++*statement.affected;
  }
  return statement;
}

StatementLoad::Statement StatementLoad::Merge() {
  const int64_t first = std::max<int64_t>(1, next_id_ - 10), last = next_id_ + 5;
  next_id_ = last + 1;
  Statement statement{
      .sql = absl::StrCat("MERGE d.", table_, " AS t USING (SELECT id FROM UNNEST(GENERATE_ARRAY(", first,
                          ", ", last,
                          ")) AS id) AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET value = t.value + 100 ",
                          "WHEN NOT MATCHED THEN INSERT (id, value) VALUES (s.id, -1)"),
      .after = rows_,
      .affected = last - first + 1};
  for (int64_t id = first; id <= last; ++id) {
    const auto found = statement.after.find(id);
    if (found == statement.after.end()) {
      statement.after[id] = -1;
    } else {
      found->second += 100;
    }
  }
  return statement;
}

void StatementLoad::Check(const std::map<std::string, StoredTable>& stored) {
  Rows shown;
  for (const StoredRow& row : stored.at(table_).rows)
    ASSERT_TRUE(shown.emplace(row.id, row.value).second) << table_ << ": row " << row.id << " shows twice";
  if (doubtful_ && *doubtful_ != rows_) {
    ++seen_["kills during a statement"];
    seen_["statements that a kill left unanswered and done"] += shown == *doubtful_;
  }
  if (doubtful_ && shown == *doubtful_) rows_ = *doubtful_;
  doubtful_.reset();
  EXPECT_EQ(shown, rows_) << table_ << " is neither as before nor as after the last statement";
}

void ColumnLoad::Run(Served& served) {
  httplib::Client client(served.rest);
  client.set_read_timeout(kSecondsOfStatement);
  for (;;) {
    const std::string& table = tables_[random_() % tables_.size()];
    std::set<std::string>& columns = columns_[table];
    std::set<std::string> after = columns;
    std::string sql = absl::StrCat("ALTER TABLE d.", table);
    if (columns.size() == kColumnsMax || (!columns.empty() && random_() % 2 == 0)) {
      const std::string column =
          *std::next(columns.begin(), static_cast<int64_t>(random_() % columns.size()));
      after.erase(column);
      absl::StrAppend(&sql, " DROP COLUMN ", column);
    } else {
      const std::string column = absl::StrCat("c", next_column_++);
      after.insert(column);
      absl::StrAppend(&sql, " ADD COLUMN ", column,
                      random_() % 2 == 0 ? " NUMERIC" : " ARRAY<STRUCT<a STRING>>");
    }
    doubtful_ = Doubt{table, after};
    if (!RunStatement(served, client, sql)) return;
    columns = std::move(after);
    doubtful_.reset();
    ++seen_["statements"];
  }
}

void ColumnLoad::Check(const std::map<std::string, StoredTable>& stored) {
  seen_["kills during a statement"] += doubtful_.has_value();
  for (const std::string& table : tables_) {
    std::set<std::string> shown(stored.at(table).columns.begin(), stored.at(table).columns.end());
    for (const char* fixed : {"id", "value", "text"})
      EXPECT_EQ(shown.erase(fixed), 1u) << table << "." << fixed;
    if (doubtful_ && doubtful_->table == table && shown == doubtful_->after) columns_[table] = shown;
    EXPECT_EQ(shown, columns_[table]) << table << " has neither the columns from before nor those from after";
  }
  doubtful_.reset();
}

}  // namespace bqcdc::faults
