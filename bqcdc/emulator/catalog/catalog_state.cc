#include "bqcdc/emulator/catalog/catalog_state.h"

#include <utility>

namespace bqcdc::emulator::catalog {
namespace {

template <typename Map, typename Key>
auto FindIn(const Map& map, const Key& key) -> decltype(map.begin()->second.get()) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : found->second.get();
}

}  // namespace

const Dataset* CatalogState::FindDataset(const DatasetId& id) const { return FindIn(datasets_, id); }
const Table* CatalogState::FindTable(const TableId& id) const { return FindIn(tables_, id); }
const Table* CatalogState::FindTable(int64_t uid) const { return FindIn(tables_by_uid_, uid); }

std::shared_ptr<const Table> CatalogState::ShareTable(int64_t uid) const {
  const auto found = tables_by_uid_.find(uid);
  return found == tables_by_uid_.end() ? nullptr : found->second;
}

std::vector<Dataset> CatalogState::ListDatasets(std::string_view project) const {
  std::vector<Dataset> found;
  for (const auto& [id, dataset] : datasets_) {
    if (id.project == project) found.push_back(*dataset);
  }
  return found;
}

std::vector<Table> CatalogState::ListTables(const DatasetId& dataset) const {
  std::vector<Table> found;
  for (auto it = tables_.lower_bound({dataset.project, dataset.dataset, ""}); it != tables_.end(); ++it) {
    if (it->first.project != dataset.project || it->first.dataset != dataset.dataset) break;
    found.push_back(*it->second);
  }
  return found;
}

void CatalogState::PutDataset(Dataset dataset) {
  const DatasetId id = dataset.id;
  datasets_[id] = std::make_shared<const Dataset>(std::move(dataset));
}

void CatalogState::RemoveDataset(const DatasetId& id) { datasets_.erase(id); }

void CatalogState::PutTable(Table table) {
  auto shared = std::make_shared<const Table>(std::move(table));
  tables_[shared->id] = shared;
  tables_by_uid_[shared->uid] = shared;
}

void CatalogState::RemoveTable(int64_t uid) {
  const auto found = tables_by_uid_.find(uid);
  if (found == tables_by_uid_.end()) return;
  const auto named = tables_.find(found->second->id);
  // A replaced table has lost its name to its successor already.
  if (named != tables_.end() && named->second->uid == uid) tables_.erase(named);
  tables_by_uid_.erase(found);
}

}  // namespace bqcdc::emulator::catalog
