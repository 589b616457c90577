#include "bqcdc/write/blamed_column.h"

#include <algorithm>

#include "bqcdc/schema/ascii_case.h"

namespace bqcdc::write {
namespace {

constexpr std::string_view kAtEnd = " on field ", kAtBegin = "Field ";

std::string_view FindColumn(std::string_view name, std::span<const std::string> columns) {
  const auto found = std::find_if(columns.begin(), columns.end(), [name](const std::string& column) {
    return schema::EqualsIgnoreCase(column, name);
  });
  return found == columns.end() ? std::string_view() : std::string_view(*found);
}

}  // namespace

std::string_view BlamedColumn(std::string_view message, std::span<const std::string> columns) {
  // The last one: a value may come before it.
  const std::size_t at = message.rfind(kAtEnd);
  if (at != std::string_view::npos) {
    const std::string_view path = message.substr(at + kAtEnd.size());
    const std::string_view column = FindColumn(path.substr(0, path.find_first_of(".[")), columns);
    if (!column.empty()) return column;
  }
  if (!message.starts_with(kAtBegin)) return {};
  const std::string_view path = message.substr(kAtBegin.size());
  return FindColumn(path.substr(0, path.find_first_of(".[:")), columns);
}

}  // namespace bqcdc::write
