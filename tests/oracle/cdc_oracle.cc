#include "tests/oracle/cdc_oracle.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace bqcdc::oracle {
namespace {

constexpr int64_t kTombstoneMicros = 48LL * 3600 * 1'000'000;
constexpr int64_t kActiveMicros = 30LL * 60 * 1'000'000;

// Four sections of sixteen upper-case digits: text in this form sorts as the numbers do.
std::string Padded(const std::string& sequence) {
  std::vector<std::string> sections = absl::StrSplit(sequence, '/');
  sections.resize(4, "0");
  std::string padded;
  for (const std::string& section : sections) {
    padded += std::string(16 - section.size(), '0') + absl::AsciiStrToUpper(section) + "/";
  }
  return padded;
}

bool IsEdge(int64_t distance, int64_t edge) { return distance >= edge - 1 && distance <= edge + 1; }

bool HasNull(const Key& key, Shape shape) {
  if (IsTyped(shape))
    return std::any_of(key.parts.begin(), key.parts.end(), [](const Value& part) { return part.null; });
  return !key.id || (shape != Shape::kSingleKey && !key.region);
}

Cells WithoutNulls(Cells cells) {
  std::erase_if(cells, [](const auto& cell) { return cell.second.null; });
  return cells;
}

}  // namespace

int CompareSequences(const std::string& a, const std::string& b) { return Padded(a).compare(Padded(b)); }

void Counters::Add(const Counters& other) {
  late_losers += other.late_losers;
  tombstone_hits += other.tombstone_hits;
  tombstones_expired += other.tombstones_expired;
  forget_edges += other.forget_edges;
  ties += other.ties;
  ties_in_request += other.ties_in_request;
  plain_replaced += other.plain_replaced;
  stale_edges += other.stale_edges;
  stale_queries += other.stale_queries;
  merges += other.merges;
  applies += other.applies;
  restarts += other.restarts;
  null_keys += other.null_keys;
  alters += other.alters;
  rows_adapted += other.rows_adapted;
  kills += other.kills;
  kills_in_doubt += other.kills_in_doubt;
}

Key CdcOracle::KeyOf(const Row& row) const {
  return shape_ == Shape::kSingleKey ? Key{.id = row.key.id} : row.key;
}

