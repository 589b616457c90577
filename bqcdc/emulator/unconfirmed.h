#pragma once

// Decisions about behaviour of the service that no public source settles, in one place. Each line says what
// this server does; a conformance run on the real service (tests/conformance: conformance probe --record) is
// the way to settle one that is in tests/conformance/points.txt. Where the decision is a number it is a
// constant here or an option named beside it.
namespace bqcdc::emulator::unconfirmed {

// ---- `_CHANGE_TYPE` and the mode of a connection (handlers/connection_mode.h)
// * UPSERT, DELETE and INSERT are taken in upper case only; any other text, the empty one too, makes a bad
//   row with the message `The given value is not a valid CHANGE_TYPE: <value>`.
// * NULL (unset) counts as INSERT: refused among UPSERT and DELETE with the mixing text.
// * The mode belongs to the connection, all its destinations together (--mode-per-destination: to each). The
//   first accepted request that has `_CHANGE_TYPE` in its descriptor, for a table with a primary key, decides
//   by its first row; a refused request decides nothing. Rows of a descriptor without the field decide
//   nothing, but count as INSERT on a connection in upsert mode.
// * A mode fault refuses the request: status InvalidArgument with the fault's own text, and `row_errors`
//   naming the rows.
// * UPSERT or DELETE without a primary key: `Create UPSERT stream is not supported for primary key disabled
//   table: p:d.t`.

// ---- `_CHANGE_SEQUENCE_NUMBER` (values/sequence_number.h, convert/proto_rows.h)
// * A bad value makes a bad row: `The given value is not a valid CHANGE_SEQUENCE_NUMBER: <value>`.
// * Missing sections count as 0, so `ABC` equals `ABC/0`.
// * Integer fields of any kind are taken for it, not negative, as the number of one section.
// * On plain rows it is checked and then ignored.

// ---- Rows (convert/)
// * Bytes that are no message make a bad row, not a refusal without `row_errors`.
// * A missing REQUIRED value: `Required field <path> is missing.` A DELETE needs only the REQUIRED columns of
//   its key, and its other values are not looked at.
// * NULL in a key column is taken; NULL equals NULL as a key.
// * Enum to STRING becomes the name; numbers without a name count as unset (proto2's rule).
// * sint*, fixed*, sfixed* are taken where int32 and int64 are; a group is taken as a message.
// * NUMERIC and BIGNUMERIC bytes may be padded with sign bytes; empty bytes are refused; digits of text
//   beyond the scale are rounded half away from zero.
// * A GEOGRAPHY is shown with the vertices of each line and ring in the order in which they came, every empty
//   one as `GEOMETRYCOLLECTION EMPTY`; edges that cross are not refused.
// * An INTERVAL comes as canonical text or as an ISO 8601 duration, as CAST takes it. Two of them are
//   equal where their lengths are, a month counting 30 days; each is shown as it came.
// * A RANGE that does not begin before it ends makes a bad row: `Range start element must be smaller than
//   range end element`. A value outside of NUMERIC(p, s) has the text that CAST gives.
// * TIMESTAMP(12) takes integers as microseconds, too; beside CAST, order and comparison no function takes
//   it.
// * Nanoseconds of a google.protobuf.Timestamp are cut to microseconds, except for TIMESTAMP(12).
// * A `required` label of the descriptor is checked, except on a DELETE.
// * A column that the descriptor leaves out gets its default for an UPSERT as for a plain row.
// * Streamed values of the column that a table is partitioned by (unit of time) lie 3650 days back to 366
//   days ahead of today (UTC), by their day; others make a bad row. NULL is taken. A DELETE's value is not
//   looked at. The text is that of insertAll, which holds to the same bounds here. Partition decorators
//   (t$20240131) are refused by name.

// ---- Rows in Arrow format (convert/arrow)
// * Beside the documented types TIME takes time64[us] and TIMESTAMP a timestamp[us] without a zone, as an
//   example of Google's Python library sends them; TIMESTAMP takes any zone. INT64 takes integers with and
//   without a sign, uint64 row by row.
// * A NULL is a missing value. A List that is NULL makes a bad row, and so does a NULL in a List.
// * `_CHANGE_TYPE` and `_CHANGE_SEQUENCE_NUMBER` in the schema, compressed bodies and big-endian schemas are
//   refused (InvalidArgument); fields with a dictionary and the large and view types do not go with any
//   column.
// * The texts are made after those about descriptors: `The Arrow field mismatched with BigQuery field at …`.
// * A connection may change the format of its rows, with a writer schema in the same request.

// ---- AppendRows (handlers/append_session.h)
// * A missing table and an offset on a default stream (InvalidArgument) are errors in the stream; they do not
//   end the RPC. Extra fields of a descriptor are one on a default
//   stream; on a created stream they end the RPC, and nothing that was sent behind them is stored.
// * A table that exists is known at once (--table-propagation: denied for so long after its creation), and so
//   are its columns (--column-propagation: a change is unknown for so long).
// * A descriptor whose column was dropped or got another type under the connection: `Found incompatible
//   fields: …`.
// * UPSERT and DELETE for a table of more than 2,000 top-level columns: InvalidArgument with a text of ours.
// * The 10,001st AppendRows call that is open ends with ResourceExhausted.
// * A writer schema that is refused leaves the one before in force.
// * `updated_schema` comes once for each change and connection, on the first response to an accepted request.
// * A table that was dropped or re-created: NotFound without a StorageError.
// * Requests beyond --max-request-bytes (20 MiB) are refused in the stream, `AppendRows request too large: N
//   limit L`.
// * An idle connection is closed with Aborted after --idle-timeout (10 min) by the server's clock.

// ---- Created write streams (engine/write_stream.h, handlers/write_streams.h)
// * UPSERT and DELETE are refused with the text about insert mode, also where the table has no primary key.
//   Such a stream leaves the mode of its connection as it is; INSERT is taken. Several connections may
//   append.
// * A later writer schema is taken. A request whose rows are bad is told so whatever its offset is.
// * Lifetimes without traffic: COMMITTED 3 days, BUFFERED 7 days, PENDING 24 hours, and 4 hours once it is
//   finalized and not committed. Afterwards NotFound with STREAM_NOT_FOUND, and rows that wait are gone.
// * GetWriteStream of an id of another form than this server's is InvalidArgument, `Invalid stream name.`;
//   every other use of an unknown stream is NotFound.
// * Texts: `Stream has been finalized.`, `Stream has not been finalized.`, `Stream has already been
//   committed.`, `Invalid stream type: …`, `Offset N is already flushed`. Finalize may be repeated.
// * FlushRows without an offset is InvalidArgument; on a finalized stream STREAM_FINALIZED; on a default
//   stream INVALID_STREAM_TYPE.
// * Rows of a commit or flush count as ingested when they are shown.

// ---- Folding of changes (cdc/, engine/)
// * A late, lower number loses against an applied row for ever (--forget-sequences-after makes rows forget),
//   and against a DELETE for 48 hours (CdcOptions::tombstone_retention); later it revives the key.
// * Where one of two changes has no number, the one ingested later wins. Plain rows of a key that were
//   ingested before a change that is applied go; one appended later stays beside the winner.
// * DELETE of a missing key leaves a tombstone. Rows that share a key in the baseline are all replaced.
// * Rows of one request without an order: the last of the request wins (--shuffle-ties: any, seeded).

// ---- Staleness and apply (engine/)
// * max_staleness: 0 to 24 hours.
// * The watermark is NULL before the first UPSERT or DELETE, which sets it to its ingest time minus a
//   microsecond; an apply sets it to the apply's time. Applies come every max_staleness / 2, never closer
//   than a second; tables without max_staleness are compacted on a timer, which no query can see.
// * A table is active with CDC while it has unapplied changes and 30 minutes beyond
//   (CdcOptions::active_window): then UPDATE, DELETE, MERGE and TRUNCATE are refused and INSERT is a plain
//   append.
// * What those statements do afterwards to a table that was: an updated row keeps its sequence number, an
//   inserted one has none, and neither a deleted row nor TRUNCATE leaves a tombstone or takes one away.
// * SET of a field of a NULL STRUCT makes a STRUCT of it, the other fields NULL.
// * A change that comes while such a statement runs refuses it; plain rows come after it.
// * tabledata.list and numRows show what a query sees now. `streamingBuffer` counts the rows that are not
//   applied, plain ones too; rows of insertAll may be changed by DML before they are.
// * An apply of changes is a job of INFORMATION_SCHEMA.JOBS, as long as the server runs and 10,000 of them
//   back; one that finds nothing to apply is none, and neither is listed by jobs.list.
// * A query of a table with require_partition_filter that has to merge is refused in words of ours.

// ---- REST (handlers/)
// * A lost `If-Match` is answered with `Resource p:d.t did not meet condition IF_MATCH` (another text that
//   has been seen: `Precondition check failed.`). The etag of a table is that of its metadata: rows leave it
//   as it is, so `If-None-Match` may answer 304 though numRows has changed.
// * An `insertId` is remembered for a minute; of two requests at the same moment both are stored.
// * `templateSuffix` makes a table with the columns of the named one, and nothing else of it.
// * A cancelled job is done at once, `stopped`, HTTP 499. A statement that has begun to make its changes
//   durable ends as it would have. jobTimeoutMs is the machine's time.
// * Errors of a statement in a script begin with `Query error: `. A script with a statement that is refused
//   is not begun.
// * If-Match is a condition of DELETE, too.
// * Defaults of a dataset: where it has both, a table that is partitioned by time gets that of partitions
//   alone.

// ---- Views, copies, partitions (sql/)
// * The text of a view names datasets itself: without one it is refused when the view is made, whatever
//   the default dataset. What is wrong with it later is `Invalid view p:d.v: <text, with the place in
//   the view>`; a missing table is what it is in any query.
// * A seventeenth level of views, and the 1,001st reading of views by one statement, are refused in words of
//   ours. A list of column names stays by position.
// * Rows for a view: `Cannot add rows to a table of type VIEW.` by insertAll; in words of ours by the
//   Storage Write API.
// * CREATE TABLE LIKE, COPY and CLONE take everything but the expiration, the primary key, too. COPY and
//   CLONE of a table with changes that wait are refused in words of ours.
// * RENAME COLUMN takes no column of the key, the partitioning or the clustering.
// * require_partition_filter is content with a condition over nothing but the partitioning column and
//   constants, in WHERE or in ON of a join that does not keep the table's rows in any case, also around a
//   view or subquery; a subquery inside of it does not do. It holds for UPDATE, DELETE and TRUNCATE, too. For
//   the target of MERGE the condition is in ON, which may be FALSE instead, or, without an INSERT, in every
//   WHEN MATCHED; and in every WHEN NOT MATCHED BY SOURCE.
// * `_PARTITIONTIME` of a row that an UPSERT changed is the time of that change. UPDATE and MERGE leave it as
//   it is.
// * A partition expires `expirationMs` after it begins, whatever its unit; rows of NULL stay. A sequence
//   number goes with its row, so a late change may bring a key back, into another partition.
// * The working table of a recursive WITH may be read 500 times, the last time to find nothing.
// * INFORMATION_SCHEMA.PARTITIONS: last_modified_time is that of the newest row; every tier is ACTIVE.
//   SCHEMATA of a region is refused: the service shows a new dataset there only after a while.
// * `lastModifiedTime` of tables.get is that of the newest row, or of the last change of the table itself.

}  // namespace bqcdc::emulator::unconfirmed
