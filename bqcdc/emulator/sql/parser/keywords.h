#pragma once

#include <string_view>

namespace bqcdc::emulator::sql {

// Words of the grammar that may also be names; those that may not are in schema/reserved_keywords.h. Error
// texts of the service call them keywords, too. Any case.
bool IsNonReservedKeyword(std::string_view word);

}  // namespace bqcdc::emulator::sql
