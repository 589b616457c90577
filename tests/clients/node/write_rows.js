// Sends JSON lines through Google's Node writer, each value in the form that it documents:  node write_rows.js DATASET.TABLE FILE
'use strict';

const {readFileSync} = require('node:fs');
const {PreciseDate, connect, send} = require('./clients.js');

const date = text => new Date(`${text}T00:00:00Z`);

// A PreciseDate made of a text that lies before 1970 can be a second off (1966-02-08T12:07:06.000295Z); one whose microseconds are set is not.
function instant(text) {
  const [, seconds, digits = ''] = text.match(/^(.*?)(?:\.(\d+))?Z$/);
  const fraction = digits.padEnd(6, '0');
  const date = new PreciseDate(new Date(`${seconds}.${fraction.slice(0, 3)}Z`).getTime());
  date.setMicroseconds(Number(fraction.slice(3)));
  return date;
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
