#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "bqcdc/rest/testing/fake_rest_service.h"
#include "bqcdc/write/storage_channel.h"
#include "tests/misbehaving_service/fault.h"
#include "tests/misbehaving_service/idle_clock.h"
#include "tests/oracle/cdc_oracle.h"

namespace bqcdc::misbehaving {

// Mistakes that a writer could make, played on its wire behind its back: what came is changed as if a writer
// with the mistake had sent it, what is answered as if it had understood it so.
enum class WireMutant {
  kNone,
  kDropsResends,            // what was unanswered when a call ended is not sent again
  kReleasesNewerFirst,      // a request overtakes the one before it
  kForgetsIndexOffset,      // indexes of bad rows are taken for those of other rows
  kRenumbersResends,        // a row that goes again gets a new, higher sequence number
  kTrustsPassingRowErrors,  // row details under a passing fault set rows aside
};
inline constexpr int kWireMutantCount = static_cast<int>(WireMutant::kTrustsPassingRowErrors) + 1;
std::string_view WireMutantName(WireMutant mutant);

// What the service saw, for the checks of a history. Rows are named by RowName().
struct Journal {
  struct Arrival {
    std::int64_t call = 0;
    std::int64_t request = 0;
    std::string table;  // "p.d.t"
    std::string key;    // KeyName()
    std::string row;
    bool unfit = false;
  };
  struct Request {
    std::int64_t call = 0;
    std::int64_t rows = 0;
    std::size_t bytes = 0;
    bool answered_ok = false;
  };
  struct Call {
    std::int64_t arrivals_before = 0;  // when it began
    bool broken = false;               // ended by the client or the network
    int unanswered_max = 0;
  };
  std::vector<Arrival> arrivals;
  std::vector<Request> requests;
  std::vector<Call> calls;
  std::map<FaultKind, std::int64_t> struck;
  std::vector<std::string> protocol_faults;
  std::int64_t late_appends = 0;        // applied after their call had ended
  std::int64_t unsettled_rows_max = 0;  // distinct good rows that had come and were not answered ok
  std::int64_t appends_after_recreation = 0;
  std::int64_t idle_closes = 0, unauthenticated_calls = 0;
};

// One name for a key, of its columns in one order; and for a row: key, number, operation, value.
std::string KeyName(const oracle::Key& key);
std::string RowName(const oracle::Row& row);

// An AppendRows service on a free port of loopback: real gRPC, tables whose state is the oracle's, any number
// of calls and tables, and faults by a script. Its time is the given clock's. Thread-safe.
class MisbehavingService {
 public:
  // All must outlive the service. `rest` is told where a fault concerns the table itself.
  MisbehavingService(Script script, IdleClock& clock, rest::testing::FakeRestService& rest,
                     WireMutant mutant = WireMutant::kNone);
  ~MisbehavingService();

  // Whether a call with this authorization ("Bearer x", empty where it has none) is taken; UNAUTHENTICATED
  // ends it else. To be set before the first call.
  void SetAuthorization(std::function<bool(const std::string& authorization)> accepts);
  // Where it listens, for a channel of one's own.
  std::string target() const;

  // A channel of its own to the service, with short patience for connections.
  write::StorageChannel MakeChannel() const;

  // What a query of the table ("p.d.t") shows, after whatever is still held back was applied.
  oracle::View Show(const std::string& table);
  Journal journal() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bqcdc::misbehaving
