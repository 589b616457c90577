// The same story by TLS and with a bearer token, as against the service; the libraries trust what NODE_EXTRA_CA_CERTS names.
'use strict';

const assert = require('node:assert/strict');
const {once} = require('node:events');
const {test} = require('node:test');
const {adapt, bearer, connect, managedwriter, nobody, tablePath} = require('./clients.js');
require('./cdc_story_test.js');

const UNAUTHENTICATED = 16;
const table = 'demo_dataset.cdc_demo';
const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor({fields: [{name: 'id', type: 'INT64', mode: 'NULLABLE'}]}, 'root');

for (const [name, authClient, reason] of [['another token', bearer('another-token'), 'authError'], ['no token', nobody(), 'required']]) {
  test(`${name} is refused`, async () => {
    const {bigquery, writeClient} = connect(authClient);
    await assert.rejects(bigquery.query('SELECT 1'), error => {
      assert.equal(error.code, 401);
      assert.deepEqual(error.errors.map(item => item.reason), [reason]);
      return true;
    });
    const refusal = {code: UNAUTHENTICATED};
    await assert.rejects(writeClient.getWriteStream({streamId: `${tablePath(table)}/streams/_default`}), refusal);
    const connection = await writeClient.createStreamConnection({streamId: managedwriter.DefaultStream, destinationTable: tablePath(table)});
    const ended = once(connection, 'error');
    const writer = new managedwriter.JSONWriter({connection, protoDescriptor});
    await assert.rejects(writer.appendRows([{id: 1}]).getResult(), refusal);
    assert.equal((await ended)[0].code, UNAUTHENTICATED);
    writer.close();
    writeClient.close();
  });
}
