// Created write streams through Google's own Node libraries, unmodified: the managed writer with its JSON writer, and the client below it.
'use strict';

const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const {adapt, connect, managedwriter, plainClient, protos, tablePath} = require('./clients.js');

const {StorageError} = protos.google.cloud.bigquery.storage.v1;
const codes = StorageError.StorageErrorCode;
const status = {INVALID_ARGUMENT: 3, NOT_FOUND: 5, ALREADY_EXISTS: 6, OUT_OF_RANGE: 11};

const dataset = 'node_streams';
const table = `${dataset}.rows`;
const parent = tablePath(table);
const {bigquery, writeClient} = connect();
const plain = plainClient();
let protoDescriptor;

before(async () => {
  await bigquery.createDataset(dataset);
  await createTable();
  const {tableSchema} = await writeClient.getWriteStream({streamId: `${parent}/streams/_default`, view: 'FULL'});
  protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(tableSchema, 'root');
});
after(async () => {
  writeClient.close();
  await plain.close();
});

const createTable = () => bigquery.query(`CREATE OR REPLACE TABLE ${table} (id INT64)`);
const rowsOf = ids => ids.map(id => ({id}));

async function ids() {
  const [found] = await bigquery.query(`SELECT id FROM ${table} ORDER BY id`);
  return found.map(row => row.id);
}

// A stream of that type with a writer of its own.
async function open(streamType) {
  const connection = await writeClient.createStreamConnection({streamType, destinationTable: parent});
  return {connection, name: connection.getStreamId(), writer: new managedwriter.JSONWriter({connection, protoDescriptor})};
}

// Sends [ids, offset] pairs, all on their way at once; the offsets must be answered.
async function append(stream, ...requests) {
  const writes = requests.map(([ids, offset]) => stream.writer.appendRows(rowsOf(ids), offset));
  const results = await Promise.all(writes.map(write => write.getResult()));
  for (const [i, {error, appendResult}] of results.entries()) {
    assert.ok(!error, JSON.stringify(error));
    assert.equal(Number(appendResult.offset.value), requests[i][1]);
  }
}

// The StorageError in the details of an error, which says more than its code.
function storageErrorOf(error) {
  const detail = (error.details ?? []).find(any => (any.typeUrl ?? any.type_url).endsWith('.StorageError'));
  return detail && StorageError.decode(detail.value).code;
}

// The answer to an append is an error, and the stream stays usable.
async function refuses(stream, ids, offset, code, storageCode) {
  const {error} = await stream.writer.appendRows(rowsOf(ids), offset).getResult();
  assert.equal(error.code, code, JSON.stringify(error));
  assert.equal(storageErrorOf(error), storageCode);
}

const rejects = (promise, code, text) => assert.rejects(promise, error => {
  assert.equal(error.code, code, error.message);
  assert.match(error.message, text);
  return true;
});

test('a committed stream: rows at exact offsets, seen at once', async () => {
  await createTable();
  const stream = await open(managedwriter.CommittedStream);
  await append(stream, [[1, 2], 0], [[3], 2]);
  assert.deepEqual(await ids(), [1, 2, 3]);
  await refuses(stream, [3], 2, status.ALREADY_EXISTS, codes.OFFSET_ALREADY_EXISTS);
  await refuses(stream, [9], 99, status.OUT_OF_RANGE, codes.OFFSET_OUT_OF_RANGE);
  await append(stream, [[4], 3]);
  assert.equal(Number((await stream.connection.finalize()).rowCount), 4);
  // The library's own connection ended with that, so another one meets the finalized stream.
  const connection = await writeClient.createStreamConnection({streamId: stream.name});
  const writer = new managedwriter.JSONWriter({connection, protoDescriptor});
  await refuses({writer}, [5], undefined, status.INVALID_ARGUMENT, codes.STREAM_FINALIZED);
  writer.close();
  assert.deepEqual(await ids(), [1, 2, 3, 4]);
});

test('pending streams: committed together, and once', async () => {
  await createTable();
  const first = await open(managedwriter.PendingStream);
  const second = await open(managedwriter.PendingStream);
  await append(first, [[1, 2], 0], [[3], 2]);
  await append(second, [[4], 0]);
  const request = {parent, writeStreams: [first.name, second.name]};
  assert.equal(Number((await first.connection.finalize()).rowCount), 3);
  const early = await writeClient.batchCommitWriteStream(request);
  assert.deepEqual(early.streamErrors.map(error => [error.code, error.entity]), [['INVALID_STREAM_STATE', second.name]]);
  assert.equal(early.commitTime, null);
  assert.deepEqual(await ids(), []);
  assert.equal(Number((await second.connection.finalize()).rowCount), 1);
  const committed = await writeClient.batchCommitWriteStream(request);
  assert.deepEqual(committed.streamErrors, []);
  assert.deepEqual((await writeClient.getWriteStream({streamId: first.name})).commitTime, committed.commitTime);
  assert.deepEqual(await ids(), [1, 2, 3, 4]);
  const again = await writeClient.batchCommitWriteStream(request);
  assert.deepEqual(again.streamErrors.map(error => error.code), ['STREAM_ALREADY_COMMITTED', 'STREAM_ALREADY_COMMITTED']);
  assert.deepEqual(await ids(), [1, 2, 3, 4]);
});

