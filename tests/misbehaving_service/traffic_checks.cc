#include "tests/misbehaving_service/traffic_checks.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace bqcdc::misbehaving {
namespace {

using Problems = std::vector<std::string>;

// Of one row of one table.
std::string FullName(const Journal::Arrival& arrival) {
  return absl::StrCat(arrival.table, " ", arrival.row);
}

// A request that was accepted does not come again on the same call: answers would be taken for those of
// others.
void CheckNoneTwiceOnACall(const Journal& journal, Problems& problems) {
  std::map<std::int64_t, std::set<std::string>> accepted;  // rows by call
  for (const Journal::Arrival& arrival : journal.arrivals) {
    if (accepted[arrival.call].contains(FullName(arrival))) {
      problems.push_back(absl::StrCat("row ", FullName(arrival), " came again on call ", arrival.call,
                                      " that had accepted it"));
    }
    if (journal.requests[static_cast<std::size_t>(arrival.request)].answered_ok)
      accepted[arrival.call].insert(FullName(arrival));
  }
}

// A row may go again only when its request was refused or left unanswered, or when its answer may have been
// lost with the call: at most the window's last ones.
void CheckResends(const Journal& journal, int requests_in_flight, Problems& problems) {
  std::int64_t allowed = 0;
  std::map<std::int64_t, std::vector<std::int64_t>> answered_of_call;
  for (const Journal::Request& request : journal.requests) {
    if (request.answered_ok) {
      answered_of_call[request.call].push_back(request.rows);
    } else {
      allowed += request.rows;
    }
  }
  for (const auto& [call, rows] : answered_of_call) {
    const std::size_t window = std::min<std::size_t>(rows.size(), requests_in_flight);
    for (std::size_t i = rows.size() - window; i < rows.size(); ++i) allowed += rows[i];
  }
  const std::int64_t resent = CountResentRows(journal);
  if (resent > allowed) {
    problems.push_back(absl::StrCat(resent, " rows were sent again, at most ", allowed, " had a reason"));
  }
}

bool NewerCallDelivered(const Journal& journal, std::int64_t call, std::size_t before) {
  for (std::size_t i = before; i-- > 0;) {
    if (journal.arrivals[i].call > call) return true;
  }
  return false;
}

}  // namespace

std::int64_t CountResentRows(const Journal& journal) {
  std::int64_t arrived = 0;
  for (const Journal::Request& request : journal.requests) arrived += request.rows;
  std::set<std::string> distinct;
  for (const Journal::Arrival& arrival : journal.arrivals) distinct.insert(FullName(arrival));
  return arrived - static_cast<std::int64_t>(distinct.size());
}

std::vector<std::string> CheckTraffic(const Journal& journal, const TrafficLimits& limits) {
  Problems problems;
  for (const std::string& fault : journal.protocol_faults)
    problems.push_back(absl::StrCat("protocol: ", fault));
  for (const Journal::Call& call : journal.calls) {
    if (call.unanswered_max > limits.requests_in_flight) {
      problems.push_back(absl::StrCat(call.unanswered_max, " requests under way on one call, the window is ",
                                      limits.requests_in_flight));
    }
  }
  if (journal.unsettled_rows_max > limits.unsettled_rows) {
    problems.push_back(
        absl::StrCat(journal.unsettled_rows_max, " rows in memory, the bound is ", limits.unsettled_rows));
  }
  CheckResends(journal, limits.requests_in_flight, problems);
  CheckNoneTwiceOnACall(journal, problems);
  return problems;
}

std::vector<std::string> CheckKeyOrder(const Journal& journal, const FindLine& find_line) {
  Problems problems;
  std::set<std::string> seen;
  std::map<std::string, std::int64_t> last_line;
  for (std::size_t i = 0; i < journal.arrivals.size(); ++i) {
    const Journal::Arrival& arrival = journal.arrivals[i];
    // What a broken call still delivers after a newer call has begun to may be older than it looks. The
    // newer one may be of another connection: then the row has come, and when is not known.
    const Journal::Call& call = journal.calls[static_cast<std::size_t>(arrival.call)];
    if (call.broken && NewerCallDelivered(journal, arrival.call, i)) {
      seen.insert(FullName(arrival));
      continue;
    }
    if (!seen.insert(FullName(arrival)).second) continue;
    const std::int64_t line = find_line(arrival.table, arrival.row);
    if (line == 0) {
      problems.push_back(absl::StrCat("a row that is not in the input came: ", FullName(arrival)));
      continue;
    }
    std::int64_t& last = last_line[absl::StrCat(arrival.table, " ", arrival.key)];
    if (line < last) {
      problems.push_back(absl::StrCat("table ", arrival.table, ", key ", arrival.key, ": line ", line,
                                      " came for the first time after line ", last));
    }
    last = std::max(last, line);
  }
  return problems;
}

}  // namespace bqcdc::misbehaving
