// UNPIVOT: columns become rows
// (https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#unpivot_operator).

#include <map>
#include <set>

#include "bqcdc/base/status_macros.h"
#include "bqcdc/emulator/sql/analyzer/analysis_errors.h"
#include "bqcdc/emulator/sql/analyzer/analyzer.h"

namespace bqcdc::emulator::sql {

absl::StatusOr<Analyzer::FromResult> Analyzer::AnalyzeUnpivot(const UnpivotClause& unpivot,
                                                              FromResult input) {
  if (unpivot.values.size() != 1) return Unsupported(unpivot.position, "UNPIVOT into several columns");
  // The sources, one column each, of one type.
  std::vector<const NamedColumn*> sources;
  std::vector<Value> labels;
  std::set<std::pair<ColumnId, int>> turned;
  for (const UnpivotClause::Source& source : unpivot.sources) {
    if (source.columns.size() != 1 || source.columns[0].size() != 1) {
      return Unsupported(unpivot.position, "UNPIVOT of column sets or paths");
    }
    const Identifier& name = source.columns[0][0];
    bool ambiguous = false;
    const NamedColumn* column = FindColumn(input.names.columns, name.text, &ambiguous);
    if (column == nullptr) return ErrorAt(name.position, "Unrecognized name: ", name.text);
    if (ambiguous) return ErrorAt(name.position, "Column name ", name.text, " is ambiguous");
    if (!sources.empty() && !(column->ValueType() == sources[0]->ValueType())) {
      return ErrorAt(name.position,
                     "The datatype of column does not match with other datatypes in the IN clause. "
                     "Expected ",
                     sources[0]->ValueType().ToString(), ", Found ", column->ValueType().ToString());
    }
    Value label = Value::String(name.text);
    if (source.label) {
      BQCDC_ASSIGN_OR_RETURN(const ResolvedExpressionPtr literal, AnalyzeConstant(*source.label));
      if (literal->kind != ResolvedKind::kLiteral)
        return Unsupported(unpivot.position, "label of this kind in UNPIVOT");
      label = Resolved<ResolvedLiteral>(*literal).value;
    }
    if (!labels.empty() && !(label.type == labels[0].type)) {
      return ErrorAt(unpivot.position, "All labels of UNPIVOT must have one type");
    }
    sources.push_back(column);
    labels.push_back(std::move(label));
    turned.insert({column->id, column->field});
  }
  // The input is read once for each source, under a name of its own.
  auto with = std::make_unique<WithScan>();
  WithScan::Entry entry;
  entry.name = base::StrCat("w", next_with_++);
  entry.outputs = input.scan->columns;

  auto all = std::make_unique<SetOperationScan>();
  FromResult result;
  std::vector<const NamedColumn*> kept;
  for (const NamedColumn& column : input.names.columns) {
    if (column.hidden || turned.contains({column.id, column.field})) continue;
    kept.push_back(&column);
    const ColumnId id = NewColumn();
    all->columns.push_back({id, column.ValueType()});
    result.names.columns.push_back({column.name, id, column.ValueType()});
  }
  const Type value_type = sources[0]->ValueType();
  const ColumnId value_id = NewColumn();
  const ColumnId name_id = NewColumn();
  all->columns.push_back({value_id, value_type});
  all->columns.push_back({name_id, labels[0].type});
  result.names.columns.push_back({unpivot.values[0].text, value_id, value_type});
  result.names.columns.push_back({unpivot.name.text, name_id, labels[0].type});

  for (size_t i = 0; i < sources.size(); ++i) {
    auto reference = std::make_unique<WithReferenceScan>();
    reference->name = entry.name;
    std::map<ColumnId, ColumnId> renamed;
    for (const ScanColumn& column : entry.outputs) {
      const ColumnId id = NewColumn();
      renamed[column.id] = id;
      reference->sources.push_back(column.id);
      reference->columns.push_back({id, column.type});
    }
    const auto read = [&](const NamedColumn& column) {
      NamedColumn moved = column;
      moved.id = renamed[column.id];
      return moved.Reference();
    };
    auto project = std::make_unique<ProjectScan>();
    SetOperationScan::Input part;
    const auto add = [&](ResolvedExpressionPtr expression) {
      const ColumnId id = NewColumn();
      project->columns.push_back({id, expression->type});
      project->computed.push_back({id, std::move(expression)});
      part.outputs.push_back(id);
    };
    for (const NamedColumn* column : kept) add(read(*column));
    add(read(*sources[i]));
    add(std::make_unique<ResolvedLiteral>(labels[i]));
    if (unpivot.include_nulls) {
      project->input = std::move(reference);
    } else {
      BQCDC_ASSIGN_OR_RETURN(ResolvedExpressionPtr there, IsThere(read(*sources[i]), true, unpivot.position));
      project->input = Filter(std::move(reference), std::move(there));
    }
    part.scan = std::move(project);
    all->inputs.push_back(std::move(part));
  }
  entry.scan = std::move(input.scan);
  with->columns = all->columns;
  with->entries.push_back(std::move(entry));
  with->body = std::move(all);
  result.scan = std::move(with);
  if (unpivot.alias) AddVariable(result.names, unpivot.alias->text);
  return result;
}

}  // namespace bqcdc::emulator::sql
