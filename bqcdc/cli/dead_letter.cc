#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/checkpoint/dead_letter_reader.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/log.h"
#include "bqcdc/cli/result_format.h"
#include "bqcdc/cli/session.h"
#include "bqcdc/cli/stop_on_signal.h"
#include "bqcdc/pipeline/dead_letter_retry.h"
#include "bqcdc/pipeline/stream_summary.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string file;
  bool list = false, force = false;
  ResultFormat format = ResultFormat::kTable;
};

constexpr std::size_t kListedAtOnce = 1000;

// The service's messages may hold values of the row, so they are not shown; nor is the row.
absl::Status List(const checkpoint::DeadLetterReader& file, ResultFormat format, absl::Time now) {
  std::vector<schema::Column> columns;
  for (const char* name : {"reason", "column", "line", "source", "age", "table", "sequence"}) {
    schema::Column& column = columns.emplace_back();
    column.name = name;
  }
  const auto printer = ResultPrinter::Create(format, stdout);
  std::vector<rest::Row> rows;
  bool printed = false;
  const auto print = [&] {
    printer->Page(columns, rows);
    rows.clear();
    printed = true;
  };
  BQCDC_RETURN_IF_ERROR(file.ForEach([&](std::size_t, const checkpoint::StoredDeadLetter& record) {
    const absl::Duration age = absl::Trunc(now - record.set_aside_at, absl::Seconds(1));
    rest::Row& row = rows.emplace_back();
    row.push_back({false, record.reason, {}});
    row.push_back({record.column.empty(), record.column, {}});
    for (std::string text : {std::to_string(record.line), record.source, absl::FormatDuration(age),
                             record.table, record.sequence.ToString()}) {
      row.push_back({false, std::move(text), {}});
    }
    if (rows.size() == kListedAtOnce) print();
    return absl::OkStatus();
  }));
  if (!rows.empty() || !printed) print();
  printer->End();
  return std::fflush(stdout) == 0 ? absl::OkStatus() : absl::InternalError("cannot write the list");
}

void PrintSummary(const std::string& file, const pipeline::DeadLetterRetrySummary& summary) {
  std::string text = absl::StrCat(file, ": ", pipeline::CountOf(summary.records, "record"), ", ",
                                  pipeline::FormatCount(summary.written), " written");
  const auto add = [&text](std::int64_t count, const char* what) {
    if (count > 0) absl::StrAppend(&text, ", ", pipeline::FormatCount(count), what);
  };
  add(summary.failed_again, " failed again (--list tells the reasons)");
  add(summary.too_old,
      " set aside more than 40 hours ago (--force sends them: a row deleted since may come back)");
  add(summary.of_other_table, " of a table that was created again since (--force sends them to the new one)");
  add(summary.not_tried, " not tried");
  Tell(text);
}

absl::StatusOr<int> Run(const CommonFlags& common, const Flags& flags) {
  BQCDC_ASSIGN_OR_RETURN(checkpoint::DeadLetterReader file, checkpoint::DeadLetterReader::Open(flags.file));
  if (flags.list) {
    BQCDC_RETURN_IF_ERROR(List(file, flags.format, base::SystemClock::Get().Now()));
    return kDone;
  }
  pipeline::StopSignal stop;
  const StopOnSignal stopping(stop);
  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  pipeline::DeadLetterRetryOptions options;
  options.force = flags.force;
  options.trace_id = "bqcdc:" BQCDC_VERSION;
  pipeline::DeadLetterRetrySurroundings surroundings;
  surroundings.client = &session->client();
  surroundings.channels = [&session] { return session->OpenStorageChannel(); };
  surroundings.clock = &session->clock();
  surroundings.stop = &stop;
  const pipeline::DeadLetterRetryOutcome outcome = pipeline::RetryDeadLetters(options, surroundings, file);
  if (outcome.status.ok() || outcome.summary.records > 0) PrintSummary(flags.file, outcome.summary);
  BQCDC_RETURN_IF_ERROR(outcome.status);
  return outcome.summary.written == outcome.summary.records ? kDone : kRowsSetAside;
}

constexpr char kFooter[] = R"(
Rows are sent with the sequence numbers that they had: where a newer change of the same key was written since,
it stays. Rows that are written leave the file; rows that fail again stay with their new reason, and the exit code is 3.
Rows can be mended in the file before (member "row"). A running stream keeps its dead letter file to itself.)";

}  // namespace

void AddDeadLetterCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* group = app.add_subcommand("dead-letter", "Look into dead letter files, send their rows again");
  group->fallthrough();
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand("retry", "Send the rows of a dead letter file again");
  command->fallthrough();
  command->footer(kFooter);
  command->add_option("FILE", flags->file, "The dead letter file")->required();
  CLI::Option* list = command->add_flag("--list", flags->list, "Only show what is in it, without the rows");
  command
      ->add_flag("--force", flags->force,
                 "Send rows too that were set aside more than 40 hours ago or whose table was created again")
      ->excludes(list);
  const std::map<std::string, ResultFormat> formats = {
      {"table", ResultFormat::kTable}, {"json", ResultFormat::kJson}, {"csv", ResultFormat::kCsv}};
  command->add_option("--format", flags->format, "Of --list: table, json or csv")
      ->transform(CLI::CheckedTransformer(formats, CLI::ignore_case).description(""))
      ->option_text("FORMAT")
      ->default_str("table");
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::StatusOr<int> code = Run(common, *flags);
      return code.ok() ? *code : ReportError(code.status(), ExitCodeOf(code.status()));
    };
  });
}

}  // namespace bqcdc::cli
