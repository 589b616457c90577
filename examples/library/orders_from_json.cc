// Changes as JSON lines from standard input, the line number as their order; rows that the service refuses
// are printed.
//
//   orders_from_json DATASET.TABLE [COLUMNS] < changes.jsonl
//
// COLUMNS, as "note:STRING,price:NUMERIC", are added to the table, or what it has is widened to them, first.

#include <cstdio>
#include <iostream>
#include <string>

#include "bqcdc/writer/writer.h"

namespace {

absl::Status Run(const char* name, const char* columns) {
  bqcdc::WriterOptions options;
  options.on_refused = [](const bqcdc::RefusedRow& row) {
    // A real program makes the row durable here; then it may be forgotten by its source.
    std::fprintf(stderr, "line %llu was refused\n",
                 static_cast<unsigned long long>(row.sequence.sections[1]));
    return absl::OkStatus();
  };
  auto writer = bqcdc::Writer::Open(options);
  if (!writer.ok()) return writer.status();
  auto table = (*writer)->OpenTable(name);
  if (!table.ok()) return table.status();
  if (columns != nullptr) {
    const absl::Status evolved = (*table)->EvolveSchema(columns);
    if (!evolved.ok()) return evolved;
  }

  std::uint64_t line_number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const absl::Status taken = (*table)->AppendJson(line, {{(*table)->epoch(), ++line_number, 1, 0}});
    if (absl::IsInvalidArgument(taken)) {
      std::fprintf(stderr, "line %llu: %s\n", static_cast<unsigned long long>(line_number),
                   taken.ToString().c_str());
    } else if (!taken.ok()) {
      return taken;
    }
  }
  absl::Status closed = (*writer)->Close();
  std::printf("%llu of %llu lines written\n", static_cast<unsigned long long>((*table)->settled()),
              static_cast<unsigned long long>(line_number));
  return closed;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: orders_from_json DATASET.TABLE [COLUMNS]\n");
    return 2;
  }
  const absl::Status status = Run(argv[1], argc == 3 ? argv[2] : nullptr);
  if (!status.ok()) std::fprintf(stderr, "orders_from_json: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
