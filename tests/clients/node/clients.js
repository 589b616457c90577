// Google's Node libraries, unmodified, pointed at the server under test.
'use strict';

const assert = require('node:assert/strict');
const {createRequire} = require('node:module');

// The packages are installed by tests/clients/setup, outside of the sources.
const packages = createRequire(`${process.env.BQCDC_CLIENTS_DIR}/node/package.json`);
const {BigQuery} = packages('@google-cloud/bigquery');
const {PreciseDate} = packages('@google-cloud/precise-date');
const {adapt, managedwriter, protos, v1} = packages('@google-cloud/bigquery-storage');
const {credentials} = packages('@grpc/grpc-js');
const {OAuth2Client, PassThroughClient} = packages('google-auth-library');

const project = process.env.BQCDC_TEST_PROJECT;
const apiEndpoint = process.env.BQCDC_TEST_REST;
const tls = apiEndpoint.startsWith('https:');

// Both clients; by TLS as who that is, without TLS as nobody.
function connect(authClient = bearer(process.env.BQCDC_TEST_TOKEN)) {
  const writeClient = new managedwriter.WriterClient(storageOptions(authClient));
  if (tls) return {bigquery: new BigQuery({projectId: project, apiEndpoint, authClient}), writeClient};
  // The documented way to a local server: the library takes its base URL from this variable as it is.
  process.env.BIGQUERY_EMULATOR_HOST = apiEndpoint;
  return {bigquery: new BigQuery({projectId: project}), writeClient};
}

function bearer(token) {
  const client = new OAuth2Client();
  client.setCredentials({access_token: token});
  return client;
}

const nobody = () => new PassThroughClient();

function storageOptions(authClient) {
  const [host, port] = process.env.BQCDC_TEST_STORAGE.split(':');
  return {projectId: project, apiEndpoint: host, port: Number(port), ...(tls ? {authClient} : {sslCreds: credentials.createInsecure()})};
}

// The client below the managed writer, whose calls are the RPCs.
const plainClient = () => new v1.BigQueryWriteClient(storageOptions());

const tablePath = table => `projects/${project}/datasets/${table.replace('.', '/tables/')}`;

// Sends requests of changes through the JSON writer, all on their way at once; each must be accepted.
async function send(writeClient, table, requests) {
  const destinationTable = tablePath(table);
  const stream = await writeClient.getWriteStream({streamId: `${destinationTable}/streams/_default`, view: 'FULL'});
  const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(
    stream.tableSchema, 'root', adapt.withChangeType(), adapt.withChangeSequenceNumber());
  const connection = await writeClient.createStreamConnection({streamId: managedwriter.DefaultStream, destinationTable});
  const writer = new managedwriter.JSONWriter({connection, protoDescriptor});
  try {
    const pending = requests.map(rows => writer.appendRows(rows));
    const results = await Promise.all(pending.map(write => write.getResult()));
    for (const result of results) {
      assert.ok(!result.error, JSON.stringify(result.error));
      assert.deepEqual(result.rowErrors ?? [], []);
    }
  } finally {
    writer.close();
    connection.close();
  }
}

module.exports = {PreciseDate, adapt, bearer, connect, managedwriter, nobody, plainClient, project, protos, send, tablePath};
