#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Early return on errors, for functions that return absl::Status or absl::StatusOr<T>.
//
//   BQCDC_RETURN_IF_ERROR(file.Sync());
//   BQCDC_ASSIGN_OR_RETURN(Table table, catalog.Find(name));
//   BQCDC_ASSIGN_OR_RETURN((std::map<int, int> counts), Count(rows));  // parentheses: the type holds a comma
//
// The expression may hold commas; it is evaluated once. Both expand to statements, so neither fits into an
// unbraced `if`.

#define BQCDC_RETURN_IF_ERROR(...)                                                            \
  do {                                                                                        \
    if (::absl::Status bqcdc_status = (__VA_ARGS__); !bqcdc_status.ok()) return bqcdc_status; \
  } while (false)

#define BQCDC_ASSIGN_OR_RETURN(declaration, ...) \
  BQCDC_ASSIGN_OR_RETURN_IMPL_(BQCDC_CONCATENATE_(bqcdc_status_or_, __COUNTER__), declaration, __VA_ARGS__)

#define BQCDC_ASSIGN_OR_RETURN_IMPL_(result, declaration, ...) \
  auto result = (__VA_ARGS__);                                 \
  if (!result.ok()) return std::move(result).status();         \
  BQCDC_UNPARENTHESIZE_(declaration) = *std::move(result)

#define BQCDC_CONCATENATE_(a, b) BQCDC_CONCATENATE_IMPL_(a, b)
#define BQCDC_CONCATENATE_IMPL_(a, b) a##b

// BQCDC_UNPARENTHESIZE_((a, b) c) and (a) give the text without the outer parentheses; other text stays as it
// is.
#define BQCDC_UNPARENTHESIZE_(x) BQCDC_UNPARENTHESIZE_PASTE_(BQCDC_UNPARENTHESIZE_MARK_ x)
#define BQCDC_UNPARENTHESIZE_MARK_(...) BQCDC_UNPARENTHESIZE_MARK_ __VA_ARGS__
#define BQCDC_UNPARENTHESIZE_PASTE_(...) BQCDC_UNPARENTHESIZE_ERASE_(__VA_ARGS__)
#define BQCDC_UNPARENTHESIZE_ERASE_(...) BQCDC_ERASE_##__VA_ARGS__
#define BQCDC_ERASE_BQCDC_UNPARENTHESIZE_MARK_
