#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {

// One column of the SELECT list.
struct Analyzer::SelectItemState {
  std::string name;                        // empty: anonymous
  const Expression* expression = nullptr;  // null: a column of `*`
  NamedColumn star_column;                 // for `*`
  ResolvedExpressionPtr resolved;
  std::string fingerprint;
  int group = -1;  // the group that GROUP BY made of it by alias or ordinal
  ColumnId output = 0;
};

// A SELECT while it is analysed.
struct Analyzer::SelectState {
  Scope scope;
  NameList names;
  ResolvedScanPtr scan;
  std::vector<SelectItemState> items;
  const Select* select = nullptr;

  bool is_grouped = false;
  std::vector<ComputedColumn> groups;
  std::vector<std::string> group_fingerprints;
  std::vector<std::vector<int>> grouping_sets;
  std::vector<std::pair<ColumnId, int>> grouping_calls;
  std::vector<AggregateColumn> aggregates;
  std::vector<AggregateColumn> windows;
  std::set<std::string> resolving_aliases;

  struct OrderKey {
    ResolvedExpressionPtr expression;
    int item = -1;  // index of a SELECT list column instead
    bool descending = false;
    bool nulls_first = true;
    Position position;
    ColumnId id = 0;
  };
  std::vector<OrderKey> order_keys;
  ResolvedExpressionPtr having;
  ResolvedExpressionPtr qualify;
};

}  // namespace bqcdc::emulator::sql