test('a buffered stream: seen as far as it is flushed', async () => {
  await createTable();
  const stream = await open(managedwriter.BufferedStream);
  await append(stream, [[1, 2], 0], [[3, 4], 2]);
  assert.deepEqual(await ids(), []);
  // A number 0 is no offset to the library, which then sends none.
  await rejects(stream.connection.flushRows({offset: 0}), status.INVALID_ARGUMENT, /offset/i);
  assert.equal(Number((await stream.connection.flushRows({offset: '0'})).offset), 0);
  assert.deepEqual(await ids(), [1]);
  assert.equal(Number((await stream.connection.flushRows({offset: 2})).offset), 2);
  assert.deepEqual(await ids(), [1, 2, 3]);
  await rejects(stream.connection.flushRows({offset: 2}), status.ALREADY_EXISTS, /Offset/i);
  await rejects(stream.connection.flushRows({offset: 4}), status.OUT_OF_RANGE, /Offset 4 is beyond the end of the stream/);
  await stream.connection.flushRows({offset: 3});
  assert.deepEqual(await ids(), [1, 2, 3, 4]);
});

test('the plain client: every RPC as it stands', async () => {
  await createTable();
  const [created] = await plain.createWriteStream({parent, writeStream: {type: 'PENDING'}});
  assert.equal(created.type, 'PENDING');
  assert.deepEqual(created.tableSchema.fields.map(field => [field.name, field.type]), [['id', 'INT64']]);
  const [got] = await plain.getWriteStream({name: created.name});
  assert.equal(got.name, created.name);

  const encoded = id => Buffer.from([0x08, id]);
  const call = plain.appendRows({otherArgs: {headers: {'x-goog-request-params': `write_stream=${created.name}`}}});
  const answers = new Promise((resolve, reject) => {
    const all = [];
    call.on('data', answer => all.push(answer)).on('error', reject).on('end', () => resolve(all));
  });
  call.write({writeStream: created.name, offset: {value: 0},
    protoRows: {writerSchema: {protoDescriptor: protoDescriptor.toJSON()}, rows: {serializedRows: [encoded(1), encoded(2)]}}});
  call.write({offset: {value: 0}, protoRows: {rows: {serializedRows: [encoded(1)]}}});
  call.write({offset: {value: 7}, protoRows: {rows: {serializedRows: [encoded(1)]}}});
  call.write({offset: {value: 2}, protoRows: {rows: {serializedRows: [encoded(3)]}}});
  call.end();
  const [accepted, repeated, beyond, next] = await answers;
  assert.equal(Number(accepted.appendResult.offset.value), 0);
  assert.equal(accepted.writeStream, created.name);
  assert.deepEqual([repeated.error.code, storageErrorOf(repeated.error)], [status.ALREADY_EXISTS, codes.OFFSET_ALREADY_EXISTS]);
  assert.match(repeated.error.message, /^The offset is within stream, expected offset 2, received 0/);
  assert.deepEqual([beyond.error.code, storageErrorOf(beyond.error)], [status.OUT_OF_RANGE, codes.OFFSET_OUT_OF_RANGE]);
  assert.match(beyond.error.message, /^The offset is beyond stream, expected offset 2, received 7/);
  assert.equal(Number(next.appendResult.offset.value), 2);

  const [finalized] = await plain.finalizeWriteStream({name: created.name});
  assert.equal(Number(finalized.rowCount), 3);
  const [committed] = await plain.batchCommitWriteStreams({parent, writeStreams: [created.name]});
  assert.ok(committed.commitTime);
  assert.deepEqual(await ids(), [1, 2, 3]);

  await rejects(plain.flushRows({writeStream: created.name, offset: {value: 0}}), status.INVALID_ARGUMENT, /./);
  await rejects(plain.finalizeWriteStream({name: `${parent}/streams/_default`}), status.NOT_FOUND, /Requested entity was not found/);
  await rejects(plain.getWriteStream({name: `${parent}/streams/invented`}), status.INVALID_ARGUMENT, /Invalid stream name/);
});
