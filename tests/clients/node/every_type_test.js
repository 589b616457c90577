// Every column type through Google's own Node libraries, unmodified: written by the managed writer's JSON writer with the descriptor that its
// adapter makes of the table, read back by @google-cloud/bigquery.
'use strict';

const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const {PreciseDate, adapt, connect, managedwriter, protos, tablePath} = require('./clients.js');

const dataset = 'node_types';
const {bigquery, writeClient} = connect();
before(() => bigquery.createDataset(dataset));
after(() => writeClient.close());

const numericMax = `${'9'.repeat(29)}.${'9'.repeat(9)}`;
const bigNumericMin = '-578960446186580977117854925043439539266.34992332820282019728792003956564819968';
// A column's SQL type, the value that is handed to the JSON writer, and what is read back, in plain words (see plain()).
const cases = [
  ['BOOL', true, true],
  ['INT64', '-9223372036854775808', '-9223372036854775808'],
  ['INT64', '9223372036854775807', '9223372036854775807'],
  ['INT64', 42, '42'],
  ['FLOAT64', 1.7976931348623157e308, 1.7976931348623157e308],
  ['FLOAT64', 5e-324, 5e-324],
  ['FLOAT64', -Infinity, '-Infinity'],
  ['FLOAT64', NaN, 'NaN'],
  ['STRING', 'größer 東京 😀', 'größer 東京 😀'],
  ['STRING(3)', '東京都', '東京都'],
  ['BYTES', Buffer.from([0, 255]), 'AP8='],
  ['BYTES(2)', Buffer.from([1, 2]), 'AQI='],
  ['NUMERIC', numericMax, numericMax],
  ['NUMERIC', -12.5, '-12.5'],
  ['NUMERIC', 9007199254740993n, '9007199254740993'],
  ['NUMERIC(5, 2)', '-999.99', '-999.99'],
  ['BIGNUMERIC', bigNumericMin, bigNumericMin],
  ['BIGNUMERIC(40, 2)', `${'1'.repeat(38)}.25`, `${'1'.repeat(38)}.25`],
  ['DATE', new Date('9999-12-31T00:00:00Z'), '9999-12-31'],
  ['DATE', -719162, '0001-01-01'],
  ['TIME', '23:59:59.999999', '23:59:59.999999'],
  ['DATETIME', '0001-01-01 00:00:00', '0001-01-01T00:00:00'],
  ['DATETIME', new Date('2024-02-29T12:34:56.789Z'), '2024-02-29T12:34:56.789000'],
  ['TIMESTAMP', new Date('2024-02-29T12:34:56.789Z'), '2024-02-29T12:34:56.789Z'],
  ['TIMESTAMP', new PreciseDate('2024-02-29T12:34:56.789012000Z'), '2024-02-29T12:34:56.789012000Z'],
  ['TIMESTAMP', '-62135596800000000', '0001-01-01T00:00:00.000Z'],
  ['TIMESTAMP', '253402300799999999', '9999-12-31T23:59:59.999999000Z'],
  ['JSON', '{"a":[1,null,"x"]}', '{"a":[1,null,"x"]}'],
  ['GEOGRAPHY', 'POINT(8.5 47.25)', 'POINT(8.5 47.25)'],
  ['RANGE<DATE>', {start: new Date('2024-02-29T00:00:00Z'), end: 2932896}, {start: '2024-02-29', end: '9999-12-31'}],
  ['RANGE<DATE>', {end: 0}, {start: null, end: '1970-01-01'}],
  ['RANGE<DATETIME>', {start: '0001-01-01 00:00:00', end: '9999-12-31 23:59:59.999999'},
    {start: '0001-01-01T00:00:00', end: '9999-12-31T23:59:59.999999'}],
  ['RANGE<TIMESTAMP>', {start: new Date('2024-02-29T12:34:56Z')}, {start: '2024-02-29T12:34:56.000Z', end: null}],
  ['RANGE<TIMESTAMP>', {start: '-62135596800000000', end: '253402300799999999'},
    {start: '0001-01-01T00:00:00.000Z', end: '9999-12-31T23:59:59.999999000Z'}],
  ['STRUCT<city STRING, zip INT64, tags ARRAY<STRING>>', {city: 'Bern', zip: 3000, tags: ['a']}, {city: 'Bern', zip: '3000', tags: ['a']}],
  ['ARRAY<STRING>', ['x', '', 'y'], ['x', '', 'y']],
  ['ARRAY<INT64>', [1, '-9223372036854775808'], ['1', '-9223372036854775808']],
  ['ARRAY<NUMERIC>', ['0.000000001', 2], ['0.000000001', '2']],
  ['ARRAY<STRUCT<city STRING, period RANGE<DATE>>>', [{city: 'Bern'}, {period: {start: 0}}],
    [{city: 'Bern', period: null}, {city: null, period: {start: '1970-01-01', end: null}}]],
];

