// ALTER SCHEMA and ALTER TABLE.

#include <string_view>

#include "bqcdc/emulator/sql/parser/literal_text.h"
#include "bqcdc/emulator/sql/parser/unparser_impl.h"

namespace bqcdc::emulator::sql {

void Unparser::WriteAlterSchema(const AlterSchemaStatement& statement) {
  Add(statement.if_exists ? "ALTER SCHEMA IF EXISTS " : "ALTER SCHEMA ");
  WritePath(statement.name.names);
  Add(" ");
  Join(statement.actions, [&](const AlterSchemaAction& action) {
    switch (action.kind) {
      case AlterSchemaActionKind::kSetOptions:
        Add("SET ");
        return WriteOptions(*action.options);
      case AlterSchemaActionKind::kSetDefaultCollate:
        return Add("SET DEFAULT COLLATE " + QuoteString(action.text));
      case AlterSchemaActionKind::kDropReplica:
        return Add("DROP REPLICA " + QuoteIdentifier(action.text));
      case AlterSchemaActionKind::kAddReplica:
        Add("ADD REPLICA " + QuoteIdentifier(action.text));
        return WriteOptionalOptions(action.options);
    }
  });
}

void Unparser::WriteAlterTable(const AlterTableStatement& statement) {
  Add(statement.is_view ? "ALTER VIEW " : "ALTER TABLE ");
  if (statement.if_exists) Add("IF EXISTS ");
  WritePath(statement.name.names);
  Add(" ");
  Join(statement.actions, [&](const AlterTableActionPtr& action) { WriteAction(*action); });
}

void Unparser::WriteAction(const AlterTableAction& a) {
  const auto guarded = [&](bool guard, std::string_view words, const Identifier& name) {
    Add(words);
    if (guard) Add("IF EXISTS ");
    WriteName(name);
  };
  switch (a.kind) {
    case AlterTableActionKind::kSetOptions:
      Add("SET ");
      return WriteOptions(As<SetOptionsAction>(a).options);
    case AlterTableActionKind::kSetDefaultCollate:
      return Add("SET DEFAULT COLLATE " + QuoteString(As<SetDefaultCollateAction>(a).collate));
    case AlterTableActionKind::kAddColumn:
      Add(As<AddColumnAction>(a).if_not_exists ? "ADD COLUMN IF NOT EXISTS " : "ADD COLUMN ");
      return WriteColumn(As<AddColumnAction>(a).column);
    case AlterTableActionKind::kDropColumn:
      return guarded(As<DropColumnAction>(a).if_exists, "DROP COLUMN ", As<DropColumnAction>(a).column);
    case AlterTableActionKind::kRenameColumn:
      guarded(As<RenameColumnAction>(a).if_exists, "RENAME COLUMN ", As<RenameColumnAction>(a).column);
      Add(" TO ");
      return WriteName(As<RenameColumnAction>(a).new_name);
    case AlterTableActionKind::kAddPrimaryKey:
      Add("ADD ");
      return WritePrimaryKey(As<AddPrimaryKeyAction>(a).primary_key);
    case AlterTableActionKind::kDropPrimaryKey:
      return Add(As<DropPrimaryKeyAction>(a).if_exists ? "DROP PRIMARY KEY IF EXISTS" : "DROP PRIMARY KEY");
    case AlterTableActionKind::kAddForeignKey: {
      const auto& add = As<AddForeignKeyAction>(a);
      Add("ADD ");
      if (add.foreign_key.name) {
        Add(add.if_not_exists ? "CONSTRAINT IF NOT EXISTS " : "CONSTRAINT ");
        WriteName(*add.foreign_key.name);
        Add(" ");
      }
      return WriteForeignKey(add.foreign_key);
    }
    case AlterTableActionKind::kDropConstraint:
      return guarded(As<DropConstraintAction>(a).if_exists, "DROP CONSTRAINT ",
                     As<DropConstraintAction>(a).name);
    case AlterTableActionKind::kAlterColumn:
      return WriteAlterColumn(As<AlterColumnAction>(a));
    case AlterTableActionKind::kRenameTo:
      Add("RENAME TO ");
      return WriteName(As<RenameToAction>(a).new_name);
  }
}

void Unparser::WriteAlterColumn(const AlterColumnAction& action) {
  Add(action.if_exists ? "ALTER COLUMN IF EXISTS " : "ALTER COLUMN ");
  WriteName(action.column);
  switch (action.change) {
    case AlterColumnChange::kDropNotNull:
      return Add(" DROP NOT NULL");
    case AlterColumnChange::kDropDefault:
      return Add(" DROP DEFAULT");
    case AlterColumnChange::kSetDefault:
      return WriteOptional(" SET DEFAULT ", action.default_value);
    case AlterColumnChange::kSetOptions:
      Add(" SET ");
      return WriteOptions(action.options);
    case AlterColumnChange::kSetDataType:
      Add(" SET DATA TYPE ");
      Write(*action.data_type);
      if (action.data_type->collate) Add(" COLLATE " + QuoteString(*action.data_type->collate));
  }
}

}  // namespace bqcdc::emulator::sql
