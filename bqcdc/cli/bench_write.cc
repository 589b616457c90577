#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/cli/bench_rows.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/flag_values.h"
#include "bqcdc/cli/log.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/rest/table_admin.h"
#include "bqcdc/write/limits.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc::cli {
namespace {

constexpr std::uint64_t kBatchBytesMost = write::kRequestBytesMaxDefault;
constexpr std::uint64_t kRowBytesMost = 8 * 1024 * 1024;  // and its other columns, in one request

struct Flags {
  std::string dataset;
  std::string schema = "id:INT64,payload:STRING";
  std::string primary_key = "id";
  std::string row_bytes = "100", batch_bytes = "1MiB";
  int tables = 1, threads = 1, connections = 4, requests_in_flight = 16;
  std::int64_t rows = 1'000'000, keys = 0;
  int deletes = 0;  // percent
  bool keep = false;
  std::string format = "table";
};

struct Figures {
  std::int64_t rows = 0, deletes = 0, row_bytes = 0, requests = 0, retries = 0;
  int connections = 0;
  double seconds = 0, cpu_seconds = 0;
  std::int64_t resident_kib = 0;
  absl::Duration p50, p99;
};

double CpuSeconds() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

std::int64_t ResidentKiB() {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss;
}

class BenchWrite {
 public:
  BenchWrite(const Flags& flags, std::shared_ptr<Session> session)
      : flags_(flags),
        session_(std::move(session)),
        changes_(flags.keys > 0 ? flags.keys : flags.rows, flags.deletes) {}

  absl::StatusOr<Figures> Run() {
    BQCDC_ASSIGN_OR_RETURN(batch_bytes_,
                           ParseByteSize("--batch-bytes", flags_.batch_bytes, 1, kBatchBytesMost));
    BQCDC_ASSIGN_OR_RETURN(row_bytes_, ParseByteSize("--row-bytes", flags_.row_bytes, 1, kRowBytesMost));
    BQCDC_RETURN_IF_ERROR(MakeTables());
    absl::StatusOr<Figures> figures = Write();
    if (figures.ok()) {
      const absl::Status counted = CountRows();
      if (!counted.ok()) figures = counted;
    }
    if (!flags_.keep) {
      for (const rest::TableName& name : names_) {
        const absl::Status dropped =
            session_->client().QueryAll(absl::StrCat("DROP TABLE ", name.Quoted())).status();
        if (!dropped.ok() && figures.ok()) figures = dropped;
      }
    }
    return figures;
  }

 private:
  // Told by the name that was given, not by those of the tables that are to be made.
  absl::Status CheckDataset() {
    const absl::Status status = session_->ParseTable(absl::StrCat(flags_.dataset, ".t")).status();
    if (status.ok() || flags_.dataset.find('.') == std::string::npos) return status;
    return WrongUsage(absl::StrCat("'", flags_.dataset, "' is no dataset; give DATASET or PROJECT.DATASET"));
  }

