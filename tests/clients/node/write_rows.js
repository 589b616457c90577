// Sends JSON lines through Google's Node writer, each value in the form that it documents:  node write_rows.js DATASET.TABLE FILE
'use strict';

const {readFileSync} = require('node:fs');
const {PreciseDate, connect, send} = require('./clients.js');

const date = text => new Date(`${text}T00:00:00Z`);

// A PreciseDate is for what a Date cannot hold; of the last second before 1970 it loses the sign.
function instant(text) {
  const fraction = text.match(/\.(\d+)Z$/)?.[1] ?? '';
  return fraction.length <= 3 ? new Date(text) : new PreciseDate(text.replace(`${fraction}Z`, `${fraction.padEnd(9, '0')}Z`));
}

// Where the form is another one than in a line of JSON.
const forms = {
  FLOAT: Number,
  BYTES: text => Buffer.from(text, 'base64'),
  DATE: date,
  TIMESTAMP: instant,
  RANGE: ends => Object.fromEntries(Object.entries(ends).map(([end, text]) => [end, date(text)])),
};

async function main([name, file]) {
  const {bigquery, writeClient} = connect();
  try {
    const [dataset, table] = name.split('.');
    const [{schema}] = await bigquery.dataset(dataset).table(table).getMetadata();
    const convert = Object.fromEntries(schema.fields.map(field => [field.name, forms[field.type]]));
    const rows = readFileSync(file, 'utf8').trimEnd().split('\n').map(line => Object.fromEntries(
      Object.entries(JSON.parse(line)).map(([column, value]) => [column, convert[column] ? convert[column](value) : value])));
    await send(writeClient, name, [rows]);
  } finally {
    writeClient.close();
  }
}

main(process.argv.slice(2)).catch(error => {
  console.error(error);
  process.exitCode = 1;
});
