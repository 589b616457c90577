#include "bqcdc/rest/table_name.h"

#include "bqcdc/base/strings.h"

namespace bqcdc::rest {
namespace {

// Letters, digits, '_', and what flexible table names allow; never what would end the quotes of GoogleSQL or
// a path.
bool IsTableId(std::string_view part) {
  return !part.empty() && part.size() <= 1024 &&
         part.find_first_of("`\\/\"'\n\r\t.:;") == std::string_view::npos;
}

// The same without spaces.
bool IsNamePart(std::string_view part) { return IsTableId(part) && part.find(' ') == std::string_view::npos; }

}  // namespace

std::string TableName::ToString() const { return base::StrCat(project, ".", dataset, ".", table); }

std::string TableName::Quoted() const { return base::StrCat("`", ToString(), "`"); }

std::string TableName::ResourceName() const {
  return base::StrCat("projects/", project, "/datasets/", dataset, "/tables/", table);
}

absl::StatusOr<TableName> ParseTableName(std::string_view text, std::string_view default_project) {
  const auto refuse = [&] {
    return base::InvalidArgument(
        "'", text, "' is no table; give DATASET.TABLE, PROJECT.DATASET.TABLE or PROJECT:DATASET.TABLE");
  };
  TableName name;
  const std::size_t last_dot = text.rfind('.');
  if (last_dot == std::string_view::npos) return refuse();
  name.table = std::string(text.substr(last_dot + 1));
  std::string_view rest = text.substr(0, last_dot);
  const std::size_t divider = rest.find_last_of(".:");
  if (divider != std::string_view::npos) {
    name.project = std::string(rest.substr(0, divider));
    rest = rest.substr(divider + 1);
  } else {
    name.project = std::string(default_project);
    if (name.project.empty()) {
      return base::InvalidArgument(
          "no project: '", text,
          "' names none; give --project, GOOGLE_CLOUD_PROJECT or PROJECT.DATASET.TABLE");
    }
  }
  name.dataset = std::string(rest);
  // A domain-scoped project holds one colon and dots: "example.com:p".
  const std::size_t colon = name.project.rfind(':');
  const std::string_view project = colon == std::string::npos
                                       ? std::string_view(name.project)
                                       : std::string_view(name.project).substr(colon + 1);
  const bool domain_ok = colon == std::string::npos || name.project.find_first_of("`\\/\"' :") == colon;
  if (divider == std::string_view::npos && (!IsNamePart(project) || !domain_ok)) {
    return base::InvalidArgument("'", name.project,
                                 "' is no project id; look at --project and GOOGLE_CLOUD_PROJECT");
  }
  if (!IsNamePart(project) || !IsNamePart(name.dataset) || !IsTableId(name.table) || !domain_ok)
    return refuse();
  return name;
}

}  // namespace bqcdc::rest
