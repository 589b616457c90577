#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "bqcdc/emulator/catalog/entities.h"

namespace bqcdc::emulator::catalog {

// All datasets and tables at one instant. Immutable once it is shared; a change copies the maps (of
// pointers), alters the copy and puts it in place of the old one. Lookups give nullptr where there is
// nothing.
class CatalogState {
 public:
  const Dataset* FindDataset(const DatasetId& id) const;
  const Table* FindTable(const TableId& id) const;
  const Table* FindTable(int64_t uid) const;
  std::shared_ptr<const Table> ShareTable(int64_t uid) const;

  // Sorted by name.
  std::vector<Dataset> ListDatasets(std::string_view project) const;
  std::vector<Table> ListTables(const DatasetId& dataset) const;
  const std::map<int64_t, std::shared_ptr<const Table>>& tables() const { return tables_by_uid_; }

  void PutDataset(Dataset dataset);
  void RemoveDataset(const DatasetId& id);
  // Replaces the table of the same uid.
  void PutTable(Table table);
  void RemoveTable(int64_t uid);

 private:
  std::map<DatasetId, std::shared_ptr<const Dataset>> datasets_;
  std::map<TableId, std::shared_ptr<const Table>> tables_;
  std::map<int64_t, std::shared_ptr<const Table>> tables_by_uid_;
};

}  // namespace bqcdc::emulator::catalog
