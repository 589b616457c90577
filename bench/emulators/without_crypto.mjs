// For bigquery-local where DuckDB's servers are out of reach: its start wants the community's extension `crypto` (for SHA512), which no package
// registry has. Its two statements do nothing here; all else is as it is.
import {createRequire} from 'node:module';

const {DuckDBConnection} = createRequire(process.env.BIGQUERY_LOCAL_PACKAGES)('@duckdb/node-api');
const run = DuckDBConnection.prototype.run;
DuckDBConnection.prototype.run = function (sql, ...rest) {
  return /^(INSTALL|LOAD) crypto\b/.test(sql) ? undefined : run.call(this, sql, ...rest);
};
