#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "google/cloud/bigquery/storage/v1/storage.grpc.pb.h"
#include "tests/faults/store_reader.h"

// Load of one kind on a server that is killed: it knows what it was told and what may be, and goes on where
// it was when the server is back.
namespace bqcdc::faults {

// A server, and whether it has been killed: errors from then on are no surprise.
struct Served {
  google::cloud::bigquery::storage::v1::BigQueryWrite::Stub& stub;
  std::string rest;  // http://127.0.0.1:NNN
  std::atomic<bool> killed = false;
};

// Has a table of its own, `id INT64, value INT64, text STRING` in dataset `d` of project `p`.
class Load {
 public:
  explicit Load(std::string table) : table_(std::move(table)) {}
  virtual ~Load() = default;

  const std::string& table() const { return table_; }
  // Until the server is gone. In a thread of its own.
  virtual void Run(Served& served) = 0;
  // Against what the store holds after a kill, with all tables by name. Failures are those of the test.
  virtual void Check(const std::map<std::string, StoredTable>& stored) = 0;
  // How often what happened, for the report.
  const std::map<std::string, int64_t>& seen() const { return seen_; }

 protected:
  const std::string table_;
  std::map<std::string, int64_t> seen_;
};

}  // namespace bqcdc::faults
