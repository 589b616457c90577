#pragma once

#include <cstddef>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bqcdc/rest/query_result.h"

namespace bqcdc::cli {

enum class ResultFormat { kTable, kJson, kCsv };

// Prints query results page by page. Not thread-safe.
//   table  columns aligned as psql and bq do; widths come from the first page, since a result may be larger
//   than memory json   an array of objects, as `bq --format=json`: scalars as text, NULL as null csv    RFC
//   4180 with a header; NULL is empty
class ResultPrinter {
 public:
  virtual ~ResultPrinter() = default;
  virtual void Page(const std::vector<schema::Column>& columns, const std::vector<rest::Row>& rows) = 0;
  // After the last page.
  virtual void End() = 0;

  static std::unique_ptr<ResultPrinter> Create(ResultFormat format, std::FILE* out);
};

// One value as text: TIMESTAMP as "2024-01-02 03:04:05.678 UTC", STRUCT and REPEATED as JSON, NULL as "NULL".
std::string CellText(const schema::Column& column, const rest::Cell& cell);

// Columns that a character takes on a terminal are counted by code points.
std::size_t DisplayWidth(const std::string& text);

}  // namespace bqcdc::cli
