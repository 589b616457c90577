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
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/flag_values.h"
#include "bqcdc/cli/log.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/pipeline/stream_summary.h"
#include "bqcdc/rest/table_admin.h"
#include "bqcdc/writer/writer_opener.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string dataset;
  std::string schema = "id:INT64,payload:STRING";
  std::string primary_key = "id";
  std::string row_bytes = "100", batch_bytes = "1MiB";
  int tables = 1, threads = 1, connections = 4, requests_in_flight = 16;
  std::int64_t rows = 1'000'000, keys = 0;
  bool keep = false;
  std::string format = "table";
};

struct Figures {
  std::int64_t rows = 0, row_bytes = 0, requests = 0, retries = 0;
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

// What a row of one table is filled with: numbers that depend on the row in each column that takes numbers,
// and texts that share the wanted length among the columns that take text.
class RowMaker {
 public:
  static absl::StatusOr<RowMaker> Create(const schema::TableSchema& schema, const TableWriter& table,
                                         std::size_t row_bytes) {
    RowMaker maker;
    std::size_t texts = 0, others = 0;
    for (const schema::Column& column : schema.columns) {
      BQCDC_ASSIGN_OR_RETURN(const ColumnHandle handle, table.Column(column.name));
      maker.columns_.push_back({handle, column.type});
      const bool text =
          column.type == schema::ColumnType::kString || column.type == schema::ColumnType::kBytes;
      ++(text ? texts : others);
      switch (column.type) {
        case schema::ColumnType::kBool:
        case schema::ColumnType::kInt64:
        case schema::ColumnType::kFloat64:
        case schema::ColumnType::kNumeric:
        case schema::ColumnType::kBigNumeric:
        case schema::ColumnType::kString:
        case schema::ColumnType::kBytes:
        case schema::ColumnType::kDate:
        case schema::ColumnType::kTimestamp:
          if (!column.repeated()) continue;
          [[fallthrough]];
        default:
          return WrongUsage(absl::StrCat(
              "bench write cannot fill column ", column.name, " of type ", schema::SqlType(column),
              "; it takes BOOL, INT64, FLOAT64, NUMERIC, BIGNUMERIC, STRING, BYTES, "
              "DATE and TIMESTAMP"));
      }
    }
    constexpr std::size_t kBesidesBytes = 6;  // of a number with its tag, about
    const std::size_t rest = row_bytes > others * kBesidesBytes ? row_bytes - others * kBesidesBytes : 0;
    if (texts > 0) maker.filler_.assign(rest / texts, 'x');
    return maker;
  }

  // The key decides every value of the key's columns, so that equal keys are equal.
  void Fill(Row& row, std::int64_t key, std::int64_t number, const schema::TableSchema& schema) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool is_key = schema.KeyPosition(schema.columns[i].name).has_value();
      Set(row, columns_[i], is_key ? key : number, is_key);
    }
  }

 private:
  struct Target {
    ColumnHandle handle;
    schema::ColumnType type;
  };

  void Set(Row& row, const Target& column, std::int64_t value, bool is_key) const {
    switch (column.type) {
      case schema::ColumnType::kBool:
        row.SetBool(column.handle, value % 2 == 1);
        break;
      case schema::ColumnType::kFloat64:
        row.SetDouble(column.handle, static_cast<double>(value) / 2);
        break;
      case schema::ColumnType::kString:
        is_key ? row.SetText(column.handle, absl::StrCat(value)) : row.SetText(column.handle, filler_);
        break;
      case schema::ColumnType::kBytes:
        is_key ? row.SetBytes(column.handle, absl::StrCat(value)) : row.SetBytes(column.handle, filler_);
        break;
      case schema::ColumnType::kDate:
        row.SetDate(column.handle, absl::CivilDay(2024, 1, 1) + value % 365);
        break;
      case schema::ColumnType::kTimestamp:
        row.SetTimestamp(column.handle, absl::FromUnixSeconds(1'700'000'000) + absl::Microseconds(value));
        break;
      default:
        row.SetInt64(column.handle, value);
    }
  }

  std::vector<Target> columns_;
  std::string filler_;
};

class BenchWrite {
 public:
  BenchWrite(const Flags& flags, std::shared_ptr<Session> session)
      : flags_(flags), session_(std::move(session)) {}

  absl::StatusOr<Figures> Run() {
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
    BQCDC_ASSIGN_OR_RETURN(options.batch_bytes, ParseByteSize("--batch-bytes", flags_.batch_bytes));
    options.trace_id = "bqcdc:bench";
    BQCDC_ASSIGN_OR_RETURN(const std::uint64_t row_bytes, ParseByteSize("--row-bytes", flags_.row_bytes));
    BQCDC_ASSIGN_OR_RETURN(const std::unique_ptr<Writer> writer,
                           WriterOpener::Open(std::move(parts), options));
    std::vector<TableWriter*> tables;
    std::vector<RowMaker> makers;
    for (const rest::TableName& name : names_) {
      BQCDC_ASSIGN_OR_RETURN(TableWriter* const table, writer->OpenTable(name.ToString()));
      BQCDC_ASSIGN_OR_RETURN(RowMaker maker, RowMaker::Create(schema_, *table, row_bytes));
      tables.push_back(table);
      makers.push_back(std::move(maker));
    }

    const std::int64_t keys = flags_.keys > 0 ? flags_.keys : flags_.rows;
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
            const absl::Status taken = tables[i]->Append(
                ChangeType::kUpsert, {{tables[i]->epoch(), static_cast<std::uint64_t>(n + 1), 1, 0}},
                [&](Row& row) {
                  makers[i].Fill(row, n / static_cast<std::int64_t>(tables.size()) % keys, n, schema_);
                });
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
    figures.rows = stats.upserts;
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
      want += flags_.keys > 0 ? std::min(rows, flags_.keys) : rows;
    }
    if (total == want) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("the tables hold ", total, " rows, right is ", want));
  }

  const Flags& flags_;
  const std::shared_ptr<Session> session_;
  schema::TableSchema schema_;
  std::vector<rest::TableName> names_;
};

void PrintTable(const Flags& flags, const Figures& f) {
  const auto rate = [&](double amount) { return static_cast<std::int64_t>(amount / f.seconds); };
  std::printf("%s rows of %.0f B to %d table%s, at most %d connections (%d used), %d thread%s\n",
              pipeline::FormatCount(f.rows).c_str(),
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
  option("--schema", flags->schema,
         "Columns as id:INT64,payload:STRING, or @FILE with BigQuery's JSON schema");
  option("--primary-key", flags->primary_key, "Columns of the key");
  option("--row-bytes", flags->row_bytes, "Bytes of a row, about; texts are made as long as that takes");
  option("--rows", flags->rows, "Rows to write, all tables together")->check(AtLeast(1));
  option("--keys", flags->keys, "Different keys of a table; 0 = each row has its own")->check(AtLeast(0));
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
