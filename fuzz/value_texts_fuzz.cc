// A text given to the parsers of values that are neither numbers nor times: what is taken must come back
// equal from its canonical text.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bqcdc/encode/base64.h"
#include "bqcdc/encode/json_string.h"
#include "bqcdc/values/geography.h"
#include "bqcdc/values/json_text.h"
#include "bqcdc/values/range_text.h"
#include "bqcdc/values/sequence_number.h"

namespace {

using namespace bqcdc::values;  // NOLINT: a target names them all.

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckGeography(std::string_view text) {
  Geography geography;
  Geography back;
  if (ParseGeography(text, &geography) != ValueError::kNone) return;
  const std::string shown = FormatWkt(geography);
  Require(ParseWkt(shown, &back) == ValueError::kNone && FormatWkt(back) == shown &&
          CountPoints(back) == CountPoints(geography));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);  // Corpus files end like all text files.
  CheckGeography(text);
  (void)SplitRange(text);
  if (const auto number = SequenceNumber::Parse(text))
    Require(SequenceNumber::Parse(number->ToString()) == number);
  (void)IsJson(text);
  std::string out(size + 4, '\0');
  (void)bqcdc::encode::UnescapeJson(text, out.data());
  (void)bqcdc::encode::DecodeBase64(text, out.data());
  return 0;
}
