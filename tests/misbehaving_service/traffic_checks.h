#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/misbehaving_service/misbehaving_service.h"

namespace bqcdc::misbehaving {

// What a writer may have under way.
struct TrafficLimits {
  int requests_in_flight = 1;       // on each call
  std::int64_t unsettled_rows = 0;  // in its memory
};

// Which line of its table's input a row is of, by RowName(); 0 = of none.
using FindLine = std::function<std::int64_t(const std::string& table, const std::string& row)>;

// Each returns what is wrong; empty = nothing.

// Protocol, windows, memory; a row goes again only with a reason, and never on a call that has accepted it.
std::vector<std::string> CheckTraffic(const Journal& journal, const TrafficLimits& limits);
// Rows of one key come for the first time in the order of the input, and no row is of no line.
std::vector<std::string> CheckKeyOrder(const Journal& journal, const FindLine& find_line);

// How many rows came that had come before.
std::int64_t CountResentRows(const Journal& journal);

}  // namespace bqcdc::misbehaving
