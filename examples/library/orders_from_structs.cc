// Upserts of a program's own structs.
//
//   orders_from_structs DATASET.TABLE
//
// The table: id INT64 (primary key), customer STRING, total NUMERIC, paid_at TIMESTAMP.

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "bqcdc/writer/writer.h"

namespace {

struct Order {
  std::int64_t id = 0;
  std::string customer;
  std::string total;  // decimal text: money never passes through a double
  std::optional<absl::Time> paid_at;
};

// Finds the columns once; rows are then set by handle.
class OrderTable {
 public:
  static absl::StatusOr<OrderTable> Open(bqcdc::Writer& writer, const char* name) {
    OrderTable orders;
    auto table = writer.OpenTable(name);
    if (!table.ok()) return table.status();
    orders.table_ = *table;
    for (const auto& [column, handle] :
         {std::pair{"id", &orders.id_}, std::pair{"customer", &orders.customer_},
          std::pair{"total", &orders.total_}, std::pair{"paid_at", &orders.paid_at_}}) {
      const auto found = orders.table_->Column(column);
      if (!found.ok()) return found.status();
      *handle = *found;
    }
    return orders;
  }

  // `position` is the change's place in the program's own log: a later change of an order has a larger one.
  absl::Status Upsert(const Order& order, std::uint64_t position) {
    return table_->Append(
        bqcdc::ChangeType::kUpsert, {{table_->epoch(), position, 1, 0}}, [&](bqcdc::Row& row) {
          row.SetInt64(id_, order.id).SetText(customer_, order.customer).SetText(total_, order.total);
          if (order.paid_at)
            row.SetTimestamp(paid_at_, *order.paid_at);  // else NULL: an upsert is the whole row
        });
  }
  absl::Status Delete(std::int64_t id, std::uint64_t position) {
    return table_->Append(bqcdc::ChangeType::kDelete, {{table_->epoch(), position, 1, 0}},
                          [&](bqcdc::Row& row) { row.SetInt64(id_, id); });
  }

 private:
  bqcdc::TableWriter* table_ = nullptr;
  bqcdc::ColumnHandle id_, customer_, total_, paid_at_;
};

absl::Status Run(const char* table) {
  auto writer = bqcdc::Writer::Open({});
  if (!writer.ok()) return writer.status();
  auto orders = OrderTable::Open(**writer, table);
  if (!orders.ok()) return orders.status();

  const absl::Time paid = absl::FromUnixSeconds(1'750'000'000);
  std::uint64_t position = 0;
  for (const Order& order :
       std::vector<Order>{{1, "Alice", "12.50", {}}, {2, "Bob", "7", paid}, {3, "Carol", "0.99", {}}}) {
    if (absl::Status status = orders->Upsert(order, ++position); !status.ok()) return status;
  }
  if (absl::Status status = orders->Upsert({1, "Alice", "12.50", paid}, ++position); !status.ok())
    return status;
  if (absl::Status status = orders->Delete(3, ++position); !status.ok()) return status;

  absl::Status closed = (*writer)->Close();
  const bqcdc::WriterStats stats = (*writer)->stats();
  std::printf("%lld upserts, %lld deletes\n", static_cast<long long>(stats.upserts),
              static_cast<long long>(stats.deletes));
  return closed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: orders_from_structs DATASET.TABLE\n");
    return 2;
  }
  const absl::Status status = Run(argv[1]);
  if (!status.ok()) std::fprintf(stderr, "orders_from_structs: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
