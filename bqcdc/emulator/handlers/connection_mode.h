#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bqcdc/emulator/convert/decoded_rows.h"

namespace bqcdc::emulator::handlers {

// A connection either inserts or changes rows, never both: "The given value is not a valid CHANGE_TYPE"
// (https://cloud.google.com/bigquery/docs/change-data-capture#limitations). The first accepted request that
// says
// `_CHANGE_TYPE` for a table with a primary key decides, by its first row. Not thread-safe: requests of a
// connection are judged one after the other.
class ConnectionMode {
 public:
  enum class Mode : uint8_t { kOpen, kInsert, kUpsert };
  // Whether all destinations of a connection share one mode, as the documentation's words say, or have one
  // each.
  enum class Scope : uint8_t { kConnection, kDestination };

  // What a request asks for.
  struct Request {
    std::string destination;       // any name of the table, used with kDestination
    bool has_change_type = false;  // in the writer schema
    bool has_primary_key = false;  // of the table
    bool inserts_only = false;     // a created stream; it leaves the connection's mode as it is
    size_t row_count = 0;
    std::span<const convert::ChangeKind> kinds;  // by row; empty without `_CHANGE_TYPE`
  };
  struct Verdict {
    // UPSERT or DELETE for a table without a primary key: the request is refused as a whole.
    bool needs_primary_key = false;
    std::vector<convert::RowFault> faults;  // by rising index
    Mode mode = Mode::kOpen;                // the connection's, if the request is accepted
    bool good() const { return !needs_primary_key && faults.empty(); }
  };

  explicit ConnectionMode(Scope scope) : scope_(scope) {}

  Verdict Judge(const Request& request) const;
  // The request was accepted: from now on its mode holds. A refused request decides nothing.
  void Accept(const Request& request, const Verdict& verdict);
  Mode mode(const std::string& destination) const;

 private:
  const Scope scope_;
  std::map<std::string, Mode> modes_;  // one entry with an empty name for kConnection
};

}  // namespace bqcdc::emulator::handlers
