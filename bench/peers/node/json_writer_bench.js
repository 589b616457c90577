// Streams a file of JSON lines by the official Node managedwriter's JSONWriter. The arguments and the line that it prints are those
// of every writer here: bench/peers/README.md.
'use strict';

const fs = require('node:fs');
const {createRequire} = require('node:module');
const {parseArgs} = require('node:util');

// The packages are installed by tests/clients/setup, outside of the sources.
const packages = createRequire(`${process.env.BQCDC_CLIENTS_DIR}/node/package.json`);
const {adapt, managedwriter} = packages('@google-cloud/bigquery-storage');
const {credentials} = packages('@grpc/grpc-js');
const {version} = JSON.parse(fs.readFileSync(
  `${process.env.BQCDC_CLIENTS_DIR}/node/node_modules/@google-cloud/bigquery-storage/package.json`, 'utf8'));

const text = {type: 'string'};
const {values: flags} = parseArgs({
  options: {file: text, storage: text, table: text, 'batch-rows': text, 'in-flight': text, rows: text},
});

const cpuSeconds = () => {
  const used = process.cpuUsage();
  return (used.user + used.system) / 1e6;
};

// The file's lines, a batch at a time.
async function* batches(size) {
  let rest = '';
  let batch = [];
  for await (const chunk of fs.createReadStream(flags.file, {encoding: 'utf8', highWaterMark: 1 << 20})) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      batch.push(JSON.parse(line));
      if (batch.length === size) {
        yield batch;
        batch = [];
      }
    }
  }
  if (rest) batch.push(JSON.parse(rest));
  if (batch.length) yield batch;
}

async function main() {
  const start = performance.now();
  const [host, port] = flags.storage.split(':');
  const client = new managedwriter.WriterClient({
    projectId: 'bench', apiEndpoint: host, port: Number(port), sslCreds: credentials.createInsecure(),
  });
  const stream = await client.getWriteStream({streamId: `${flags.table}/streams/_default`, view: 'FULL'});
  const protoDescriptor = adapt.convertStorageSchemaToProto2Descriptor(stream.tableSchema, 'root', adapt.withChangeType());
  const connection = await client.createStreamConnection({
    streamId: managedwriter.DefaultStream, destinationTable: flags.table,
  });
  const writer = new managedwriter.JSONWriter({connection, protoDescriptor});

  const window = Number(flags['in-flight']);
  const half = {rows: 0, time: 0, cpu: 0};
  const latencies = [];
  const pending = new Set();
  let sent = 0;
  let acknowledged = 0;
  for await (const batch of batches(Number(flags['batch-rows']))) {
    while (pending.size >= window) await Promise.race(pending);
    const write = writer.appendRows(batch);
    const appended = performance.now();
    const answer = write.getResult().then(result => {
      if (result.error) throw new Error(JSON.stringify(result.error));
      latencies.push(performance.now() - appended);
      acknowledged += batch.length;
      pending.delete(answer);
    });
    pending.add(answer);
    sent += batch.length;
    if (!half.rows && sent >= Number(flags.rows) / 2) {
      Object.assign(half, {rows: sent, time: performance.now(), cpu: cpuSeconds()});
    }
  }
  await Promise.all(pending);
  const end = performance.now();
  writer.close();
  connection.close();
  client.close();

  const cpu = cpuSeconds();
  latencies.sort((a, b) => a - b);
  console.log(JSON.stringify({
    writer: 'node',
    library: `@google-cloud/bigquery-storage ${version}, Node ${process.version}`,
    rows: acknowledged,
    wall_seconds: (end - start) / 1000,
    cpu_seconds: cpu,
    peak_rss_bytes: process.resourceUsage().maxRSS * 1024,
    ack_p50_ms: latencies[Math.floor(latencies.length / 2)],
    ack_p99_ms: latencies[Math.floor(latencies.length * 0.99)],
    warm: {rows: sent - half.rows, wall_seconds: (end - half.time) / 1000, cpu_seconds: cpu - half.cpu},
  }));
}

main().then(() => process.exit(0), error => {
  console.error(error);
  process.exit(1);
});
