#include "bqcdc/encode/utf8.h"

#include <simdjson.h>

namespace bqcdc::encode {

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace bqcdc::encode
