#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace bqcdc::rest {

// The full name of a table.
struct TableName {
  std::string project;
  std::string dataset;
  std::string table;

  // "p.d.t", as GoogleSQL and messages write it.
  std::string ToString() const;
  // "`p.d.t`", quoted for GoogleSQL. The parts hold no backquote (ParseTableName refuses it).
  std::string Quoted() const;
  // "projects/p/datasets/d/tables/t"
  std::string ResourceName() const;

  friend bool operator==(const TableName&, const TableName&) = default;
};

// Reads "d.t", "p.d.t" or "p:d.t" (a project of a domain is "example.com:p"). A missing project is taken from
// `default_project`. Errors: InvalidArgument.
absl::StatusOr<TableName> ParseTableName(std::string_view text, std::string_view default_project);

}  // namespace bqcdc::rest
