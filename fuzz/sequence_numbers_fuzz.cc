// Two texts, divided by a blank, as change sequence numbers: taken exactly where the grammar says so, and
// ordered as their sections are when each is written in full. The reference knows nothing of the parser.

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "bqcdc/values/sequence_number.h"

namespace {

using bqcdc::values::SequenceNumber;

// All four sections with their sixteen digits, lower case: texts of one length that sort as the numbers do.
std::optional<std::string> Full(std::string_view text) {
  std::string full;
  int sections = 0;
  for (;;) {
    const size_t slash = text.find('/');
    const std::string_view digits = text.substr(0, slash);
    if (digits.empty() || digits.size() > 16 || ++sections > 4) return std::nullopt;
    full.append(16 - digits.size(), '0');
    for (const char digit : digits) {
      if (std::isxdigit(static_cast<unsigned char>(digit)) == 0) return std::nullopt;
      full += static_cast<char>(std::tolower(static_cast<unsigned char>(digit)));
    }
    if (slash == std::string_view::npos) break;
    text.remove_prefix(slash + 1);
  }
  full.append(static_cast<size_t>(4 - sections) * 16, '0');
  return full;
}

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t blank = input.find(' ');
  const std::string_view texts[] = {input.substr(0, blank),
                                    blank == std::string_view::npos ? input : input.substr(blank + 1)};
  std::optional<SequenceNumber> numbers[2];
  std::optional<std::string> full[2];
  for (int i = 0; i < 2; ++i) {
    numbers[i] = SequenceNumber::Parse(texts[i]);
    full[i] = Full(texts[i]);
    Require(numbers[i].has_value() == full[i].has_value());
    if (!numbers[i]) return 0;
    Require(Full(numbers[i]->ToString()) == full[i]);
    Require(SequenceNumber::FromHighLow(numbers[i]->high(), numbers[i]->low()) == *numbers[i]);
  }
  Require((*numbers[0] < *numbers[1]) == (*full[0] < *full[1]));
  Require((*numbers[0] == *numbers[1]) == (*full[0] == *full[1]));
  return 0;
}