void CdcOracle::Append(const std::vector<Row>& rows, int64_t now) {
  ++requests_;
  std::map<Key, std::vector<Change>> changes_of_key;
  for (const Row& row : rows) {
    changes_of_key[KeyOf(row)].push_back({row, now, requests_});
    if (row.operation == Operation::kPlain) continue;
    if (!watermark_) watermark_ = now - 1;
    last_change_ = now;
    if (row.operation == Operation::kDelete) last_delete_ = now;
    counters_.null_keys += HasNull(row.key, shape_);
  }
  for (auto& [key, changes] : changes_of_key) {
    std::vector<World>& worlds = worlds_.try_emplace(key, 1).first->second;
    std::vector<size_t> order(changes.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::map<std::string, World> next;  // by what can be told apart
    do {
      for (World world : worlds) {
        for (size_t i : order) world.push_back(changes[i]);
        std::string signature = Signature(world);
        next.try_emplace(std::move(signature), std::move(world));
      }
    } while (options_.ties_shuffled && std::next_permutation(order.begin(), order.end()));
    worlds.clear();
    for (auto& [signature, world] : next) worlds.push_back(std::move(world));
    Count(worlds.front());
  }
}

void CdcOracle::Apply(int64_t now) {
  const bool unapplied = last_change_ && *watermark_ < *last_change_;
  const bool active = unapplied || (last_change_ && now - *last_change_ <= kActiveMicros);
  if (active) watermark_ = now;
  applies_.push_back(now);
  ++counters_.applies;
}

void CdcOracle::Alter(const SchemaChange& change, int64_t now) {
  Apply(now);
  ++counters_.alters;
  const View before = Expected(now);
  for (auto& [key, worlds] : worlds_) {
    for (World& world : worlds) {
      for (Change& past : world) Adapt(change, past.row.cells);
    }
  }
  const View after = Expected(now);
  for (size_t i = 0; i < before.size() && i < after.size(); ++i)
    counters_.rows_adapted += before[i] != after[i];
}

bool CdcOracle::IsStale(int64_t now) const {
  return staleness_micros_ > 0 && watermark_ && now - *watermark_ <= staleness_micros_;
}

int64_t CdcOracle::ChangesUntil(int64_t now) const { return IsStale(now) ? *watermark_ : now; }

bool CdcOracle::Forgotten(const Change& change, const Change& winner) const {
  if (winner.row.operation == Operation::kDelete) return change.ingest - winner.ingest > kTombstoneMicros;
  if (!options_.forget_sequences_after_micros) return false;
  const bool applied = std::any_of(applies_.begin(), applies_.end(), [&](int64_t time) {
    return winner.ingest <= time && time < change.ingest;
  });
  return applied && change.ingest - winner.ingest > *options_.forget_sequences_after_micros;
}

bool CdcOracle::Replaces(const Change& change, const Change& winner) const {
  if (Forgotten(change, winner)) return true;
  if (!change.row.sequence || !winner.row.sequence) return true;
  return CompareSequences(*change.row.sequence, *winner.row.sequence) >= 0;
}

CdcOracle::Survivors CdcOracle::Survive(const World& world, int64_t changes_until) const {
  Survivors survivors;
  auto& [winner, plain] = survivors;
  for (const Change& change : world) {
    if (change.row.operation == Operation::kPlain) {
      plain.push_back(&change);  // enters the baseline at once
    } else if (change.ingest <= changes_until && (winner == nullptr || Replaces(change, *winner))) {
      winner = &change;
      std::erase_if(plain, [&](const Change* row) { return row->ingest < change.ingest; });
    }
  }
  return survivors;
}

View CdcOracle::Fold(const World& world, int64_t changes_until) const {
  auto [winner, plain] = Survive(world, changes_until);
  View view;
  if (winner != nullptr && winner->row.operation == Operation::kUpsert) plain.push_back(winner);
  for (const Change* row : plain) {
    view.push_back({row->row.key, row->row.value, row->row.note, WithoutNulls(row->row.cells)});
  }
  std::sort(view.begin(), view.end());
  return view;
}

std::string CdcOracle::Signature(const World& world) const {
  const Survivors survivors = Survive(world, std::numeric_limits<int64_t>::max());
  std::string signature;
  for (const Change* change : survivors.plain) absl::StrAppend(&signature, "plain ", change->row.value, ";");
  if (const Change* winner = survivors.winner; winner != nullptr) {
    absl::StrAppend(&signature, winner->request, " ", static_cast<int>(winner->row.operation), " ",
                    winner->row.value, " ", winner->row.sequence.value_or("-"));
  }
  return signature;
}

// Looks at the newest change of the key: what it met when it came.
void CdcOracle::Count(const World& world) {
  const int64_t request = world.back().request;
  const Change* winner = nullptr;
  bool plain = false;
  for (const Change& change : world) {
    if (change.row.operation == Operation::kPlain) {
      plain = true;
      continue;
    }
    const bool replaces = winner == nullptr || Replaces(change, *winner);
    if (change.request == request) {
      if (replaces && plain) ++counters_.plain_replaced;
      if (winner != nullptr && winner->row.sequence && change.row.sequence) {
        const int order = CompareSequences(*change.row.sequence, *winner->row.sequence);
        const bool deleted = winner->row.operation == Operation::kDelete;
        counters_.late_losers += !replaces && !deleted;
        counters_.tombstone_hits += !replaces && deleted;
        counters_.tombstones_expired += order < 0 && replaces && deleted;
        counters_.forget_edges +=
            order < 0 && deleted && IsEdge(change.ingest - winner->ingest, kTombstoneMicros);
        counters_.ties += order == 0;
        counters_.ties_in_request += order == 0 && winner->request == request;
      }
    }
    if (replaces) winner = &change, plain = false;
  }
}

bool CdcOracle::Explains(const View& seen, int64_t now) {
  const int64_t changes_until = ChangesUntil(now);
  if (staleness_micros_ > 0 && watermark_ && IsEdge(now - *watermark_, staleness_micros_))
    ++counters_.stale_edges;
  std::map<Key, View> seen_of_key;
  for (const VisibleRow& row : seen) seen_of_key[KeyOf({.key = row.key})].push_back(row);
  View fresh, shown;
  for (auto& [key, worlds] : worlds_) {
    View of_key;
    if (auto found = seen_of_key.find(key); found != seen_of_key.end()) of_key = found->second;
    std::sort(of_key.begin(), of_key.end());
    for (const VisibleRow& row : Fold(worlds.front(), now)) fresh.push_back(row);
    for (const VisibleRow& row : Fold(worlds.front(), changes_until)) shown.push_back(row);
    std::erase_if(worlds, [&](const World& world) { return Fold(world, changes_until) != of_key; });
    if (worlds.empty()) return false;
    seen_of_key.erase(key);
  }
  if (IsStale(now) && fresh != shown) ++counters_.stale_queries;
  if (!IsStale(now) && last_change_ && *watermark_ < *last_change_) ++counters_.merges;
  return seen_of_key.empty();
}

View CdcOracle::Expected(int64_t now) const {
  View view;
  for (const auto& [key, worlds] : worlds_) {
    if (worlds.empty()) continue;
    for (const VisibleRow& row : Fold(worlds.front(), ChangesUntil(now))) view.push_back(row);
  }
  std::sort(view.begin(), view.end());
  return view;
}

}  // namespace bqcdc::oracle
