// A view in FROM: its query in its place, analysed anew at each use.

#include "absl/strings/ascii.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"
#include "bqcdc/emulator/sql/parser/parser.h"

namespace bqcdc::emulator::sql {
namespace {

// An error inside of the view's text has a position there, not in the statement.
absl::Status InView(const absl::Status& status, const catalog::TableId& view) {
  constexpr std::string_view kPrefix = "Invalid view ";
  const bool said = base::ToStd(status.message()).rfind(kPrefix, 0) == 0;  // by a view below this one
  if (said || status.code() != absl::StatusCode::kInvalidArgument) return status;
  return errors::InvalidQuery(base::StrCat(kPrefix, view.ToString(), ": ", base::ToStd(status.message())));
}

}  // namespace

absl::StatusOr<ResolvedQuery> Analyzer::AnalyzeViewDefinition(const Query& query,
                                                              const catalog::TableId& view) {
  defined_view_ = view;
  return AnalyzeViewText(query);
}

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeView(const TableReference& reference,
                                                           const catalog::Table& view) {
  if (defined_view_ && view.id == *defined_view_) {
    return ErrorAt(reference.position, "View ", view.id.ToString(),
                   " cannot read itself, neither in its own query nor through another view");
  }
  if (view_depth_ >= kViewDepthMax) {
    return ErrorAt(reference.position, "View ", view.id.ToString(),
                   " is nested too deeply: views may be over ", kViewDepthMax, " levels of views at most");
  }
  if (++view_readings_ > kViewReadingsMax) {
    return ErrorAt(reference.position, "The statement reads views more than ", kViewReadingsMax,
                   " times, those that views read included");
  }
  const auto parsed = ParseStatement(view.view->query);
  if (!parsed.ok()) return InView(base::InvalidArgument(base::ToStd(parsed.status().message())), view.id);
  const auto* statement = TryAs<QueryStatement>(**parsed);
  if (statement == nullptr) {
    return InView(base::InvalidArgument("its text is no query"), view.id);
  }
  // Names without a project are in the view's; neither parameters nor names of this statement reach in.
  AnalyzerOptions options;
  options.project = view.id.project;
  Analyzer inner(options, tables_);
  inner.next_column_ = next_column_;
  inner.next_with_ = next_with_;
  inner.depth_ = depth_;
  inner.defined_view_ = defined_view_;
  inner.view_depth_ = view_depth_ + 1;
  inner.view_readings_ = view_readings_;
  inner.columns_ = columns_;
  absl::StatusOr<ResolvedQuery> query = inner.AnalyzeViewText(*statement->query);
  next_column_ = inner.next_column_;
  next_with_ = inner.next_with_;
  view_readings_ = inner.view_readings_;
  columns_ = inner.columns_;
  if (!query.ok()) return InView(query.status(), view.id);
  const std::vector<std::string>& names = view.view->columns;
  if (!names.empty() && names.size() != query->outputs.size()) {
    return InView(base::InvalidArgument("it has ", names.size(), " column names and its query gives ",
                                        query->outputs.size(), " columns"),
                  view.id);
  }
  FromResult from;
  for (size_t i = 0; i < query->outputs.size(); ++i) {
    const OutputColumn& output = query->outputs[i];
    from.names.columns.push_back({names.empty() ? output.name : names[i], output.id, output.type});
  }
  AddVariable(from.names, reference.alias ? reference.alias->text : view.id.table);
  from.scan = std::move(query->scan);
  return from;
}

}  // namespace bqcdc::emulator::sql
