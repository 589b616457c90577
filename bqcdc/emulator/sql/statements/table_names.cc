#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/catalog/entity_names.h"
#include "bqcdc/emulator/errors.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/statements/evaluation.h"
#include "bqcdc/emulator/sql/statements/statement.h"

namespace bqcdc::emulator::sql {
namespace {

// Names alone are resolved, so no table is ever looked up.
class NoTables final : public TableProvider {
 public:
  absl::StatusOr<catalog::Table> FindTable(const catalog::TableId& id) override {
    return errors::TableNotFound(id.ToString());
  }
  absl::StatusOr<std::vector<catalog::Table>> FindTables(const catalog::DatasetId&,
                                                         const std::string&) override {
    return std::vector<catalog::Table>();
  }
  absl::StatusOr<std::optional<ConstantTable>> FindInformationSchema(const InformationSchemaName&) override {
    return std::nullopt;
  }
};

}  // namespace

absl::StatusOr<catalog::TableId> TableOf(const StatementContext& context, const TablePath& path) {
  NoTables none;
  AnalyzerOptions options;
  options.project = context.request.project;
  options.default_dataset = context.request.default_dataset;
  return Analyzer(options, none).ResolveTablePath(path);
}

absl::StatusOr<catalog::DatasetId> DatasetOf(const StatementContext& context, const TablePath& path) {
  if (path.names.size() > 2 || path.names.empty()) return ErrorAt(path.position, "Invalid dataset name");
  catalog::DatasetId id;
  id.project = path.names.size() == 2 ? path.names[0].text : context.request.project;
  id.dataset = path.names.back().text;
  return id;
}

absl::StatusOr<catalog::TableId> NewTableOf(const StatementContext& context, const TablePath& path) {
  BQCDC_ASSIGN_OR_RETURN(catalog::TableId id, TableOf(context, path));
  BQCDC_RETURN_IF_ERROR(catalog::CheckTableName(id.table));
  return id;
}

absl::StatusOr<catalog::DatasetId> NewDatasetOf(const StatementContext& context, const TablePath& path) {
  BQCDC_ASSIGN_OR_RETURN(catalog::DatasetId id, DatasetOf(context, path));
  BQCDC_RETURN_IF_ERROR(catalog::CheckDatasetName(id.dataset));
  return id;
}

}  // namespace bqcdc::emulator::sql
