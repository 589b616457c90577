#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/cli/command.h"
#include "bqcdc/cli/exit_code.h"
#include "bqcdc/cli/log.h"
#include "bqcdc/cli/result_format.h"
#include "bqcdc/cli/session.h"

namespace bqcdc::cli {
namespace {

struct Flags {
  std::string sql;
  ResultFormat format = ResultFormat::kTable;
};

// Where the statement begins, behind blanks, parentheses and comments; npos where there is none.
std::size_t BeginOfStatement(const std::string& sql) {
  std::size_t at = 0;
  while ((at = sql.find_first_not_of(" \t\r\n(", at)) != std::string::npos) {
    if (sql[at] == '#' || sql.compare(at, 2, "--") == 0) {
      at = sql.find('\n', at);
    } else if (sql.compare(at, 2, "/*") == 0) {
      at = sql.find("*/", at + 2);
      if (at != std::string::npos) at += 2;
    } else {
      return at;
    }
    if (at == std::string::npos) break;
  }
  return std::string::npos;
}

// Answers to DDL and DML carry a schema too, but are no rows to print.
bool ReturnsRows(const std::string& sql) {
  const std::size_t begin = BeginOfStatement(sql);
  const std::size_t end =
      sql.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", begin);
  const std::string word =
      begin == std::string::npos ? "" : absl::AsciiStrToUpper(sql.substr(begin, end - begin));
  for (const char* other : {"CREATE", "ALTER", "DROP", "TRUNCATE", "INSERT", "UPDATE", "DELETE", "MERGE"}) {
    if (word == other) return false;
  }
  return true;
}

absl::Status Run(const CommonFlags& common, const Flags& flags) {
  std::string sql = flags.sql;
  if (sql == "-") sql.assign(std::istreambuf_iterator<char>(std::cin), {});
  BQCDC_ASSIGN_OR_RETURN(const auto session, OpenSession(common));
  if (session->project().empty()) return WrongUsage("no project: give --project or GOOGLE_CLOUD_PROJECT");
  const auto printer = ResultPrinter::Create(flags.format, stdout);
  const bool prints_rows = ReturnsRows(sql);
  std::optional<std::int64_t> affected;
  BQCDC_RETURN_IF_ERROR(session->client().Query(sql, [&](const rest::QueryPage& page) -> absl::Status {
    if (prints_rows) printer->Page(page.columns, page.rows);
    if (page.affected_rows.has_value()) affected = page.affected_rows;
    if (std::ferror(stdout) != 0)
      return absl::InternalError(absl::StrCat("cannot write: ", std::strerror(errno)));
    return absl::OkStatus();
  }));
  if (affected.has_value()) {
    Tell(absl::StrCat(*affected, *affected == 1 ? " row" : " rows", " affected"));
  } else if (prints_rows) {
    printer->End();
  }
  return std::fflush(stdout) == 0 ? absl::OkStatus()
                                  : absl::InternalError(absl::StrCat("cannot write: ", std::strerror(errno)));
}

}  // namespace

void AddQueryCommand(CLI::App& app, const CommonFlags& common, Action* action) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("query", "Run GoogleSQL and print the rows");
  command->fallthrough();
  command->add_option("SQL", flags->sql, "The statement; - reads it from standard input")->required();
  const std::map<std::string, ResultFormat> formats = {
      {"table", ResultFormat::kTable}, {"json", ResultFormat::kJson}, {"csv", ResultFormat::kCsv}};
  command
      ->add_option_function<std::string>(
          "--format",
          [flags, formats](const std::string& text) {
            const auto found = formats.find(absl::AsciiStrToLower(text));
            if (found == formats.end())
              throw CLI::ValidationError("--format",
                                         absl::StrCat("'", text, "' is none of table, json, csv"));
            flags->format = found->second;
          },
          "table, json or csv")
      ->option_text("FORMAT=table");
  command->callback([&common, flags, action] {
    *action = [&common, flags] {
      const absl::Status status = Run(common, *flags);
      return status.ok() ? kDone : ReportError(status, ExitCodeOf(status));
    };
  });
}

}  // namespace bqcdc::cli
