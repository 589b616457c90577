#include "bqcdc/emulator/cdc/key_dictionary.h"

#include "absl/hash/hash.h"
#include "bqcdc/base/strings.h"

namespace bqcdc::emulator::cdc {
namespace {
constexpr size_t kSlotsMin = 64;
}  // namespace

uint64_t HashKey(std::string_view key) { return absl::Hash<absl::string_view>{}(base::ToAbsl(key)); }

void EncodedKeys::Reserve(size_t keys, size_t bytes) {
  ends_.reserve(keys);
  hashes_.reserve(keys);
  bytes_.reserve(bytes);
}

void EncodedKeys::End() {
  const size_t begin = ends_.empty() ? 0 : ends_.back();
  End(HashKey(std::string_view(bytes_).substr(begin)));
}

void EncodedKeys::End(uint64_t hash) {
  ends_.push_back(bytes_.size());
  hashes_.push_back(hash);
}

void EncodedKeys::Clear() {
  bytes_.clear();
  ends_.clear();
  hashes_.clear();
}

KeyDictionary::KeyDictionary() : slots_(kSlotsMin) {}

KeyId KeyDictionary::FindOrAdd(std::string_view key, uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  const auto hash_bits = static_cast<uint32_t>(hash >> 32);
  size_t position = hash & mask;
  for (; slots_[position].id_plus_one != 0; position = (position + 1) & mask) {
    const Slot slot = slots_[position];
    if (slot.hash_bits == hash_bits && this->key(slot.id_plus_one - 1) == key) return slot.id_plus_one - 1;
  }
  const auto id = static_cast<KeyId>(keys_.size());
  keys_.push_back({hash, arena_.size(), static_cast<uint32_t>(key.size())});
  arena_.append(key);
  slots_[position] = {hash_bits, id + 1};
  if (keys_.size() * 3 > slots_.size() * 2) Grow();
  return id;
}

void KeyDictionary::Grow() {
  std::vector<Slot> slots(slots_.size() * 2);
  const size_t mask = slots.size() - 1;
  for (size_t id = 0; id < keys_.size(); ++id) {
    size_t position = keys_[id].hash & mask;
    while (slots[position].id_plus_one != 0) position = (position + 1) & mask;
    slots[position] = {static_cast<uint32_t>(keys_[id].hash >> 32), static_cast<uint32_t>(id + 1)};
  }
  slots_ = std::move(slots);
}

}  // namespace bqcdc::emulator::cdc
