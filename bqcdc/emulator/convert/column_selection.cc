#include "bqcdc/emulator/convert/column_selection.h"

#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "bqcdc/base/status_macros.h"
#include "bqcdc/base/strings.h"
#include "bqcdc/emulator/errors.h"

namespace bqcdc::emulator::convert {
namespace {

using schema::Column;

// Names chosen at one level, with those below them; an empty child set means the whole column.
struct NameTree {
  std::map<size_t, NameTree> children;
  bool whole = false;
};

absl::Status AddPath(const std::vector<Column>& columns, std::string_view path, NameTree* tree) {
  const size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& column) {
    return absl::EqualsIgnoreCase(column.name, base::ToAbsl(name));
  });
  if (found == columns.end()) {
    return errors::WithLocation(errors::Invalid(base::StrCat("Invalid field name in selectedFields: ", path)),
                                "selectedFields");
  }
  NameTree& child = tree->children[static_cast<size_t>(found - columns.begin())];
  if (dot == std::string_view::npos) {
    child.whole = true;
    return absl::OkStatus();
  }
  return AddPath(found->fields, path.substr(dot + 1), &child);
}

std::vector<SelectedColumn> Flatten(const std::vector<Column>& columns, const NameTree& tree) {
  std::vector<SelectedColumn> selection;
  for (const auto& [index, child] : tree.children) {
    const std::vector<Column>& fields = columns[index].fields;
    selection.push_back({index, child.whole ? SelectAll(fields) : Flatten(fields, child)});
  }
  return selection;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

std::vector<SelectedColumn> SelectAll(const std::vector<Column>& columns) {
  std::vector<SelectedColumn> selection;
  for (size_t i = 0; i < columns.size(); ++i) selection.push_back({i, SelectAll(columns[i].fields)});
  return selection;
}

absl::StatusOr<std::vector<SelectedColumn>> SelectFields(const std::vector<Column>& columns,
                                                         std::string_view selected_fields) {
  if (Trim(selected_fields).empty()) return SelectAll(columns);
  NameTree tree;
  for (bool more = true; more;) {
    const size_t comma = selected_fields.find(',');
    BQCDC_RETURN_IF_ERROR(AddPath(columns, Trim(selected_fields.substr(0, comma)), &tree));
    more = comma != std::string_view::npos;
    if (more) selected_fields.remove_prefix(comma + 1);
  }
  return Flatten(columns, tree);
}

std::vector<Column> ApplySelection(const std::vector<Column>& columns,
                                   const std::vector<SelectedColumn>& selection) {
  std::vector<Column> chosen;
  for (const SelectedColumn& selected : selection) {
    Column column = columns[selected.index];
    column.fields = ApplySelection(columns[selected.index].fields, selected.fields);
    chosen.push_back(std::move(column));
  }
  return chosen;
}

}  // namespace bqcdc::emulator::convert
