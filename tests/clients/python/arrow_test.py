"""Rows in Arrow format through Google's own Python libraries and pyarrow, unmodified: every column type by every Arrow type that the service
documents for it, created streams, and what must be refused.

https://cloud.google.com/bigquery/docs/supported-data-types#supported-apache-arrow-data-types"""

import collections
import datetime
import decimal
import os
import unittest

import cdc_story_test as story
import every_type_test as every_type
import pyarrow as pa
from dateutil.relativedelta import relativedelta
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import types, writer

PROJECT = os.environ["BQCDC_TEST_PROJECT"]
DATASET = "arrow_dataset"

Decimal = decimal.Decimal
Date, Time, Datetime = datetime.date, datetime.time, datetime.datetime
UTC = datetime.timezone.utc
FIRST, LAST = Datetime(1, 1, 1), Datetime(9999, 12, 31, 23, 59, 59, 999999)
NUMERIC_MAX = Decimal("9" * 29 + "." + "9" * 9)
BIGNUMERIC_MIN = Decimal("-57896044618658097711785492504343953926.34992332820282019728792003956564819968")

# A column of an SQL type, the Arrow type of the field that fills it, what is put into that and what is read back.
Case = collections.namedtuple("Case", "sql arrow value found")

CASES = [
    Case("BOOL", pa.bool_(), True, True),
    Case("BYTES", pa.binary(), b"\0\xff", b"\0\xff"),
    Case("DATE", pa.date32(), Date.min, Date.min),
    Case("DATE", pa.int32(), 2932896, Date.max),
    Case("DATE", pa.string(), "2024-02-29", Date(2024, 2, 29)),
    Case("DATETIME", pa.timestamp("us"), FIRST, FIRST),
    Case("DATETIME", pa.timestamp("us"), LAST, LAST),
    Case("TIME", pa.time64("us"), Time.max, Time.max),
    Case("TIMESTAMP", pa.timestamp("us", tz="UTC"), LAST.replace(tzinfo=UTC), LAST.replace(tzinfo=UTC)),
    Case("TIMESTAMP", pa.timestamp("us"), FIRST, FIRST.replace(tzinfo=UTC)),
    Case("INT64", pa.int8(), -128, -128),
    Case("INT64", pa.int16(), 32767, 32767),
    Case("INT64", pa.int32(), -(2**31), -(2**31)),
    Case("INT64", pa.int64(), -(2**63), -(2**63)),
    Case("INT64", pa.uint8(), 255, 255),
    Case("INT64", pa.uint16(), 65535, 65535),
    Case("INT64", pa.uint32(), 2**32 - 1, 2**32 - 1),
    Case("INT64", pa.uint64(), 2**63 - 1, 2**63 - 1),
    Case("FLOAT64", pa.float32(), 0.5, 0.5),
    Case("FLOAT64", pa.float64(), float("-inf"), float("-inf")),
    Case("STRING", pa.string(), "größer 東京 😀", "größer 東京 😀"),
    Case("STRING(3)", pa.string(), "東京都", "東京都"),
    Case("JSON", pa.string(), '{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
    Case("GEOGRAPHY", pa.string(), "POINT(8.5 47.25)", "POINT(8.5 47.25)"),
    Case("NUMERIC", pa.decimal128(38, 9), NUMERIC_MAX, NUMERIC_MAX),
    Case("NUMERIC", pa.decimal128(5, 2), Decimal("-999.99"), Decimal("-999.99")),
    Case("NUMERIC(5, 2)", pa.decimal128(38, 9), Decimal("1.005"), Decimal("1.01")),
    Case("BIGNUMERIC", pa.decimal256(76, 38), BIGNUMERIC_MIN, BIGNUMERIC_MIN),
    Case("BIGNUMERIC", pa.decimal256(76, 0), Decimal(10**38), Decimal(10**38)),
    Case("INTERVAL", pa.month_day_nano_interval(), pa.MonthDayNano([14, -3, 3_661_000_005_000]),
         relativedelta(years=1, months=2, days=-3, hours=1, minutes=1, seconds=1, microseconds=5)),
    Case("INTERVAL", pa.string(), "0-0 0 0:15:0", relativedelta(minutes=15)),
    Case("RANGE<DATE>", pa.struct([("start", pa.date32()), ("end", pa.date32())]), {"start": Date.min, "end": None},
         {"start": Date.min, "end": None}),
    Case("RANGE<DATETIME>", pa.struct([("start", pa.timestamp("us")), ("end", pa.timestamp("us"))]),
         {"start": FIRST, "end": LAST}, {"start": FIRST, "end": LAST}),
    Case("RANGE<TIMESTAMP>", pa.struct([("start", pa.timestamp("us", tz="UTC")), ("end", pa.timestamp("us", tz="UTC"))]),
         {"start": None, "end": LAST.replace(tzinfo=UTC)}, {"start": None, "end": LAST.replace(tzinfo=UTC)}),
    Case("STRUCT<city STRING, zip INT64>", pa.struct([("zip", pa.int32()), ("city", pa.string())]), {"city": "Bern", "zip": None},
         {"city": "Bern", "zip": None}),
    Case("ARRAY<STRING>", pa.list_(pa.string()), ["x", "", "y"], ["x", "", "y"]),
    Case("ARRAY<STRUCT<city STRING, codes ARRAY<INT64>>>",
         pa.list_(pa.struct([("city", pa.string()), ("codes", pa.list_(pa.int64()))])),
         [{"city": "Bern", "codes": [1, 2]}, {"city": None, "codes": []}], [{"city": "Bern", "codes": [1, 2]}, {"city": None, "codes": []}]),
]


def arrow_schema(cases):
    return pa.schema([pa.field("id", pa.int64())] + [pa.field(f"c{number}", case.arrow) for number, case in enumerate(cases)])


class ArrowTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bigquery, cls.storage = story.CdcStoryTest.connect()
        cls.bigquery.create_dataset(DATASET, exists_ok=True)

    def create(self, name, cases):
        every_type.create_table(self.bigquery, f"{DATASET}.{name}", cases)
        return f"projects/{PROJECT}/datasets/{DATASET}/tables/{name}"

    def append(self, stream_name, schema, batches, offsets=None):
        """Sends record batches, or messages, on one connection; returns the answers."""
        template = types.AppendRowsRequest(write_stream=stream_name)
        template.arrow_rows.writer_schema.serialized_schema = schema.serialize().to_pybytes()
        stream = writer.AppendRowsStream(self.storage, template)
        try:
            futures = []
            for number, batch in enumerate(batches):
                request = types.AppendRowsRequest(offset=offsets[number] if offsets else None)
                request.arrow_rows.rows.serialized_record_batch = batch.serialize().to_pybytes()
                futures.append(stream.send(request))
            return [future.result(timeout=60) for future in futures]
        finally:
            stream.close()

    def append_rows(self, table, schema, rows):
        return self.append(f"{table}/_default", schema, pa.Table.from_pylist(rows, schema=schema).to_batches())

    def count(self, name):
        (count,), = self.bigquery.query(f"SELECT count(*) FROM {DATASET}.{name}").result()
        return count

    def test_every_type(self):
        table = self.create("every_type", CASES)
        nulls = {f"c{number}": [] for number, case in enumerate(CASES) if case.sql.startswith("ARRAY")}
        self.append_rows(table, arrow_schema(CASES),
                         [{"id": 1, **{f"c{number}": case.value for number, case in enumerate(CASES)}}, {"id": 2, **nulls}])
        full, empty = self.bigquery.query(f"SELECT * FROM {DATASET}.every_type ORDER BY id").result()
        for number, case in enumerate(CASES):
            with self.subTest(sql=case.sql, arrow=str(case.arrow), value=case.value):
                self.assertEqual(full[f"c{number}"], case.found)
                self.assertEqual(empty[f"c{number}"], [] if case.sql.startswith("ARRAY") else None)

    def test_many_rows_in_many_batches(self):
        cases = [Case("STRING", pa.string(), None, None), Case("ARRAY<INT64>", pa.list_(pa.int16()), None, None)]
        table = self.create("many_rows", cases)
        rows = pa.table({"id": range(50_000), "c0": [f"text {i}" if i % 3 else None for i in range(50_000)],
                         "c1": [[i % 7] * (i % 4) for i in range(50_000)]}, schema=arrow_schema(cases))
        # A slice refers to the middle of its columns; Arrow cuts it out when it writes it.
        self.append(f"{table}/_default", rows.schema, rows.slice(0, 30_000).to_batches(max_chunksize=7_000))
        self.append(f"{table}/_default", rows.schema, rows.slice(30_000).to_batches())
        row, = self.bigquery.query(
            f"SELECT count(*), sum(id), count(c0), countif(c0 = concat('text ', id)), sum((SELECT sum(x) FROM UNNEST(c1) x)) "
            f"FROM {DATASET}.many_rows").result()
        texts = sum(1 for i in range(50_000) if i % 3)
        self.assertEqual(tuple(row), (50_000, sum(range(50_000)), texts, texts, sum(i % 7 * (i % 4) for i in range(50_000))))

    def test_created_stream(self):
        table = self.create("pending", [])
        schema = arrow_schema([])
        batches = [pa.record_batch([pa.array(ids)], schema=schema) for ids in ([1, 2], [3])]
        name = self.storage.create_write_stream(parent=table, write_stream=types.WriteStream(type_=types.WriteStream.Type.PENDING)).name
        self.assertEqual([answer.append_result.offset for answer in self.append(name, schema, batches, [0, 2])], [0, 2])
        with self.assertRaises(exceptions.AlreadyExists):
            self.append(name, schema, batches[:1], [0])
        self.assertEqual(self.storage.finalize_write_stream(name=name).row_count, 3)
        self.storage.batch_commit_write_streams(types.BatchCommitWriteStreamsRequest(parent=table, write_streams=[name]))
        self.assertEqual(self.count("pending"), 3)

    def test_missing_values(self):
        self.bigquery.query(f"CREATE OR REPLACE TABLE {DATASET}.defaults (id INT64, a STRING DEFAULT 'd', b STRING DEFAULT 'e')").result()
        self.append_rows(f"projects/{PROJECT}/datasets/{DATASET}/tables/defaults", pa.schema([("id", pa.int64()), ("a", pa.string())]),
                         [{"id": 1, "a": None}])
        row, = self.bigquery.query(f"SELECT * FROM {DATASET}.defaults").result()
        self.assertEqual(tuple(row), (1, None, "e"))

    def test_values_that_no_column_takes(self):
        for case in [
            Case("STRING(3)", pa.string(), "東京都区", None),
            Case("NUMERIC(5, 2)", pa.decimal128(38, 9), Decimal(1000), None),
            Case("DATE", pa.int32(), 2932897, None),
            Case("INT64", pa.uint64(), 2**63, None),
            Case("JSON", pa.string(), "{", None),
            Case("ARRAY<INT64>", pa.list_(pa.int64()), None, None),
            Case("ARRAY<INT64>", pa.list_(pa.int64()), [1, None], None),
        ]:
            with self.subTest(sql=case.sql, value=case.value):
                table = self.create("refused", [case])
                with self.assertRaisesRegex(exceptions.InvalidArgument, "row_errors"):
                    self.append_rows(table, arrow_schema([case]), [{"id": 1, "c0": case.value}])
                self.assertEqual(self.count("refused"), 0)

    def test_fields_that_no_column_takes(self):
        for case in [
            Case("INT64", pa.string(), "1", None),
            Case("STRING", pa.large_string(), "x", None),
            Case("STRING", pa.dictionary(pa.int8(), pa.string()), "x", None),
            Case("TIMESTAMP", pa.timestamp("ns"), FIRST.replace(year=2000), None),
            Case("DATETIME", pa.timestamp("us", tz="UTC"), FIRST, None),
            Case("NUMERIC", pa.decimal256(38, 9), Decimal(1), None),
            Case("ARRAY<INT64>", pa.int64(), 1, None),
        ]:
            with self.subTest(sql=case.sql, arrow=str(case.arrow)):
                table = self.create("mismatched", [case])
                with self.assertRaisesRegex(exceptions.InvalidArgument, "The Arrow field mismatched with BigQuery field at c0"):
                    self.append_rows(table, arrow_schema([case]), [{"id": 1, "c0": case.value}])

    def test_changes_are_refused(self):
        self.bigquery.query(f"CREATE OR REPLACE TABLE {DATASET}.changes (id INT64, PRIMARY KEY (id) NOT ENFORCED)").result()
        schema = pa.schema([("id", pa.int64()), ("_CHANGE_TYPE", pa.string())])
        with self.assertRaisesRegex(exceptions.InvalidArgument, "does not take rows in Arrow format"):
            self.append_rows(f"projects/{PROJECT}/datasets/{DATASET}/tables/changes", schema, [{"id": 1, "_CHANGE_TYPE": "UPSERT"}])

    def test_messages_that_are_no_batch(self):
        table = self.create("messages", [])
        batch = pa.record_batch([pa.array(range(1000))], schema=arrow_schema([]))
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as compressed:
            compressed.write_batch(batch)
        schema, compressed_batch = pa.ipc.MessageReader.open_stream(sink.getvalue())
        for message, error in ((compressed_batch, "compressed buffers are not taken"),
                               (schema, "the message is not a RecordBatch")):
            with self.subTest(error=error), self.assertRaisesRegex(exceptions.InvalidArgument, error):
                self.append(f"{table}/_default", batch.schema, [message])
        self.assertEqual(self.count("messages"), 0)


if __name__ == "__main__":
    unittest.main()
