#include "bqcdc/pipeline/stream.h"

#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/checkpoint/checkpoint_file.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/flag_values.h"
#include "bqcdc/cli/log.h"
#include "bqcdc/cli/own_files.h"
#include "bqcdc/cli/progress_line.h"
#include "bqcdc/cli/repeated_warnings.h"
#include "bqcdc/cli/run_changes.h"
#include "bqcdc/cli/run_log.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/cli/stop_on_signal.h"
#include "bqcdc/metrics/exposition.h"
#include "bqcdc/metrics/metrics_server.h"
#include "bqcdc/metrics/watermark_poller.h"
#include "bqcdc/pipeline/dry_run.h"
#include "bqcdc/pipeline/resume.h"
#include "bqcdc/rest/table_watermark.h"

namespace bqcdc::cli {
namespace {

using pipeline::StreamOptions;
using pipeline::StreamOutcome;

constexpr int kEncodeThreadsMax = 64;
constexpr std::uint64_t kGiB = 1024 * 1024 * 1024;
constexpr std::uint64_t kBatchBytesMost = kGiB;
// Twice the least must hold some batches, as large as they are when they are empty; else none is filled while
// another is on its way.
constexpr std::uint64_t kBytesInFlightLeast = 1024 * 1024, kBytesInFlightMost = 16 * kGiB;
// The shortest change that there is, {"_CHANGE_TYPE":"DELETE","id":1}, has half of that.
constexpr std::uint64_t kLineBytesLeast = 64, kLineBytesMost = kGiB;

// More than four encode faster than one connection, one disk or one reader can follow.
int DefaultEncodeThreads() {
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
}

struct Flags {
  std::string table;
  std::vector<std::string> files;
  std::string dead_letter;
  std::int64_t max_bad_rows = -1;
  std::uint64_t epoch = 0;
  std::string checkpoint, checkpoint_interval = "1s";
  bool follow = false;
  bool force = false;
  std::string follow_interval = "200ms";
  bool dry_run = false;
  std::string schema, primary_key;
  std::string evolve_schema;
  std::string batch_bytes = "1MiB", request_bytes_max = "9MiB", bytes_in_flight = "24MiB",
              line_bytes_max = "16MiB";
  std::int64_t batch_rows = 50'000;
  int requests_in_flight = 16;
  int connections_max = 4;
  int encode_threads = DefaultEncodeThreads();
  std::string flush_interval = "1s", retry_timeout = "10m", schema_timeout = "10m", drain_timeout = "20s",
              claim_check_interval = "60s";
  int retry_attempts = 0;  // 0 = no limit
  std::string rate_limit;
  std::string target_latency;
  int metrics_port = -1;  // negative = none
  std::string health_timeout = "2m";
};

constexpr std::uint64_t kMemoryPerInFlight = 2;  // encoded rows and the lines they came from

absl::StatusOr<StreamOptions> ReadOptions(const Flags& flags) {
  StreamOptions options;
  constexpr absl::Duration kNone = absl::ZeroDuration(), kShort = absl::Milliseconds(1);
  BQCDC_ASSIGN_OR_RETURN(options.batch.batch_bytes,
                         ParseByteSize("--batch-bytes", flags.batch_bytes, 1, kBatchBytesMost));
  // The largest that any project takes.
  BQCDC_ASSIGN_OR_RETURN(options.request_bytes_max,
                         ParseByteSize("--max-request-bytes", flags.request_bytes_max,
                                       write::kRequestBytesMin, 2 * write::kServiceRequestBytesMax));
  BQCDC_ASSIGN_OR_RETURN(
      options.bytes_in_flight_max,
      ParseByteSize("--bytes-in-flight", flags.bytes_in_flight, kBytesInFlightLeast, kBytesInFlightMost));
  BQCDC_ASSIGN_OR_RETURN(options.input.line_bytes_max, ParseByteSize("--max-line-bytes", flags.line_bytes_max,
                                                                     kLineBytesLeast, kLineBytesMost));
  BQCDC_ASSIGN_OR_RETURN(options.batch.flush_interval,
                         ParseDurationFlag("--flush-interval", flags.flush_interval, kNone));
  options.patience.names = {"--retry-timeout", "--retry-attempts", "--schema-timeout"};
  options.patience.retry_attempts_max = flags.retry_attempts;
  BQCDC_ASSIGN_OR_RETURN(options.patience.retry_time_max,
                         ParseDurationFlag("--retry-timeout", flags.retry_timeout, kShort));
  BQCDC_ASSIGN_OR_RETURN(options.patience.schema_time_max,
                         ParseDurationFlag("--schema-timeout", flags.schema_timeout, kShort));
  BQCDC_ASSIGN_OR_RETURN(options.drain_time_max,
                         ParseDurationFlag("--drain-timeout", flags.drain_timeout, kNone));
  BQCDC_ASSIGN_OR_RETURN(
      options.claim_check_interval,
      ParseDurationFlag("--claim-check-interval", flags.claim_check_interval, absl::Milliseconds(10)));
  BQCDC_ASSIGN_OR_RETURN(options.checkpoint_interval,
                         ParseDurationFlag("--checkpoint-interval", flags.checkpoint_interval, kShort));
  BQCDC_ASSIGN_OR_RETURN(options.input.follow_interval,
                         ParseDurationFlag("--follow-interval", flags.follow_interval, kShort));
  if (!flags.target_latency.empty()) {
    BQCDC_ASSIGN_OR_RETURN(options.target_latency,
                           ParseDurationFlag("--target-latency", flags.target_latency, kShort));
  }
  if (!flags.evolve_schema.empty()) {
    // A word that slipped in would become a column of the table.
    BQCDC_ASSIGN_OR_RETURN(options.evolve_to, ReadColumnsFlag("--evolve-schema", flags.evolve_schema,
                                                              schema::UntypedColumn::kIsRefused));
  }
  if (!flags.rate_limit.empty()) {
    BQCDC_ASSIGN_OR_RETURN(options.rate_limit, ParseRateLimit("--rate-limit", flags.rate_limit));
  }
  // Its default gives way to smaller requests.
  if (options.batch.batch_bytes > options.request_bytes_max && flags.batch_bytes != Flags().batch_bytes) {
    return WrongUsage(absl::StrCat("--batch-bytes ", flags.batch_bytes, " is more than --max-request-bytes ",
                                   flags.request_bytes_max, " lets through"));
  }
  options.input.follow = flags.follow;
  options.batch.batch_rows = flags.batch_rows;
  options.requests_in_flight_max = flags.requests_in_flight;
  options.connections_max = flags.connections_max;
  options.encode_threads = flags.encode_threads;
  // A window for each connection, and one that is being filled.
  options.memory.batches = static_cast<std::size_t>(flags.requests_in_flight) *
                           (static_cast<std::size_t>(flags.connections_max) + 1);
  options.memory.bytes = kMemoryPerInFlight * options.bytes_in_flight_max;
  options.bad_rows_max = flags.max_bad_rows;
  options.resume_epoch = flags.epoch;
  options.replay_old = flags.force;
  options.trace_id = "bqcdc:" BQCDC_VERSION;
  return options;
}

// `resumable`: a run that was stopped has lost nothing, the next one goes on.
int Report(const StreamOutcome& outcome, const std::string& table, const std::string& dead_letter,
           bool resumable) {
  const pipeline::StreamSummary& summary = outcome.summary;
  if (outcome.status.ok() && !summary.interrupted && summary.lines_before > 0 &&
      summary.lines == summary.lines_before) {
    Tell(absl::StrCat(table, ": nothing to do: the input was read to its end, line ", summary.lines,
                      ", by an earlier run"));
    return kDone;
  }
  // A run that failed before its first line has nothing to tell but why.
  if (outcome.status.ok() || outcome.summary.lines > 0) {
    Tell(pipeline::FormatSummary(outcome.summary, table, dead_letter));
  }
  if (!outcome.status.ok()) return ReportError(outcome.status, ExitCodeOf(outcome.status));
  if (outcome.summary.interrupted && !resumable) {
    return ReportError(absl::CancelledError(
        absl::StrCat("interrupted: lines after ", outcome.summary.lines, " were not sent")));
  }
  return outcome.summary.set_aside > 0 ? kRowsSetAside : kDone;
}

// Shows a run to those who watch it from outside.
class Watching {
 public:
  // All must outlive it.
  static absl::StatusOr<std::unique_ptr<Watching>> Start(const Flags& flags, const rest::TableName& table,
                                                         Session& session, pipeline::RunMeter& meter,
                                                         absl::Duration silence_max) {
    auto watching = std::make_unique<Watching>();
    if (flags.metrics_port < 0) return watching;
    metrics::MetricsServerOptions options;
    options.port = flags.metrics_port;
    options.health = [&meter, silence_max] { return pipeline::HealthOf(meter.Snapshot(), silence_max); };
    options.exposition = [&meter, silence_max] {
      const pipeline::RunSnapshot run = meter.Snapshot();
      return metrics::Exposition(run, pipeline::HealthOf(run, silence_max), BQCDC_VERSION);
    };
    BQCDC_ASSIGN_OR_RETURN(watching->server_, metrics::MetricsServer::Start(std::move(options)));
    const int port = watching->server_->port();
    Tell(absl::StrCat("metrics on http://127.0.0.1:", port, "/metrics"),
         absl::StrCat(R"("event":"metrics","port":)", port));
    watching->watermark_.emplace([&session, table] { return rest::ReadWatermark(session.client(), table); },
                                 meter, session.clock());
    return watching;
  }

