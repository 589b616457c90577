#pragma once

#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/faults/append_load.h"
#include "tests/faults/load.h"

namespace bqcdc::faults {

// Created streams of one type, one after the other: appends at explicit offsets with several in flight,
// flushes of BUFFERED ones, Finalize, and an atomic commit of several where they are PENDING.
class StreamLoad : public Load {
 public:
  StreamLoad(std::string table, v1::WriteStream::Type type, uint64_t seed)
      : Load(std::move(table)), type_(type), random_(seed) {}
  void Run(Served& served) override;
  void Check(const std::map<std::string, StoredTable>& stored) override;

 private:
  struct Stream {
    std::string name;          // empty: not created yet
    size_t requests_max = 0;   // that it shall get
    std::vector<int64_t> ids;  // of the rows that were sent
    size_t acknowledged = 0;   // requests
    // Rows of a BUFFERED stream: flushed for certain, and perhaps.
    size_t flushed = 0, flush_sent = 0;
    bool finalize_sent = false;
  };

  // All of these: false when the server is gone, or the test has failed.
  bool Fill(Served& served, Stream& stream);
  bool Create(Served& served, Stream& stream);
  bool FindAgain(Served& served, const Stream& stream);
  bool Append(Served& served, Stream& stream);
  bool Flush(Served& served, Stream& stream);
  bool Finalize(Served& served, Stream& stream);
  bool CommitGroup(Served& served);

  void BeginGroup();
  void EndGroup();
  std::vector<LoadRow> RowsOf(Stream& stream, size_t request);
  bool Settle(const Stream& stream, const v1::AppendRowsResponse& response, bool sent_before);
  bool Succeeded(const Served& served, const grpc::Status& status, const char* call);
  void CheckStream(Stream& stream, size_t shown);  // which also tells whether a flush has happened

  const v1::WriteStream::Type type_;
  std::mt19937_64 random_;
  int64_t next_id_ = 1;
  std::vector<Stream> group_;  // that are under way; several only of PENDING ones
  bool commit_sent_ = false;
  std::set<int64_t> settled_;  // rows of streams that are done: they show
};

}  // namespace bqcdc::faults
