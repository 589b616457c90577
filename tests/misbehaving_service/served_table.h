#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "bqcdc/write/append_result.h"
#include "tests/oracle/cdc_oracle.h"

namespace google::protobuf {
class DynamicMessageFactory;
class DescriptorPool;
class Message;
}  // namespace google::protobuf

namespace bqcdc::misbehaving {

// Columns of every table that is served: id INT64, value INT64, note STRING, region STRING, day DATE. A key
// is `id` alone, or it with `region`, or with both `region` and `day`, in any order.
inline constexpr char kSchemaFields[] =
    R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"value","type":"INTEGER"},{"name":"note","type":"STRING"},{"name":"region","type":"STRING"},{"name":"day","type":"DATE"}])";
// The same after somebody has added a column.
inline constexpr char kWidenedSchemaFields[] =
    R"([{"name":"id","type":"INTEGER","mode":"REQUIRED"},{"name":"value","type":"INTEGER"},{"name":"note","type":"STRING"},{"name":"region","type":"STRING"},{"name":"day","type":"DATE"},{"name":"added","type":"STRING"}])";
inline constexpr std::string_view kSingleKey = R"(["id"])";
// The service refuses rows whose note begins so.
inline constexpr std::string_view kUnfitNote = "unfit";

// Reads rows by the writer schema that came with them, with protobuf's own reflection.
class RowReader {
 public:
  // InvalidArgument where the descriptor is none of a change row.
  static absl::StatusOr<std::shared_ptr<RowReader>> Create(const std::string& descriptor);
  ~RowReader();

  absl::StatusOr<oracle::Row> Read(const std::string& bytes) const;

 private:
  RowReader() = default;

  std::unique_ptr<google::protobuf::DescriptorPool> pool_;
  std::unique_ptr<google::protobuf::DynamicMessageFactory> factory_;
  const google::protobuf::Message* prototype_ = nullptr;
};

// What the rows of a request that the service finds bad are told. Empty = all are good.
std::vector<write::RowError> FindUnfitRows(const std::vector<oracle::Row>& rows);

// A table of the service: its state is the oracle's, so the semantics of changes are not written here. Not
// thread-safe.
class ServedTable {
 public:
  struct Options {
    oracle::Shape shape = oracle::Shape::kSingleKey;
    bool shuffles_rows = false;
    bool forgets_numbers = false;
    std::uint64_t seed = 0;
  };
  explicit ServedTable(Options options);

  void Append(std::vector<oracle::Row> rows, absl::Time now);
  // What a query shows.
  oracle::View Show(absl::Time now) const;
  std::int64_t append_count() const { return append_count_; }

 private:
  const Options options_;
  std::mt19937_64 random_;
  oracle::CdcOracle oracle_;
  std::int64_t last_micros_ = 0;
  std::int64_t last_apply_ = 0;
  std::int64_t append_count_ = 0;
};

}  // namespace bqcdc::misbehaving
