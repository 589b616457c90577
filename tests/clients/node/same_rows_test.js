// The same changes by Google's Node writer and by `bqcdc stream`, each into a table of its own: both tables hold the same afterwards, to the
// last character. Values lie at and around the limits of their types; each writer gets them in the form that it documents.
'use strict';

const assert = require('node:assert/strict');
const {execFileSync} = require('node:child_process');
const {writeFileSync} = require('node:fs');
const {test, before, after} = require('node:test');
const {PreciseDate, connect, project, send} = require('./clients.js');

const program = process.argv.at(-1);  // bqcdc
const dataset = 'same_rows';

// Of each type: values as JSON lines have them, and as the Node writer wants them where that differs.
const same = values => values.map(value => [value, value]);
const bytes = values => values.map(value => [Buffer.from(value).toString('base64'), Buffer.from(value)]);
const types = {
  BOOL: same([true, false]),
  INT64: [...same([0, -1, 127, -128, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]),
    ['9223372036854775807', '9223372036854775807'], ['-9223372036854775808', '-9223372036854775808']],
  FLOAT64: [...same([0, 1.5, -2.25, 0.1, 1e-300, 1.7976931348623157e308, 5e-324, 123456789.12345679]),
    ['-0', -0.0], ['NaN', NaN], ['Infinity', Infinity], ['-Infinity', -Infinity]],
  NUMERIC: same(['0', '0.000000001', '-0.000000001', '99999999999999999999999999999.999999999',
    '-99999999999999999999999999999.999999999', '4713.26', '1e3', '-12.340']),
  BIGNUMERIC: same(['0', '0.00000000000000000000000000000000000001', '-1',
    '578960446186580977117854925043439539266.34992332820282019728792003956564819967',
    '-578960446186580977117854925043439539266.34992332820282019728792003956564819968']),
  STRING: same(['', 'a', 'größer', '東京', '"quoted" \\ / \b\f\n\r\t', '\u0000', '😀', ' '.repeat(300)]),
  BYTES: bytes([[], [0], [255, 254, 0, 1], [...Array(200).keys()]]),
  DATE: [['1970-01-01', new Date('1970-01-01')], ['0001-01-01', new Date('0001-01-01T00:00:00Z')], ['9999-12-31', new Date('9999-12-31')],
    ['2024-02-29', new Date('2024-02-29')], ['1969-12-31', new Date('1969-12-31')]],
  DATETIME: same(['2024-02-29 23:59:59.999999', '0001-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1969-12-31T23:59:59']),
  TIME: same(['00:00:00', '23:59:59.999999', '12:34:56', '01:02:03.5']),
  TIMESTAMP: [['1970-01-01T00:00:00Z', new Date(0)], ['2024-02-29T23:59:59.999999Z', new PreciseDate('2024-02-29T23:59:59.999999000Z')],
    ['1969-12-31T23:59:59.5Z', new Date(-500)], ['2038-01-19T03:14:08Z', new Date('2038-01-19T03:14:08Z')]],
  JSON: same(['{"a": [1, 2.5, null, "x"], "b": {}}', 'null', '[]', '"text"', '-1.5']),
};
const tree = [{k: 'a', n: [1, 2, 3], sub: {t: 'x'}}, {k: '', n: [], sub: {}}, {n: [-1]}];
const columns = [
  'id INT64', ...Object.keys(types).map(type => `c_${type.toLowerCase()} ${type}`),
  'a_int64 ARRAY<INT64>', 'a_string ARRAY<STRING>', 's STRUCT<k STRING, n ARRAY<INT64>, sub STRUCT<t STRING>>',
  'a_struct ARRAY<STRUCT<k STRING, n ARRAY<INT64>, sub STRUCT<t STRING>>>',
];

// One row for each value, then rows that hold one of each; the last changes delete and replace.
function changes() {
  const list = [];
  const add = (line, node) => {
    const common = {id: list.length, _CHANGE_TYPE: 'UPSERT', _CHANGE_SEQUENCE_NUMBER: list.length.toString(16).toUpperCase()};
    list.push([{...line, ...common}, {...node, ...common}]);
  };
  for (const [type, values] of Object.entries(types)) {
    for (const [line, node] of values) add({[`c_${type.toLowerCase()}`]: line}, {[`c_${type.toLowerCase()}`]: node});
  }
  for (let i = 0; i < 12; ++i) {
    const line = {}, node = {};
    for (const [type, values] of Object.entries(types))
      [line[`c_${type.toLowerCase()}`], node[`c_${type.toLowerCase()}`]] = values[i % values.length];
    const more = {a_int64: [i, -i], a_string: ['x', ''].slice(0, i % 3), s: tree[i % 3], a_struct: tree.slice(0, i % 4)};
    add({...line, ...more}, {...node, ...more});
  }
  add({}, {});
  const remove = {id: 1, _CHANGE_TYPE: 'DELETE', _CHANGE_SEQUENCE_NUMBER: 'FFFF'};
  const replace = {id: 2, c_string: 'replaced', _CHANGE_TYPE: 'UPSERT', _CHANGE_SEQUENCE_NUMBER: 'FFFF'};
  list.push([remove, remove], [replace, replace]);
  return list;
}

const {bigquery, writeClient} = connect();

before(async () => {
  await bigquery.createDataset(dataset);
  for (const table of ['by_node', 'by_bqcdc'])
    await bigquery.query(`CREATE TABLE ${dataset}.${table} (${columns.join(', ')}, PRIMARY KEY (id) NOT ENFORCED)`);
});

after(() => writeClient.close());

function sendByBqcdc(rows) {
  const file = `${process.env.BQCDC_TEST_SCRATCH}/rows.jsonl`;
  writeFileSync(file, rows.map(row => JSON.stringify(row) + '\n').join(''));
  execFileSync(program, ['stream', `${dataset}.by_bqcdc`, file, '--dead-letter', `${file}.dead`], {
    env: {...process.env, BIGQUERY_EMULATOR_HOST: process.env.BQCDC_TEST_REST, GOOGLE_CLOUD_PROJECT: project},
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function cells(table) {
  const answer = await fetch(`${process.env.BQCDC_TEST_REST}/bigquery/v2/projects/${project}/datasets/${dataset}/tables/${table}/data`);
  const list = await answer.json();
  assert.ok(list.rows, JSON.stringify(list));
  return list.rows.map(row => JSON.stringify(row)).sort();
}

test('both writers leave the same rows', async () => {
  const all = changes();
  await send(writeClient, `${dataset}.by_node`, [all.map(([, node]) => node)]);
  sendByBqcdc(all.map(([line]) => line));
  const [byNode, byBqcdc] = [await cells('by_node'), await cells('by_bqcdc')];
  assert.equal(byNode.length, all.length - 3);
  for (let i = 0; i < byNode.length; ++i) assert.equal(byBqcdc[i], byNode[i]);
});
