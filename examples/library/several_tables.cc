// Several tables over shared connections, with back pressure: TryAppend tells when there is no room, and the
// program chooses what to do meanwhile instead of waiting.
//
//   several_tables DATASET.TABLE… ROWS
//
// The tables: id INT64 (primary key), name STRING.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "bqcdc/writer/writer.h"

namespace {

struct Target {
  bqcdc::TableWriter* table;
  bqcdc::ColumnHandle id, name;
};

absl::Status Run(const std::vector<std::string>& names, int rows) {
  bqcdc::WriterOptions options;
  options.memory_bytes_max = 64 * 1024;  // tiny, so that there is something to see
  options.batch_rows = 100;
  auto writer = bqcdc::Writer::Open(options);
  if (!writer.ok()) return writer.status();
  std::vector<Target> targets;
  for (const std::string& name : names) {
    auto table = (*writer)->OpenTable(name);
    if (!table.ok()) return table.status();
    const auto id = (*table)->Column("id"), column = (*table)->Column("name");
    if (!id.ok()) return id.status();
    if (!column.ok()) return column.status();
    targets.push_back({*table, *id, *column});
  }

  long long without_room = 0;
  for (int i = 1; i <= rows; ++i) {
    for (const Target& target : targets) {
      const bqcdc::SequenceNumber number{{target.table->epoch(), static_cast<std::uint64_t>(i), 1, 0}};
      const auto fill = [&](bqcdc::Row& row) {
        row.SetInt64(target.id, i).SetText(target.name, std::to_string(i));
      };
      absl::Status taken = target.table->TryAppend(bqcdc::ChangeType::kUpsert, number, fill);
      if (absl::IsResourceExhausted(taken)) {
        ++without_room;  // A program that polls its source would stop polling here.
        taken =
            target.table->Append(bqcdc::ChangeType::kUpsert, number, fill, absl::Now() + absl::Seconds(60));
      }
      if (!taken.ok()) return taken;
    }
  }
  absl::Status closed = (*writer)->Close(absl::Now() + absl::Minutes(1));
  for (const Target& target : targets) {
    std::printf("%s: %llu rows settled\n", target.table->name().c_str(),
                static_cast<unsigned long long>(target.table->settled()));
  }
  std::printf("no room %s\n", without_room > 0 ? "now and then" : "never");
  return closed;
}

}  // namespace

int main(int argc, char** argv) {
  const int rows = argc < 3 ? 0 : std::atoi(argv[argc - 1]);
  if (rows < 1) {
    std::fprintf(stderr, "usage: several_tables DATASET.TABLE... ROWS\n");
    return 2;
  }
  const absl::Status status = Run({argv + 1, argv + argc - 1}, rows);
  if (!status.ok()) std::fprintf(stderr, "several_tables: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
