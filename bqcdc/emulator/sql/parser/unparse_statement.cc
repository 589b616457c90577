// Statements other than ALTER TABLE.

#include <string>
#include <string_view>

#include "bqcdc/emulator/sql/parser/literal_text.h"
#include "bqcdc/emulator/sql/parser/unparser_impl.h"

namespace bqcdc::emulator::sql {
namespace {

std::string_view TextOf(DropObject object) {
  switch (object) {
    case DropObject::kTable:
      return "TABLE ";
    case DropObject::kView:
      return "VIEW ";
    case DropObject::kSchema:
      return "SCHEMA ";
  }
  return "";
}

std::string_view TextOf(MergeMatch match) {
  switch (match) {
    case MergeMatch::kMatched:
      return " WHEN MATCHED";
    case MergeMatch::kNotMatchedByTarget:
      return " WHEN NOT MATCHED BY TARGET";
    case MergeMatch::kNotMatchedBySource:
      return " WHEN NOT MATCHED BY SOURCE";
  }
  return "";
}

}  // namespace

void Unparser::Write(const Statement& statement) {
  switch (statement.kind) {
    case StatementKind::kQuery:
      return Write(*As<QueryStatement>(statement).query);
    case StatementKind::kCreateTable:
      return WriteCreateTable(As<CreateTableStatement>(statement));
    case StatementKind::kCreateView:
      return WriteCreateView(As<CreateViewStatement>(statement));
    case StatementKind::kCreateSchema:
      return WriteCreateSchema(As<CreateSchemaStatement>(statement));
    case StatementKind::kAlterSchema:
      return WriteAlterSchema(As<AlterSchemaStatement>(statement));
    case StatementKind::kAlterTable:
      return WriteAlterTable(As<AlterTableStatement>(statement));
    case StatementKind::kDrop:
      return WriteDrop(As<DropStatement>(statement));
    case StatementKind::kInsert:
      return WriteInsert(As<InsertStatement>(statement));
    case StatementKind::kUpdate:
      return WriteUpdate(As<UpdateStatement>(statement));
    case StatementKind::kDelete:
      return WriteDelete(As<DeleteStatement>(statement));
    case StatementKind::kMerge:
      return WriteMerge(As<MergeStatement>(statement));
    case StatementKind::kTruncate:
      Add("TRUNCATE TABLE ");
      return WritePath(As<TruncateStatement>(statement).table.names);
    case StatementKind::kDeclare:
      return WriteDeclare(As<DeclareStatement>(statement));
    case StatementKind::kSet:
      return WriteSet(As<SetStatement>(statement));
    case StatementKind::kBlock:
      return WriteBlock(As<BlockStatement>(statement));
    case StatementKind::kIf:
      return WriteIf(As<IfStatement>(statement));
    case StatementKind::kLoop:
      return WriteLoop(As<LoopStatement>(statement));
    case StatementKind::kJump:
      return WriteJump(As<JumpStatement>(statement));
    case StatementKind::kUnsupported:
      return Add(As<UnsupportedStatement>(statement).name);
  }
}

void Unparser::WriteColumnAttributes(const TypeName& type, const ColumnAttributes& attributes) {
  if (type.collate) Add(" COLLATE " + QuoteString(*type.collate));
  if (attributes.primary_key) Add(attributes.enforced ? " PRIMARY KEY" : " PRIMARY KEY NOT ENFORCED");
  if (attributes.references) {
    WriteReference(*attributes.references);
    if (!attributes.enforced) Add(" NOT ENFORCED");
  }
  WriteOptional(" DEFAULT ", attributes.default_value);
  if (attributes.generated != nullptr) {
    WriteOptional(" GENERATED ALWAYS AS (", attributes.generated);
    Add(")");
  }
  if (attributes.not_null) Add(" NOT NULL");
  WriteOptionalOptions(attributes.options);
}

void Unparser::WriteColumn(const ColumnDefinition& column) {
  WriteName(column.name);
  Add(" ");
  Write(*column.type);
  WriteColumnAttributes(*column.type, column.attributes);
}

void Unparser::WriteReference(const ForeignKeyReference& reference) {
  Add(" REFERENCES ");
  WritePath(reference.table.names);
  WriteNames(reference.columns);
}

void Unparser::WritePrimaryKey(const PrimaryKeyConstraint& key) {
  if (key.name) {
    Add("CONSTRAINT ");
    WriteName(*key.name);
    Add(" ");
  }
  Add("PRIMARY KEY ");
  WriteNames(key.columns);
  if (!key.enforced) Add(" NOT ENFORCED");
}

void Unparser::WriteForeignKey(const ForeignKeyConstraint& key) {
  Add("FOREIGN KEY ");
  WriteNames(key.columns);
  WriteReference(key.references);
  if (!key.enforced) Add(" NOT ENFORCED");
}

void Unparser::WriteOptions(const OptionsList& options) {
  Add("OPTIONS(");
  Join(options.entries, [&](const OptionEntry& entry) {
    WriteName(entry.name);
    WriteOptional(" = ", entry.value);
  });
  Add(")");
}

void Unparser::WriteOptionalOptions(const std::optional<OptionsList>& options) {
  if (!options) return;
  Add(" ");
  WriteOptions(*options);
}

void Unparser::WriteDefaultCollate(const std::optional<std::string>& collate) {
  if (collate) Add(" DEFAULT COLLATE " + QuoteString(*collate));
}

void Unparser::WriteCreateTable(const CreateTableStatement& statement) {
  Add(statement.or_replace ? "CREATE OR REPLACE " : "CREATE ");
  Add(statement.temporary ? "TEMP TABLE " : "TABLE ");
  if (statement.if_not_exists) Add("IF NOT EXISTS ");
  WritePath(statement.name.names);
  if (statement.has_column_list) WriteTableElements(statement);
  switch (statement.source_kind) {
    case TableSource::kNone:
      break;
    case TableSource::kLike:
      Add(" LIKE ");
      break;
    case TableSource::kCopy:
      Add(" COPY ");
      break;
    case TableSource::kClone:
      Add(" CLONE ");
      break;
  }
  WritePath(statement.source.names);
  WriteOptional(" FOR SYSTEM_TIME AS OF ", statement.source_time);
  WriteDefaultCollate(statement.default_collate);
  if (!statement.partition_by.empty()) Add(" PARTITION BY ");
  WriteList(statement.partition_by);
  if (!statement.cluster_by.empty()) Add(" CLUSTER BY ");
  WriteList(statement.cluster_by);
  WriteOptionalOptions(statement.options);
  if (statement.query == nullptr) return;
  Add(" AS ");
  Write(*statement.query);
}

void Unparser::WriteTableElements(const CreateTableStatement& statement) {
  std::string_view separator = " (";
  const auto separate = [&] {
    Add(separator);
    separator = ", ";
  };
  if (statement.columns.empty() && statement.primary_keys.empty() && statement.foreign_keys.empty())
    separate();
  for (const ColumnDefinition& column : statement.columns) {
    separate();
    WriteColumn(column);
  }
  for (const PrimaryKeyConstraint& key : statement.primary_keys) {
    separate();
    WritePrimaryKey(key);
  }
  for (const ForeignKeyConstraint& key : statement.foreign_keys) {
    separate();
    if (key.name) {
      Add("CONSTRAINT ");
      WriteName(*key.name);
      Add(" ");
    }
    WriteForeignKey(key);
  }
  Add(")");
}

void Unparser::WriteCreateView(const CreateViewStatement& statement) {
  Add(statement.or_replace ? "CREATE OR REPLACE VIEW " : "CREATE VIEW ");
  if (statement.if_not_exists) Add("IF NOT EXISTS ");
  WritePath(statement.name.names);
  if (!statement.columns.empty()) {
    Add(" (");
    Join(statement.columns, [&](const ViewColumn& column) {
      WriteName(column.name);
      WriteOptionalOptions(column.options);
    });
    Add(")");
  }
  WriteOptionalOptions(statement.options);
  Add(" AS ");
  Write(*statement.query);
}

void Unparser::WriteCreateSchema(const CreateSchemaStatement& statement) {
  Add(statement.or_replace ? "CREATE OR REPLACE SCHEMA " : "CREATE SCHEMA ");
  if (statement.if_not_exists) Add("IF NOT EXISTS ");
  WritePath(statement.name.names);
  WriteDefaultCollate(statement.default_collate);
  WriteOptionalOptions(statement.options);
}

void Unparser::WriteDrop(const DropStatement& statement) {
  Add("DROP ");
  Add(TextOf(statement.object));
  if (statement.if_exists) Add("IF EXISTS ");
  WritePath(statement.name.names);
  if (statement.mode == DropMode::kCascade) Add(" CASCADE");
  if (statement.mode == DropMode::kRestrict) Add(" RESTRICT");
}

void Unparser::WriteInsert(const InsertStatement& statement) {
  Add("INSERT INTO ");
  WritePath(statement.table.names);
  if (!statement.columns.empty()) {
    Add(" ");
    WriteNames(statement.columns);
  }
  Add(" ");
  if (statement.query != nullptr) return Write(*statement.query);
  Add("VALUES ");
  Join(statement.rows, [&](const InsertRow& row) { WriteRow(row); });
}

void Unparser::WriteRow(const InsertRow& row) {
  Add("(");
  WriteList(row.values);
  Add(")");
}

void Unparser::WriteUpdate(const UpdateStatement& statement) {
  Add("UPDATE ");
  WritePath(statement.table.names);
  WriteAlias(statement.alias);
  Add(" SET ");
  WriteUpdateItems(statement.items);
  if (statement.from != nullptr) {
    Add(" FROM ");
    Write(*statement.from);
  }
  WriteOptional(" WHERE ", statement.where);
}

void Unparser::WriteUpdateItems(const std::vector<UpdateItem>& items) {
  Join(items, [&](const UpdateItem& item) {
    WritePath(item.column);
    WriteOptional(" = ", item.value);
  });
}

void Unparser::WriteDelete(const DeleteStatement& statement) {
  Add("DELETE FROM ");
  WritePath(statement.table.names);
  WriteAlias(statement.alias);
  WriteOptional(" WHERE ", statement.where);
}

void Unparser::WriteMerge(const MergeStatement& statement) {
  Add("MERGE INTO ");
  WritePath(statement.target.names);
  WriteAlias(statement.alias);
  Add(" USING ");
  const bool parentheses = statement.source->kind == TableExpressionKind::kJoin;
  if (parentheses) Add("(");
  Write(*statement.source);
  if (parentheses) Add(")");
  WriteOptional(" ON ", statement.on);
  for (const MergeClause& clause : statement.clauses) WriteMergeClause(clause);
}

void Unparser::WriteMergeClause(const MergeClause& clause) {
  Add(TextOf(clause.match));
  WriteOptional(" AND ", clause.condition);
  switch (clause.action) {
    case MergeActionKind::kDelete:
      return Add(" THEN DELETE");
    case MergeActionKind::kUpdate:
      Add(" THEN UPDATE SET ");
      return WriteUpdateItems(clause.items);
    case MergeActionKind::kInsert:
    case MergeActionKind::kInsertRow:
      break;
  }
  Add(" THEN INSERT ");
  if (!clause.columns.empty()) {
    WriteNames(clause.columns);
    Add(" ");
  }
  if (clause.action == MergeActionKind::kInsertRow) return Add("ROW");
  Add("VALUES ");
  WriteRow(clause.values);
}

std::string Unparse(const Statement& statement, const UnparseOptions& options) {
  Unparser unparser(options);
  unparser.Write(statement);
  return unparser.TakeText();
}

}  // namespace bqcdc::emulator::sql
