// CDC through Google's own Node libraries, unmodified: the managed writer's JSON writer sends the story, @google-cloud/bigquery reads.
'use strict';

const assert = require('node:assert/strict');
const {test, before, after} = require('node:test');
const {connect, send: sendTo} = require('./clients.js');

const dataset = 'demo_dataset';
const createTable = `CREATE OR REPLACE TABLE ${dataset}.cdc_demo (id INT64, name STRING, PRIMARY KEY(id) NOT ENFORCED)
  OPTIONS(max_staleness = INTERVAL 0 MINUTE)`;

const story = [
  {id: 1, name: 'Alice', _CHANGE_TYPE: 'UPSERT', _CHANGE_SEQUENCE_NUMBER: '1'},
  {id: 1, name: 'Alice', _CHANGE_TYPE: 'DELETE', _CHANGE_SEQUENCE_NUMBER: '2'},
  {id: 1, name: 'Alice Restored', _CHANGE_TYPE: 'UPSERT', _CHANGE_SEQUENCE_NUMBER: '3'},
  {id: 2, name: 'Bob', _CHANGE_TYPE: 'UPSERT', _CHANGE_SEQUENCE_NUMBER: '4'},
];
const expected = [{id: 1, name: 'Alice Restored'}, {id: 2, name: 'Bob'}];

const {bigquery, writeClient} = connect();
before(() => bigquery.createDataset(dataset));
after(() => writeClient.close());
const send = requests => sendTo(writeClient, `${dataset}.cdc_demo`, requests);

async function rows() {
  const [found] = await bigquery.query(`SELECT id, name FROM ${dataset}.cdc_demo ORDER BY id`);
  return found;
}

const ways = {
  'in one request': [story],
  'reversed': [[...story].reverse()],
  'shuffled': [[story[2], story[0], story[3], story[1]]],
  'over four requests': story.map(change => [change]),
  'over four requests, reversed': [...story].reverse().map(change => [change]),
};
for (const [name, requests] of Object.entries(ways)) {
  test(`the story ${name}`, async () => {
    await bigquery.query(createTable);
    await send(requests);
    assert.deepEqual(await rows(), expected);
  });
}

test('tables and their rows', async () => {
  await bigquery.query(createTable);
  await send([story]);
  const table = bigquery.dataset(dataset).table('cdc_demo');
  const [metadata] = await table.getMetadata();
  assert.deepEqual(metadata.tableConstraints.primaryKey.columns, ['id']);
  assert.equal(metadata.numRows, '2');
  const [listed] = await table.getRows();
  assert.deepEqual(listed.sort((a, b) => a.id - b.id), expected);
  const [tables] = await bigquery.dataset(dataset).getTables();
  assert.deepEqual(tables.map(t => t.id), ['cdc_demo']);
  await table.setMetadata({labels: {team: 'data'}});
  assert.deepEqual((await table.getMetadata())[0].labels, {team: 'data'});
});

test('query jobs and parameters', async () => {
  await bigquery.query(createTable);
  await send([story]);
  const [job] = await bigquery.createQueryJob({
    query: `SELECT name FROM ${dataset}.cdc_demo WHERE id = @id`,
    params: {id: 1},
  });
  const [found] = await job.getQueryResults();
  assert.deepEqual(found, [{name: 'Alice Restored'}]);
  const [metadata] = await job.getMetadata();
  assert.equal(metadata.status.state, 'DONE');
});

test('errors say what the service says', async () => {
  await assert.rejects(bigquery.query(`SELECT * FROM ${dataset}.missing`), error => {
    assert.equal(error.code, 404);
    assert.match(error.message, /Not found: Table client-test:demo_dataset.missing was not found in location US/);
    return true;
  });
  await assert.rejects(bigquery.query('SELEKT 1'), error => error.code === 400);
  await assert.rejects(bigquery.createDataset(dataset), error => error.code === 409);
});
