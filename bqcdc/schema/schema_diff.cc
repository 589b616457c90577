#include "bqcdc/schema/schema_diff.h"

#include "bqcdc/base/strings.h"
#include "bqcdc/schema/ascii_case.h"

namespace bqcdc::schema {
namespace {

std::string Join(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  std::string text = "(";
  for (size_t i = 0; i < names.size(); ++i) base::StrAppend(&text, i == 0 ? "" : ", ", names[i]);
  return text + ")";
}

bool SameNames(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!EqualsIgnoreCase(a[i], b[i])) return false;
  }
  return true;
}

// A type without its fields, which are compared one by one.
std::string OwnType(const Column& column) {
  if (column.type != ColumnType::kStruct) return SqlType(column);
  return column.repeated() ? "ARRAY<STRUCT>" : "STRUCT";
}

void DiffColumn(const Column& wanted, const Column& existing, const std::string& path,
                std::vector<std::string>* lines);

void DiffColumns(const std::vector<Column>& wanted, const std::vector<Column>& existing,
                 const std::string& prefix, std::vector<std::string>* lines) {
  for (const Column& column : wanted) {
    const std::string path = base::StrCat(prefix, column.name);
    if (const Column* found = FindColumnIn(existing, column.name); found != nullptr) {
      DiffColumn(column, *found, path, lines);
    } else {
      lines->push_back(base::StrCat("column ", path, ": is missing, wanted ", SqlType(column)));
    }
  }
  for (const Column& column : existing) {
    if (FindColumnIn(wanted, column.name) != nullptr) continue;
    lines->push_back(base::StrCat("column ", prefix, column.name, ": is not wanted, is ", SqlType(column)));
  }
}

void DiffColumn(const Column& wanted, const Column& existing, const std::string& path,
                std::vector<std::string>* lines) {
  const std::string wanted_type = OwnType(wanted);
  const std::string existing_type = OwnType(existing);
  if (wanted_type != existing_type) {
    lines->push_back(base::StrCat("column ", path, ": wanted ", wanted_type, ", is ", existing_type));
  } else if (wanted.mode != existing.mode) {
    lines->push_back(
        base::StrCat("column ", path, ": wanted ", ModeName(wanted.mode), ", is ", ModeName(existing.mode)));
  }
  if (wanted.default_value_expression != existing.default_value_expression) {
    const auto describe = [](const std::string& text) { return text.empty() ? std::string("none") : text; };
    lines->push_back(base::StrCat("column ", path, ": wanted default ",
                                  describe(wanted.default_value_expression), ", is ",
                                  describe(existing.default_value_expression)));
  }
  if (wanted.type == ColumnType::kStruct && existing.type == ColumnType::kStruct) {
    DiffColumns(wanted.fields, existing.fields, path + ".", lines);
  }
}

}  // namespace

std::vector<std::string> DiffSchemas(const TableSchema& wanted, const TableSchema& existing) {
  std::vector<std::string> lines;
  DiffColumns(wanted.columns, existing.columns, "", &lines);
  if (!SameNames(wanted.primary_key, existing.primary_key)) {
    lines.push_back(
        base::StrCat("primary key: wanted ", Join(wanted.primary_key), ", is ", Join(existing.primary_key)));
  }
  return lines;
}

}  // namespace bqcdc::schema