 private:
  std::unique_ptr<metrics::MetricsServer> server_;
  std::optional<metrics::WatermarkPoller> watermark_;
};

absl::Status CheckFlags(const Flags& flags) {
  if (flags.follow && (flags.files.size() != 1 || flags.files.front() == "-")) {
    return WrongUsage("--follow takes one FILE; a pipe is read until it is closed in any case");
  }
  if (flags.dry_run && (flags.follow || !flags.checkpoint.empty()))
    return WrongUsage("--dry-run sends nothing, so there is nothing to follow or to keep a checkpoint of");
  if (flags.dry_run && !flags.evolve_schema.empty()) {
    return WrongUsage(
        "--dry-run changes no table, so there is nothing for --evolve-schema to do; put its columns into "
        "--schema to check the input against them");
  }
  if (!flags.checkpoint.empty() && flags.epoch != 0)
    return WrongUsage("the checkpoint brings the epoch; leave --epoch out");
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const CommonFlags& common, Flags flags) {
  if (flags.files.empty()) flags.files = {"-"};
  BQCDC_RETURN_IF_ERROR(CheckFlags(flags));
  BQCDC_ASSIGN_OR_RETURN(StreamOptions options, ReadOptions(flags));
  BQCDC_ASSIGN_OR_RETURN(const absl::Duration silence_max,
                         ParseDurationFlag("--health-timeout", flags.health_timeout, absl::Milliseconds(1)));
  const bool has_schema = !flags.schema.empty() || !flags.primary_key.empty();
  if (flags.dry_run != has_schema || (flags.dry_run && (flags.schema.empty() || flags.primary_key.empty()))) {
    return WrongUsage(
        "--dry-run works offline, so it needs --schema and --primary-key; without it both come from the "
        "table");
  }
  BQCDC_RETURN_IF_ERROR(CheckOwnFiles({{"--checkpoint", flags.checkpoint}}, flags.files));
  std::optional<checkpoint::CheckpointFile> checkpoint;
  if (!flags.checkpoint.empty()) {
    BQCDC_ASSIGN_OR_RETURN(checkpoint::CheckpointFile file,
                           checkpoint::CheckpointFile::Open(flags.checkpoint));
    checkpoint.emplace(std::move(file));
    options.input.checkpointed = true;
    if (checkpoint->loaded().has_value())
      BQCDC_RETURN_IF_ERROR(pipeline::GoOnFrom(*checkpoint->loaded(), flags.files, options.input));
  }
  options.input.warn = [](const std::string& text) { spdlog::warn("{}", text); };
  pipeline::StopSignal stop;
  const StopOnSignal stopping(stop);
  auto reader = pipeline::LineReader::Open(flags.files, stop, options.input);
  if (!reader.ok()) return WrongUsage(std::string(reader.status().message()));
  const bool all_regular = reader->all_regular();

  if (flags.dry_run) {
    BQCDC_ASSIGN_OR_RETURN(const schema::TableSchema schema,
                           ReadSchemaFlags(flags.schema, flags.primary_key));
    // Nobody is asked, so only the summary shows the project.
    const std::string project = GivenProject(common);
    auto name = rest::ParseTableName(flags.table, project.empty() ? "dry-run" : project);
    if (!name.ok()) return WrongUsage(std::string(name.status().message()));
    const StreamOutcome outcome =
        pipeline::DryRun(*name, schema, options, *std::move(reader), base::SystemClock::Get());
    return Report(outcome, absl::StrCat("dry run, nothing was sent; ", name->ToString()), "", !all_regular);
  }

  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  BQCDC_ASSIGN_OR_RETURN(options.table, session->ParseTable(flags.table));
  options.dead_letter_path = flags.dead_letter.empty()
                                 ? absl::StrCat("./", options.table.table, ".dead-letter.jsonl")
                                 : flags.dead_letter;
  BQCDC_RETURN_IF_ERROR(CheckOwnFiles(
      {{"--checkpoint", flags.checkpoint}, {"--dead-letter", options.dead_letter_path}}, flags.files));
  ProgressLine progress;
  pipeline::RunMeter meter(session->clock());
  BQCDC_ASSIGN_OR_RETURN(auto watching, Watching::Start(flags, options.table, *session, meter, silence_max));
  meter.SetTable(options.table.ToString(), 0);
  RunLog log(meter, session->clock(), [&progress](const RunLogLine& line) {
    progress.Clear();
    LogEvent(line.text, line.members);
  });
  RunChanges::Write debug;
  if (spdlog::should_log(spdlog::level::debug)) {
    debug = [&progress](const std::string& line) {
      progress.Clear();
      spdlog::debug("{}", line);
    };
  }
  RunChanges changes(meter, session->clock(), std::move(debug));
  pipeline::StreamSurroundings surroundings;
  surroundings.meter = &meter;
  surroundings.client = &session->client();
  surroundings.channels = [&session] {
    spdlog::debug("a channel to {}", session->endpoints().storage_target);
    return session->OpenStorageChannel();
  };
  surroundings.clock = &session->clock();
  surroundings.stop = &stop;
  surroundings.checkpoint = checkpoint.has_value() ? &*checkpoint : nullptr;
  RepeatedWarnings warnings;
  surroundings.warn = [&progress, &warnings](const std::string& text) {
    const std::optional<std::string> shown = warnings.Pass(text, absl::Now());
    if (!shown.has_value()) return;
    progress.Clear();
    spdlog::warn("{}", *shown);
  };
  surroundings.on_progress = [&](const pipeline::StreamSummary&, const pipeline::LineReader& lines) {
    progress.Show(meter, lines.byte_total());
    log.Tick();
    changes.Tick();
  };
  const StreamOutcome outcome = pipeline::StreamChanges(options, std::move(surroundings), *std::move(reader));
  watching.reset();
  changes.End();
  log.End();
  progress.Clear();
  const bool resumable = checkpoint.has_value() || flags.follow || !all_regular;
  return Report(outcome, options.table.ToString(), options.dead_letter_path, resumable);
}

void AddFlags(CLI::App& command, Flags& flags) {
  command.add_option("TABLE", flags.table, "DATASET.TABLE, PROJECT.DATASET.TABLE or PROJECT:DATASET.TABLE")
      ->required();
  command.add_option("FILE", flags.files,
                     "Files of change events, one JSON object a line; - or none: standard input");
  command.add_option("--dead-letter", flags.dead_letter,
                     "Where rows that cannot be written go (default ./TABLE.dead-letter.jsonl)");
  command
      .add_option("--max-bad-rows", flags.max_bad_rows,
                  "Stop when more rows than this are set aside (default: no limit)")
      ->check(AtLeast(0));
  command
      .add_option(
          "--epoch", flags.epoch,
          "Number the rows as the run with this epoch did, so that a run that broke off can be repeated")
      ->check(AtLeast(1));
  command.add_option(
      "--checkpoint", flags.checkpoint,
      "Keep how far the run has come in this file, and go on from there when it is started again");
  command
      .add_option("--checkpoint-interval", flags.checkpoint_interval,
                  "Write it at most this often while nothing waits for it")
      ->capture_default_str();
  command.add_flag(
      "--force", flags.force,
      "Go on from a checkpoint that a run left behind with rows under way more than 40 hours ago, or repeat "
      "an --epoch that began as long ago");
  command.add_flag("--follow", flags.follow,
                   "Read on as the file grows, through rotation and truncation, until SIGTERM or SIGINT");
  command.add_option("--follow-interval", flags.follow_interval, "Look for more of it this often")
      ->capture_default_str();
  command.add_flag("--dry-run", flags.dry_run,
                   "Check the input against --schema and --primary-key and send nothing");
  command.add_option("--schema", flags.schema,
                     "For --dry-run: columns as id:INT64,name:STRING, or @FILE with BigQuery's JSON schema");
  command.add_option("--primary-key", flags.primary_key, "For --dry-run: columns of the key");
  command.add_option(
      "--evolve-schema", flags.evolve_schema,
      "Before the first row, add the columns of this schema that the table lacks, fields of a STRUCT too, "
      "relax "
      "REQUIRED and widen types; other differences are an error. As --schema, each column with its type");
  const char* group = "Batches and patience";
  const auto tuning = [&](const char* name, auto& value, const char* text) {
    return command.add_option(name, value, text)->capture_default_str()->group(group);
  };
  tuning("--batch-bytes", flags.batch_bytes, "Send a batch once it has this many bytes");
  tuning("--batch-rows", flags.batch_rows, "… or this many rows")->check(AtLeast(1));
  tuning("--flush-interval", flags.flush_interval, "… or when its first row is this old");
  tuning("--max-request-bytes", flags.request_bytes_max,
         "No request is larger; projects differ in what they take, 10 MB or 20 MB");
  tuning("--requests-in-flight", flags.requests_in_flight, "Requests that may wait for their answer")
      ->check(CLI::Range(1, 1000));
  tuning(
      "--max-connections", flags.connections_max,
      "Connections, each with such a window as far as memory allows; more than one are used where they make "
      "it faster")
      ->check(CLI::Range(1, 100));
  tuning("--encode-threads", flags.encode_threads,
         "Threads that turn lines into rows; by default one for each core, at most 4")
      ->check(CLI::Range(1, kEncodeThreadsMax));
  tuning("--bytes-in-flight", flags.bytes_in_flight,
         "Bytes of such requests, of all connections together; memory is bounded by twice this and about 60 "
         "MiB for the program, more where single lines have megabytes");
  tuning("--max-line-bytes", flags.line_bytes_max, "Longer lines are set aside");
  tuning("--retry-timeout", flags.retry_timeout, "Give up when the service has not answered for this long");
  command
      .add_option(
          "--retry-attempts", flags.retry_attempts,
          "… or in so many attempts, the first one included; waits for the table or a column are none "
          "(default: no limit)")
      ->check(AtLeast(1))
      ->group(group);
  tuning("--schema-timeout", flags.schema_timeout,
         "… or has not come to know the table, or a column that was added to it, for this long");
  tuning("--drain-timeout", flags.drain_timeout,
         "After SIGTERM or SIGINT, give up when what was read is not settled within this time");
  tuning("--claim-check-interval", flags.claim_check_interval,
         "How often to make sure that no other run has taken the table");
  command.add_option("--target-latency", flags.target_latency,
                     "Make batches, and then the window, so small that rows are acknowledged within this "
                     "time, where the service allows it "
                     "(default: as large as --batch-bytes)");
  command.add_option("--rate-limit", flags.rate_limit,
                     "Send at most so many rows or bytes a second: 5000/s, 10MiB/s (default: no limit)");
  command
      .add_option(
          "--metrics-port", flags.metrics_port,
          "Answer /metrics (Prometheus) and /healthz on this port of 127.0.0.1; 0 = any free one, which is "
          "printed (default: none)")
      ->check(CLI::Range(0, 65535));
  command
      .add_option("--health-timeout", flags.health_timeout,
                  "/healthz fails when rows have waited this long without any acknowledgement")
      ->capture_default_str();
}

constexpr char kFooter[] = R"(
Each line is one change, a JSON object keyed by column name:
  {"_CHANGE_TYPE":"UPSERT","id":1,"name":"Alice"}     the whole row: what is left out becomes NULL
  {"_CHANGE_TYPE":"DELETE","id":1}                    the key is enough
_CHANGE_SEQUENCE_NUMBER (hexadecimal, 1 to 4 sections divided by /) orders changes of a key; either every line
brings one or none does, and then later lines win, and later runs.

SIGTERM or SIGINT ends reading, sends what was read and, with --checkpoint, keeps the place; a second one ends
at once. A pipe that is resumed must repeat its output from the beginning: what was settled is left out.

Lines that are no rows, and rows that the service refuses, go to the dead letter file; the exit code is 3 then.)";

}  // namespace

void AddStreamCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("stream", "Stream change events from files or standard input into a table");
  command->fallthrough();
  command->footer(kFooter);
  AddFlags(*command, *flags);
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::StatusOr<int> code = Run(common, *flags);
      return code.ok() ? *code : ReportError(code.status(), ExitCodeOf(code.status()));
    };
  });
}

}  // namespace bqcdc::cli