// What the library reads, without its classes: wrapped values as their texts, bytes in base64.
function plain(value) {
  if (value === null || typeof value !== 'object') return Number.isFinite(value) || typeof value !== 'number' ? value : String(value);
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (value.constructor.name === 'Big') return value.toFixed();
  if (value.constructor.name === 'BigQueryRange')
    return {start: plain(value.start ?? null), end: plain(value.end ?? null)};
  if ('value' in value) return value.value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

async function descriptorOf(table) {
  const {tableSchema} = await writeClient.getWriteStream({streamId: `${tablePath(table)}/streams/_default`, view: 'FULL'});
  return adapt.convertStorageSchemaToProto2Descriptor(tableSchema, 'root');
}

// Sends one request by the JSON writer and returns its answer.
async function append(table, protoDescriptor, rows) {
  const connection = await writeClient.createStreamConnection(
    {streamId: managedwriter.DefaultStream, destinationTable: tablePath(table)});
  const writer = new managedwriter.JSONWriter({connection, protoDescriptor});
  try {
    return await writer.appendRows(rows).getResult();
  } finally {
    writer.close();
  }
}

async function accept(table, protoDescriptor, rows) {
  const {error, rowErrors} = await append(table, protoDescriptor, rows);
  assert.ok(!error, `${error?.message} ${JSON.stringify(rowErrors)}`);
}

// As many columns as there are types, c0 first; a second row has none of them.
async function create(table, types) {
  const columns = types.map((type, i) => `, c${i} ${type}`).join('');
  await bigquery.query(`CREATE OR REPLACE TABLE ${table} (id INT64${columns})`);
}

test('every type', async t => {
  const table = `${dataset}.every_type`;
  await create(table, cases.map(([type]) => type));
  const values = Object.fromEntries(cases.map(([, value], i) => [`c${i}`, value]));
  await accept(table, await descriptorOf(table), [{id: 1, ...values}, {id: 2}]);
  const [queried] = await bigquery.query({query: `SELECT * FROM ${table} ORDER BY id`, wrapIntegers: true});
  const [listed] = await bigquery.dataset(dataset).table('every_type').getRows({wrapIntegers: true});
  listed.sort((a, b) => a.id.value - b.id.value);
  for (const [way, [full, empty]] of Object.entries({queried, listed})) {
    for (const [i, [type, , found]] of cases.entries()) {
      await t.test(`${way}: ${type}, column ${i}`, () => {
        assert.deepEqual(plain(full[`c${i}`]), found);
        assert.deepEqual(plain(empty[`c${i}`]), type.startsWith('ARRAY') ? [] : null);
      });
    }
  }
});

test('TIMESTAMP(12): as text, and read with all digits where the library is asked for them', async () => {
  const table = `${dataset}.picoseconds`;
  await create(table, ['TIMESTAMP(12)']);
  await accept(table, await descriptorOf(table), [{id: 1, c0: '2024-02-29T12:34:56.123456789012Z'}]);
  const whole = {'formatOptions.timestampOutputFormat': 'ISO8601_STRING'};
  const [queried] = await bigquery.query(`SELECT id, c0 FROM ${table}`, whole);
  const [listed] = await bigquery.dataset(dataset).table('picoseconds').getRows(whole);
  for (const found of [queried, listed]) assert.deepEqual(plain(found), [{id: 1, c0: '2024-02-29T12:34:56.123456789012Z'}]);
  const [cut] = await bigquery.query(`SELECT c0 FROM ${table}`);
  assert.deepEqual(plain(cut), [{c0: '2024-02-29T12:34:56.123456000Z'}]);
});

// The adapter knows no INTERVAL: "table field type 14 not supported". The JSON writer takes a descriptor that is made by hand.
test('INTERVAL: by a descriptor of our own', async () => {
  const table = `${dataset}.intervals`;
  await create(table, ['INTERVAL', 'ARRAY<INTERVAL>']);
  await assert.rejects(descriptorOf(table), /table field type (14|INTERVAL) not supported/);
  const {Type, Label} = protos.google.protobuf.FieldDescriptorProto;
  const descriptor = {name: 'root', field: [
    {name: 'id', number: 1, type: Type.TYPE_INT64, label: Label.LABEL_OPTIONAL},
    {name: 'c0', number: 2, type: Type.TYPE_STRING, label: Label.LABEL_OPTIONAL},
    {name: 'c1', number: 3, type: Type.TYPE_STRING, label: Label.LABEL_REPEATED}]};
  await accept(table, descriptor, [{id: 1, c0: '10000-0 -3660000 87840000:0:0', c1: ['1-2 3 4:5:6.789', '0-0 0 -0:0:0.000001']}, {id: 2}]);
  const [found] = await bigquery.query(`SELECT c0, c1 FROM ${table} ORDER BY id`);
  assert.deepEqual(plain(found), [
    {c0: '10000-0 -3660000 87840000:0:0', c1: ['1-2 3 4:5:6.789', '0-0 0 -0:0:0.000001']}, {c0: null, c1: []}]);
});

test('what no column takes', async t => {
  for (const [type, value, message] of [
    ['STRING(3)', '東京都区', /has maximum length 3 but got a value with length 4/],
    ['BYTES(2)', Buffer.from('abc'), /maximum length 2/],
    ['NUMERIC(5, 2)', '1000', /c0/],
    ['NUMERIC', '1e29', /c0/],
    ['DATE', 2932897, /c0/],
    ['TIMESTAMP', '253402300800000000', /Timestamp field value is out of range/],
    ['TIME', '24:00:00', /c0/],
    ['DATETIME', '2023-02-29 00:00:00', /c0/],
    ['JSON', '{', /c0/],
    ['RANGE<DATE>', {start: 1, end: 1}, /c0/],
  ]) {
    await t.test(type, async () => {
      const table = `${dataset}.refused`;
      await create(table, [type]);
      const {error, rowErrors} = await append(table, await descriptorOf(table), [{id: 1}, {id: 2, c0: value}]);
      assert.match(error.message, /Errors found while processing rows/);
      assert.deepEqual(rowErrors.map(row => [Number(row.index), row.code]), [[1, 'FIELDS_ERROR']]);
      assert.match(rowErrors[0].message, message);
      const [found] = await bigquery.query(`SELECT id FROM ${table}`);
      assert.deepEqual(found, []);
    });
  }
});