  // Names that nobody else has: no table of the person's is ever written to.
  absl::Status MakeTables() {
    BQCDC_ASSIGN_OR_RETURN(schema_, ReadSchemaFlags(flags_.schema, flags_.primary_key));
    BQCDC_RETURN_IF_ERROR(CheckDataset());
    const std::string run = absl::StrCat(absl::Hex(std::random_device()(), absl::kZeroPad8));
    for (int i = 0; i < flags_.tables; ++i) {
      rest::TableSpec spec;
      spec.schema = schema_;
      BQCDC_ASSIGN_OR_RETURN(
          spec.name, session_->ParseTable(absl::StrCat(flags_.dataset, ".bqcdc_bench_", run, "_", i)));
      BQCDC_RETURN_IF_ERROR(rest::CreateTable(session_->client(), spec).status());
      names_.push_back(spec.name);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Figures> Write() {
    WriterParts parts;
    parts.owner = session_;
    parts.client = &session_->client();
    parts.channels = [session = session_] { return session->OpenStorageChannel(); };
    parts.clock = &session_->clock();
    parts.parse_table = [session = session_](std::string_view text) { return session->ParseTable(text); };
    WriterOptions options;
    options.connections_max = flags_.connections;
    options.requests_in_flight_max = flags_.requests_in_flight;
    options.batch_bytes = batch_bytes_;
    options.trace_id = "bqcdc:bench";
    BQCDC_ASSIGN_OR_RETURN(const std::unique_ptr<Writer> writer,
                           WriterOpener::Open(std::move(parts), options));
    std::vector<TableWriter*> tables;
    std::vector<BenchRows> rows;
    for (const rest::TableName& name : names_) {
      BQCDC_ASSIGN_OR_RETURN(TableWriter* const table, writer->OpenTable(name.ToString()));
      BQCDC_ASSIGN_OR_RETURN(BenchRows maker, BenchRows::Create(schema_, *table, row_bytes_));
      tables.push_back(table);
      rows.push_back(std::move(maker));
    }

    const double cpu = CpuSeconds();
    const absl::Time start = absl::Now();
    std::atomic<std::int64_t> next{0};
    absl::Mutex mutex;
    absl::Status failed;
    std::vector<std::thread> threads;
    for (int t = 0; t < flags_.threads; ++t) {
      threads.emplace_back([&] {
        constexpr std::int64_t kBlock = 1000;
        for (std::int64_t block; (block = next.fetch_add(kBlock)) < flags_.rows;) {
          for (std::int64_t n = block; n < std::min(block + kBlock, flags_.rows); ++n) {
            const std::size_t i = static_cast<std::size_t>(n) % tables.size();
            const absl::Status taken =
                rows[i].Append(*tables[i], changes_.At(n / static_cast<std::int64_t>(tables.size())), n,
                               {{tables[i]->epoch(), static_cast<std::uint64_t>(n + 1), 1, 0}});
            if (taken.ok()) continue;
            absl::MutexLock lock(&mutex);
            failed.Update(taken);
            return;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    BQCDC_RETURN_IF_ERROR(failed);
    BQCDC_RETURN_IF_ERROR(writer->Flush());
    const int connections = writer->stats().connections;  // none after Close
    BQCDC_RETURN_IF_ERROR(writer->Close());
    const WriterStats stats = writer->stats();
    Figures figures;
    figures.seconds = absl::ToDoubleSeconds(absl::Now() - start);
    figures.cpu_seconds = CpuSeconds() - cpu;
    figures.rows = stats.upserts + stats.deletes;
    figures.deletes = stats.deletes;
    figures.row_bytes = stats.bytes;
    figures.requests = stats.requests;
    figures.retries = stats.retries;
    figures.connections = connections;
    figures.resident_kib = ResidentKiB();
    figures.p50 = stats.acknowledge_p50;
    figures.p99 = stats.acknowledge_p99;
    if (figures.rows != flags_.rows)
      return absl::DataLossError(absl::StrCat(figures.rows, " of ", flags_.rows, " rows were acknowledged"));
    return figures;
  }

  // A rate of rows that are not there is none.
  absl::Status CountRows() {
    std::int64_t total = 0;
    for (const rest::TableName& name : names_) {
      auto page = session_->client().QueryAll(absl::StrCat("SELECT COUNT(*) FROM ", name.Quoted()));
      // A sink that counts rows without keeping them cannot be asked.
      if (page.status().code() == absl::StatusCode::kUnimplemented || absl::IsNotFound(page.status())) {
        Tell("the server answers no queries: the rows were acknowledged, but not counted");
        return absl::OkStatus();
      }
      BQCDC_RETURN_IF_ERROR(page.status());
      if (page->rows.empty() || page->rows[0].empty()) return absl::DataLossError("a count without a row");
      total += std::atoll(page->rows[0][0].text.c_str());
    }
    const std::int64_t tables = flags_.tables;
    std::int64_t want = 0;
    for (std::int64_t i = 0; i < tables; ++i) {
      const std::int64_t rows = flags_.rows / tables + (i < flags_.rows % tables ? 1 : 0);
      want += changes_.RowsAfter(rows);
    }
    if (total == want) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("the tables hold ", total, " rows, right is ", want));
  }

  const Flags& flags_;
  const std::shared_ptr<Session> session_;
  const BenchChanges changes_;  // of each table
  std::uint64_t batch_bytes_ = 0, row_bytes_ = 0;
  schema::TableSchema schema_;
  std::vector<rest::TableName> names_;
};

void PrintTable(const Flags& flags, const Figures& f) {
  const auto rate = [&](double amount) { return static_cast<std::int64_t>(amount / f.seconds); };
  const std::string deletes =
      f.deletes == 0 ? "" : absl::StrCat(" (", pipeline::CountOf(f.deletes, "delete"), ")");
  std::printf("%s rows%s of %.0f B to %d table%s, at most %d connections (%d used), %d thread%s\n",
              pipeline::FormatCount(f.rows).c_str(), deletes.c_str(),
              static_cast<double>(f.row_bytes) / static_cast<double>(f.rows), flags.tables,
              flags.tables == 1 ? "" : "s", flags.connections, f.connections, flags.threads,
              flags.threads == 1 ? "" : "s");
  const std::pair<const char*, std::string> lines[] = {
      {"rows/s", pipeline::FormatCount(rate(static_cast<double>(f.rows)))},
      {"bytes/s", pipeline::FormatBytes(static_cast<double>(f.row_bytes) / f.seconds)},
      {"rows per CPU second",
       pipeline::FormatCount(static_cast<std::int64_t>(static_cast<double>(f.rows) / f.cpu_seconds))},
      {"requests", absl::StrCat(pipeline::FormatCount(f.requests), " (", f.retries, " again)")},
      {"acknowledged, p50", absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(f.p50))},
      {"acknowledged, p99", absl::StrFormat("%.1f ms", absl::ToDoubleMilliseconds(f.p99))},
      {"resident memory", pipeline::FormatBytes(static_cast<double>(f.resident_kib) * 1024)},
      {"seconds", absl::StrFormat("%.2f", f.seconds)},
  };
  for (const auto& [name, value] : lines) std::printf("  %-20s %14s\n", name, value.c_str());
}

void PrintJson(const Flags& flags, const Figures& f) {
  const nlohmann::ordered_json object = {
      {"rows", f.rows},
      {"deletes", f.deletes},
      {"row_bytes", f.row_bytes},
      {"tables", flags.tables},
      {"connections_max", flags.connections},
      {"connections", f.connections},
      {"threads", flags.threads},
      {"seconds", f.seconds},
      {"rows_per_second", static_cast<double>(f.rows) / f.seconds},
      {"bytes_per_second", static_cast<double>(f.row_bytes) / f.seconds},
      {"cpu_seconds", f.cpu_seconds},
      {"rows_per_cpu_second", static_cast<double>(f.rows) / f.cpu_seconds},
      {"requests", f.requests},
      {"retries", f.retries},
      {"acknowledge_p50_ms", absl::ToDoubleMilliseconds(f.p50)},
      {"acknowledge_p99_ms", absl::ToDoubleMilliseconds(f.p99)},
      {"resident_bytes", f.resident_kib * 1024},
  };
  std::printf("%s\n", object.dump(2).c_str());
}

absl::Status Run(const CommonFlags& common, const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(std::unique_ptr<Session> session, OpenSession(common));
  BQCDC_ASSIGN_OR_RETURN(const Figures figures, BenchWrite(flags, std::move(session)).Run());
  flags.format == "json" ? PrintJson(flags, figures) : PrintTable(flags, figures);
  return absl::OkStatus();
}

}  // namespace

void AddBenchCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  CLI::App* bench = app.add_subcommand("bench", "Measure how fast rows can be written to an endpoint");
  bench->fallthrough();
  bench->require_subcommand(1);
  auto flags = std::make_shared<Flags>();
  CLI::App* command = bench->add_subcommand(
      "write", "Make tables, write rows to them as fast as they are taken, count them, drop the tables");
  command->fallthrough();
  command->add_option("DATASET", flags->dataset, "Where the tables are made: DATASET or PROJECT.DATASET")
      ->required();
  const auto option = [&](const char* name, auto& value, const char* text) {
    return command->add_option(name, value, text)->capture_default_str();
  };
  option(
      "--schema", flags->schema,
      "Columns of any types as id:INT64,payload:STRING, or @FILE with BigQuery's JSON schema; with STRUCT or "
      "RANGE rows are made as JSON, which takes longer");
  option("--primary-key", flags->primary_key, "Columns of the key");
  option("--row-bytes", flags->row_bytes, "Bytes of a row, about; texts are made as long as that takes");
  option("--rows", flags->rows, "Rows to write, all tables together")->check(AtLeast(1));
  option("--keys", flags->keys, "Different keys of a table; 0 = each row has its own")->check(AtLeast(0));
  option("--deletes", flags->deletes, "Percent of the rows that are deletes, of the key before")
      ->check(CLI::Range(0, 100));
  option("--tables", flags->tables, "Tables")->check(CLI::Range(1, 1000));
  option("--connections", flags->connections, "Connections at most")->check(CLI::Range(1, 100));
  option("--requests-in-flight", flags->requests_in_flight, "Requests that may wait for their answer on each")
      ->check(CLI::Range(1, 1000));
  option("--batch-bytes", flags->batch_bytes, "Bytes of a request");
  option("--threads", flags->threads, "Threads that make rows")->check(CLI::Range(1, 64));
  command->add_flag("--keep", flags->keep, "Do not drop the tables");
  command->add_option("--format", flags->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->option_text("FORMAT")
      ->default_str("table");
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::Status status = Run(common, *flags);
      return status.ok() ? kDone : ReportError(status, ExitCodeOf(status));
    };
  });
}

}  // namespace bqcdc::cli
