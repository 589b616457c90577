#pragma once

#include <span>
#include <string>
#include <string_view>

namespace bqcdc::write {

// Which of a table's columns the service's message on a row blames: "… on field a.b." and "Field a: …" are
// its usual forms. The name as `columns` has it, of the column around a field of a STRUCT; empty where none
// of them is blamed. So nothing of the row comes out of it, whatever values the message holds.
std::string_view BlamedColumn(std::string_view message, std::span<const std::string> columns);

}  // namespace bqcdc::write
