#include "bqcdc/emulator/sql/functions/farm_fingerprint.h"

#include <cstring>
#include <utility>

namespace bqcdc::emulator::sql {
namespace {

constexpr uint64_t kPrime0 = 0xc3a5c85c97cb3127ULL;
constexpr uint64_t kPrime1 = 0xb492b66fbe98f273ULL;
constexpr uint64_t kPrime2 = 0x9ae16a3b2f90404fULL;

using Pair = std::pair<uint64_t, uint64_t>;

uint64_t Load64(const char* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}
uint64_t Load32(const char* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof(value));
  return value;
}
uint64_t Rotate(uint64_t value, int shift) { return (value >> shift) | (value << (64 - shift)); }
uint64_t Mix(uint64_t value) { return value ^ (value >> 47); }

uint64_t Join(uint64_t u, uint64_t v, uint64_t factor) {
  const uint64_t a = Mix((u ^ v) * factor);
  return Mix((v ^ a) * factor) * factor;
}

uint64_t UpTo16(const char* s, size_t length) {
  const uint64_t factor = kPrime2 + length * 2;
  if (length >= 8) {
    const uint64_t a = Load64(s) + kPrime2;
    const uint64_t b = Load64(s + length - 8);
    return Join(Rotate(b, 37) * factor + a, (Rotate(a, 25) + b) * factor, factor);
  }
  if (length >= 4) return Join(length + (Load32(s) << 3), Load32(s + length - 4), factor);
  if (length == 0) return kPrime2;
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(s[i])); };
  const uint32_t y = byte(0) + (byte(length >> 1) << 8);
  const uint32_t z = static_cast<uint32_t>(length) + (byte(length - 1) << 2);
  return Mix(y * kPrime2 ^ z * kPrime0) * kPrime2;
}

uint64_t UpTo32(const char* s, size_t length) {
  const uint64_t factor = kPrime2 + length * 2;
  const uint64_t a = Load64(s) * kPrime1;
  const uint64_t b = Load64(s + 8);
  const uint64_t c = Load64(s + length - 8) * factor;
  const uint64_t d = Load64(s + length - 16) * kPrime2;
  return Join(Rotate(a + b, 43) + Rotate(c, 30) + d, a + Rotate(b + kPrime2, 18) + c, factor);
}

uint64_t UpTo64(const char* s, size_t length) {
  const uint64_t factor = kPrime2 + length * 2;
  const uint64_t a = Load64(s) * kPrime2;
  const uint64_t b = Load64(s + 8);
  const uint64_t c = Load64(s + length - 8) * factor;
  const uint64_t d = Load64(s + length - 16) * kPrime2;
  const uint64_t y = Rotate(a + b, 43) + Rotate(c, 30) + d;
  const uint64_t z = Join(y, a + Rotate(b + kPrime2, 18) + c, factor);
  const uint64_t e = Load64(s + 16) * factor;
  const uint64_t f = Load64(s + 24);
  const uint64_t g = (y + Load64(s + length - 32)) * factor;
  const uint64_t h = (z + Load64(s + length - 24)) * factor;
  return Join(Rotate(e + f, 43) + Rotate(g, 30) + h, e + Rotate(f + a, 18) + g, factor);
}

Pair Weak32(const char* s, uint64_t a, uint64_t b) {
  const uint64_t z = Load64(s + 24);
  a += Load64(s);
  b = Rotate(b + a + z, 21);
  const uint64_t c = a;
  a += Load64(s + 8) + Load64(s + 16);
  b += Rotate(a, 44);
  return {a + z, b + c};
}

uint64_t Long(const char* s, size_t length) {
  constexpr uint64_t kSeed = 81;
  uint64_t x = kSeed;
  uint64_t y = kSeed * kPrime1 + 113;
  uint64_t z = Mix(y * kPrime2 + 113) * kPrime2;
  Pair v{0, 0};
  Pair w{0, 0};
  x = x * kPrime2 + Load64(s);
  const char* const end = s + ((length - 1) / 64) * 64;
  const char* const last = end + ((length - 1) & 63) - 63;
  do {
    x = Rotate(x + y + v.first + Load64(s + 8), 37) * kPrime1;
    y = Rotate(y + v.second + Load64(s + 48), 42) * kPrime1;
    x ^= w.second;
    y += v.first + Load64(s + 40);
    z = Rotate(z + w.first, 33) * kPrime1;
    v = Weak32(s, v.second * kPrime1, x + w.first);
    w = Weak32(s + 32, z + w.second, y + Load64(s + 16));
    std::swap(z, x);
    s += 64;
  } while (s != end);
  const uint64_t factor = kPrime1 + ((z & 0xff) << 1);
  s = last;
  w.first += (length - 1) & 63;
  v.first += w.first;
  w.first += v.first;
  x = Rotate(x + y + v.first + Load64(s + 8), 37) * factor;
  y = Rotate(y + v.second + Load64(s + 48), 42) * factor;
  x ^= w.second * 9;
  y += v.first * 9 + Load64(s + 40);
  z = Rotate(z + w.first, 33) * factor;
  v = Weak32(s, v.second * factor, x + w.first);
  w = Weak32(s + 32, z + w.second, y + Load64(s + 16));
  std::swap(z, x);
  return Join(Join(v.first, w.first, factor) + Mix(y) * kPrime0 + z, Join(v.second, w.second, factor) + x,
              factor);
}

}  // namespace

int64_t FarmFingerprint(std::string_view text) {
  const char* s = text.data();
  const size_t length = text.size();
  const uint64_t hash = length <= 16   ? UpTo16(s, length)
                        : length <= 32 ? UpTo32(s, length)
                        : length <= 64 ? UpTo64(s, length)
                                       : Long(s, length);
  return static_cast<int64_t>(hash);
}

}  // namespace bqcdc::emulator::sql
