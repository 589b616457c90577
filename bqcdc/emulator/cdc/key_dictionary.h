#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bqcdc::emulator::cdc {

// A primary key among the pending changes of one table; dense from 0.
using KeyId = uint32_t;

// Keys of consecutive rows as bytes: equal bytes mean equal keys. Hashes are kept, so that the one thread
// that enters keys into a dictionary does not compute them.
class EncodedKeys {
 public:
  void Reserve(size_t keys, size_t bytes);
  // Bytes of the key that is being written; End() closes it.
  std::string& bytes() { return bytes_; }
  void End();
  void End(uint64_t hash);  // which is known
  void Clear();
  size_t size() const { return ends_.size(); }
  std::string_view key(size_t index) const {
    const size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }
  uint64_t hash(size_t index) const { return hashes_[index]; }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
  std::vector<uint64_t> hashes_;
};

uint64_t HashKey(std::string_view key);

// Gives each key a number. Open addressing over one arena: a lookup touches one slot and the key's bytes.
// Not thread-safe.
class KeyDictionary {
 public:
  KeyDictionary();
  KeyId FindOrAdd(std::string_view key, uint64_t hash);
  size_t size() const { return keys_.size(); }
  std::string_view key(KeyId id) const {
    return std::string_view(arena_).substr(keys_[id].begin, keys_[id].length);
  }
  uint64_t hash(KeyId id) const { return keys_[id].hash; }

 private:
  struct Key {
    uint64_t hash;
    uint64_t begin;
    uint32_t length;
  };
  struct Slot {
    uint32_t hash_bits = 0;
    uint32_t id_plus_one = 0;  // 0: free
  };
  void Grow();

  std::string arena_;
  std::vector<Key> keys_;
  std::vector<Slot> slots_;  // a power of two, at most two thirds full
};

}  // namespace bqcdc::emulator::cdc
