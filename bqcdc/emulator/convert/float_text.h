#pragma once

#include <cstdint>
#include <string>

namespace bqcdc::emulator::convert {

// Appends a FLOAT64 as REST writes it: shortest digits that read back the same, plain between 1e-3 and 1e7
// ("2.5", "1.0"), else with an exponent ("1.705321996E9", "1.0E-7"), which is the form of Java's
// Double.toString; "NaN", "Infinity",
// "-Infinity".
void AppendFloatText(double value, std::string* out);

// Appends microseconds since the Unix epoch as seconds in the same form.
void AppendFloatSeconds(int64_t micros, std::string* out);

}  // namespace bqcdc::emulator::convert
