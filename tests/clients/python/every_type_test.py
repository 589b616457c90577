"""Every column type in every protobuf form that the service documents, through Google's own Python libraries, unmodified: written by
google-cloud-bigquery-storage with a descriptor that is made at run time, read back by google-cloud-bigquery.

https://cloud.google.com/bigquery/docs/supported-data-types#supported_protocol_buffer_data_types"""

import collections
import datetime
import decimal
import os
import unittest

import cdc_story_test as story
from dateutil.relativedelta import relativedelta
from google.api_core import exceptions
from google.cloud.bigquery import enums
from google.cloud.bigquery_storage_v1 import types, writer
from google.protobuf import descriptor_pb2, duration_pb2, timestamp_pb2, wrappers_pb2

PROJECT = os.environ["BQCDC_TEST_PROJECT"]
DATASET = "types_dataset"

Field = descriptor_pb2.FieldDescriptorProto
Decimal = decimal.Decimal
Date, Time, Datetime = datetime.date, datetime.time, datetime.datetime
UTC = datetime.timezone.utc

# A column of an SQL type, the field that fills it (a kind of scalar, or the name of a nested message or enum), what is put into that and what
# is read back.
Case = collections.namedtuple("Case", "sql field value found")

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
UINT32_MAX, UINT64_MAX = 2**32 - 1, 2**64 - 1
TIMESTAMP_MIN, TIMESTAMP_MAX = -62135596800000000, 253402300799999999
NUMERIC_MAX = Decimal("9" * 29 + "." + "9" * 9)
BIGNUMERIC_MIN = Decimal("-578960446186580977117854925043439539266.34992332820282019728792003956564819968")
FIRST, LAST = Datetime(1, 1, 1), Datetime(9999, 12, 31, 23, 59, 59, 999999)


def packed_time(t):
    return ((t.hour << 12) + (t.minute << 6) + t.second << 20) + t.microsecond


def packed_datetime(d):
    return ((d.year << 26) + (d.month << 22) + (d.day << 17) << 20) + packed_time(d.time())


def scaled(value, scale):
    """The bytes of a NUMERIC or BIGNUMERIC: an integer, little-endian in two's complement."""
    with decimal.localcontext(prec=100):
        number = int(value.scaleb(scale))
    magnitude = number if number >= 0 else ~number
    return number.to_bytes(magnitude.bit_length() // 8 + 1, "little", signed=True)


NOON = Datetime(2024, 2, 29, 12, 34, 56, 789012)

CASES = [
    Case("BOOL", Field.TYPE_BOOL, True, True),
    Case("BOOL", Field.TYPE_INT32, -1, True),
    Case("BOOL", Field.TYPE_INT64, 0, False),
    Case("BOOL", Field.TYPE_UINT32, 2, True),
    Case("BOOL", Field.TYPE_UINT64, UINT64_MAX, True),
    Case("BOOL", "BoolValue", {"value": True}, True),
    Case("BOOL", "BoolValue", {}, False),
    Case("BYTES", Field.TYPE_BYTES, b"\0\xff", b"\0\xff"),
    Case("BYTES", Field.TYPE_STRING, "ü", "ü".encode()),
    Case("BYTES", "BytesValue", {"value": b"\xfe"}, b"\xfe"),
    Case("BYTES(2)", Field.TYPE_BYTES, b"\0\1", b"\0\1"),
    Case("DATE", Field.TYPE_INT32, -719162, Date(1, 1, 1)),
    Case("DATE", Field.TYPE_INT64, 2932896, Date(9999, 12, 31)),
    Case("DATE", Field.TYPE_STRING, "2024-02-29", Date(2024, 2, 29)),
    Case("DATETIME", Field.TYPE_STRING, "2024-02-29T12:34:56.789012", NOON),
    Case("DATETIME", Field.TYPE_STRING, "0001-01-01 00:00:00", FIRST),
    Case("DATETIME", Field.TYPE_INT64, packed_datetime(LAST), LAST),
    Case("TIME", Field.TYPE_STRING, "23:59:59.999999", Time.max),
    Case("TIME", Field.TYPE_INT64, packed_time(NOON.time()), NOON.time()),
    Case("TIMESTAMP", Field.TYPE_INT64, TIMESTAMP_MIN, FIRST.replace(tzinfo=UTC)),
    Case("TIMESTAMP", Field.TYPE_INT64, TIMESTAMP_MAX, LAST.replace(tzinfo=UTC)),
    Case("TIMESTAMP", Field.TYPE_INT32, -1, Datetime(1969, 12, 31, 23, 59, 59, 999999, UTC)),
    Case("TIMESTAMP", Field.TYPE_UINT32, UINT32_MAX, Datetime(1970, 1, 1, 1, 11, 34, 967295, UTC)),
    Case("TIMESTAMP", "Timestamp", {"seconds": 1709210096, "nanos": 789012999}, NOON.replace(tzinfo=UTC)),
    Case("INT64", Field.TYPE_INT32, -(2**31), -(2**31)),
    Case("INT64", Field.TYPE_INT64, INT64_MIN, INT64_MIN),
    Case("INT64", Field.TYPE_INT64, INT64_MAX, INT64_MAX),
    Case("INT64", Field.TYPE_UINT32, UINT32_MAX, UINT32_MAX),
    Case("INT64", "Colour", 5, 5),
    Case("INT64", "Int32Value", {"value": -7}, -7),
    Case("INT64", "Int64Value", {"value": INT64_MIN}, INT64_MIN),
    Case("INT64", "UInt32Value", {"value": UINT32_MAX}, UINT32_MAX),
    Case("FLOAT64", Field.TYPE_DOUBLE, 1.7976931348623157e308, 1.7976931348623157e308),
    Case("FLOAT64", Field.TYPE_DOUBLE, 5e-324, 5e-324),
    Case("FLOAT64", Field.TYPE_DOUBLE, float("-inf"), float("-inf")),
    Case("FLOAT64", Field.TYPE_FLOAT, 0.5, 0.5),
    Case("FLOAT64", "DoubleValue", {"value": 0.1}, 0.1),
    Case("FLOAT64", "FloatValue", {"value": -2.5}, -2.5),
    Case("STRING", Field.TYPE_STRING, "größer 東京 😀", "größer 東京 😀"),
    Case("STRING", "Colour", 5, "BLUE"),
    Case("STRING", "StringValue", {"value": "text"}, "text"),
    Case("STRING(3)", Field.TYPE_STRING, "東京都", "東京都"),
    Case("JSON", Field.TYPE_STRING, '{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
    Case("GEOGRAPHY", Field.TYPE_STRING, "POINT(8.5 47.25)", "POINT(8.5 47.25)"),
    Case("GEOGRAPHY", Field.TYPE_STRING, '{"type": "Point", "coordinates": [1, 2]}', "POINT(1 2)"),
    Case("INTERVAL", Field.TYPE_STRING, "10000-0 -3660000 87840000:0:0",
         relativedelta(years=10000, days=-3660000, hours=87840000)),
    Case("INTERVAL", Field.TYPE_STRING, "1-2 -3 -4:5:6.789",
         relativedelta(years=1, months=2, days=-3, hours=-4, minutes=-5, seconds=-6, microseconds=-789000)),
    Case("INTERVAL", "Duration", {"seconds": 3661, "nanos": 5000},
         relativedelta(hours=1, minutes=1, seconds=1, microseconds=5)),
    Case("RANGE<DATE>", "DateRange", {"start": -719162, "end": 2932896}, {"start": Date(1, 1, 1), "end": Date(9999, 12, 31)}),
    Case("RANGE<DATE>", "TextRange", {"start": "2024-02-29"}, {"start": Date(2024, 2, 29), "end": None}),
    Case("RANGE<DATETIME>", "NumberRange", {"start": packed_datetime(FIRST), "end": packed_datetime(LAST)},
         {"start": FIRST, "end": LAST}),
    Case("RANGE<DATETIME>", "TextRange", {"end": "2024-02-29 12:34:56.789012"}, {"start": None, "end": NOON}),
    Case("RANGE<TIMESTAMP>", "NumberRange", {"start": TIMESTAMP_MIN, "end": TIMESTAMP_MAX},
         {"start": FIRST.replace(tzinfo=UTC), "end": LAST.replace(tzinfo=UTC)}),
    Case("RANGE<TIMESTAMP>", "NumberRange", {}, {"start": None, "end": None}),
    Case("STRUCT<city STRING, zip INT64>", "Place", {"city": "Bern", "zip": 3000}, {"city": "Bern", "zip": 3000}),
    Case("ARRAY<STRING>", Field.TYPE_STRING, ["x", "", "y"], ["x", "", "y"]),
    Case("ARRAY<INT64>", Field.TYPE_INT64, [INT64_MIN, 0], [INT64_MIN, 0]),
    Case("ARRAY<STRUCT<city STRING, zip INT64>>", "Place", [{"city": "Bern"}, {"zip": 1}],
         [{"city": "Bern", "zip": None}, {"city": None, "zip": 1}]),
    Case("ARRAY<RANGE<DATE>>", "DateRange", [{"end": 0}, {}],
         [{"start": None, "end": Date(1970, 1, 1)}, {"start": None, "end": None}]),
]
for kind, greatest, scale in (("NUMERIC", NUMERIC_MAX, 9), ("BIGNUMERIC", BIGNUMERIC_MIN, 38)):
    CASES += [
        Case(kind, Field.TYPE_INT32, -5, Decimal(-5)),
        Case(kind, Field.TYPE_INT64, INT64_MIN, Decimal(INT64_MIN)),
        Case(kind, Field.TYPE_UINT32, UINT32_MAX, Decimal(UINT32_MAX)),
        Case(kind, Field.TYPE_UINT64, UINT64_MAX, Decimal(UINT64_MAX)),
        Case(kind, Field.TYPE_DOUBLE, -0.5, Decimal("-0.5")),
        Case(kind, Field.TYPE_FLOAT, 0.25, Decimal("0.25")),
        Case(kind, Field.TYPE_STRING, str(greatest), greatest),
        Case(kind, Field.TYPE_BYTES, scaled(greatest, scale), greatest),
        Case(kind, "BytesValue", {"value": scaled(Decimal("123.456"), scale)}, Decimal("123.456")),
        Case(f"{kind}(5, 2)", Field.TYPE_STRING, "-999.99", Decimal("-999.99")),
    ]


def message_type(name, **fields):
    message = descriptor_pb2.DescriptorProto(name=name)
    for number, (field, kind) in enumerate(fields.items(), start=1):
        message.field.add(name=field, number=number, type=kind, label=Field.LABEL_OPTIONAL)
    return message


def row_descriptor(cases):
    """A self-contained message: what its fields are of stands inside of it, also Google's well-known types."""
    row = descriptor_pb2.DescriptorProto(name="CdcRow")
    row.field.add(name="id", number=1, type=Field.TYPE_INT64)
    for number, case in enumerate(cases):
        field = row.field.add(name=f"c{number}", number=number + 2)
        field.label = Field.LABEL_REPEATED if case.sql.startswith("ARRAY") else Field.LABEL_OPTIONAL
        if isinstance(case.field, str):
            field.type = Field.TYPE_ENUM if case.field == "Colour" else Field.TYPE_MESSAGE
            field.type_name = case.field
        else:
            field.type = case.field
    for known in (duration_pb2.Duration, timestamp_pb2.Timestamp, wrappers_pb2.BoolValue, wrappers_pb2.BytesValue,
                  wrappers_pb2.StringValue, wrappers_pb2.DoubleValue, wrappers_pb2.FloatValue, wrappers_pb2.Int32Value,
                  wrappers_pb2.Int64Value, wrappers_pb2.UInt32Value):
        known.DESCRIPTOR.CopyToProto(row.nested_type.add())
    row.nested_type.append(message_type("DateRange", start=Field.TYPE_INT32, end=Field.TYPE_INT32))
    row.nested_type.append(message_type("NumberRange", start=Field.TYPE_INT64, end=Field.TYPE_INT64))
    row.nested_type.append(message_type("TextRange", start=Field.TYPE_STRING, end=Field.TYPE_STRING))
    row.nested_type.append(message_type("Place", city=Field.TYPE_STRING, zip=Field.TYPE_INT64))
    colour = row.enum_type.add(name="Colour")
    colour.value.add(name="RED", number=0)
    colour.value.add(name="BLUE", number=5)
    return row


def create_table(bigquery, name, cases):
    """A table with the column `id`, and one for each case."""
    columns = "".join(f", c{number} {case.sql}" for number, case in enumerate(cases))
    bigquery.query(f"CREATE OR REPLACE TABLE {name} (id INT64{columns})").result()


class EveryTypeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bigquery, cls.storage = story.CdcStoryTest.connect()
        cls.bigquery.create_dataset(DATASET, exists_ok=True)

    def create(self, name, cases):
        create_table(self.bigquery, f"{DATASET}.{name}", cases)

    def append(self, name, descriptor, rows):
        template = types.AppendRowsRequest(write_stream=f"projects/{PROJECT}/datasets/{DATASET}/tables/{name}/streams/_default")
        template.proto_rows = types.AppendRowsRequest.ProtoData(writer_schema=types.ProtoSchema(proto_descriptor=descriptor))
        row_class = story.make_row_class(descriptor)
        serialized = [row_class(**row).SerializeToString() for row in rows]
        stream = writer.AppendRowsStream(self.storage, template)
        try:
            stream.send(types.AppendRowsRequest(proto_rows=types.AppendRowsRequest.ProtoData(
                rows=types.ProtoRows(serialized_rows=serialized)))).result(timeout=60)
        finally:
            stream.close()

    def test_every_type(self):
        self.create("every_type", CASES)
        values = {f"c{number}": case.value for number, case in enumerate(CASES)}
        self.append("every_type", row_descriptor(CASES), [{"id": 1, **values}, {"id": 2}])
        table = f"{DATASET}.every_type"
        for way, rows in (("query", self.bigquery.query(f"SELECT * FROM {table} ORDER BY id").result()),
                          ("list", sorted(self.bigquery.list_rows(self.bigquery.get_table(table)), key=lambda row: row.id))):
            full, empty = rows
            for number, case in enumerate(CASES):
                with self.subTest(way=way, sql=case.sql, field=case.field, value=case.value):
                    self.assertEqual(full[f"c{number}"], case.found)
                    self.assertEqual(empty[f"c{number}"], [] if case.sql.startswith("ARRAY") else None)

    def test_picoseconds(self):
        """As text, where the library is asked for them."""
        cases = [Case("TIMESTAMP(12)", Field.TYPE_STRING, "9999-12-31 23:59:59.999999999999+00", "9999-12-31T23:59:59.999999999999Z"),
                 Case("TIMESTAMP(12)", "Timestamp", {"seconds": -1, "nanos": 1}, "1969-12-31T23:59:59.000000001000Z")]
        self.create("picoseconds", cases)
        self.append("picoseconds", row_descriptor(cases), [{"id": 1, **{f"c{n}": case.value for n, case in enumerate(cases)}}])
        wanted = enums.TimestampPrecision.PICOSECOND
        table = f"{DATASET}.picoseconds"
        for row, in (self.bigquery.query(f"SELECT * FROM {table}", api_method="QUERY", timestamp_precision=wanted).result(),
                     self.bigquery.list_rows(self.bigquery.get_table(table), timestamp_precision=wanted)):
            self.assertEqual([row.c0, row.c1], [case.found for case in cases])

    def test_not_a_number(self):
        cases = [Case("FLOAT64", Field.TYPE_DOUBLE, float("nan"), None)]
        self.create("not_a_number", cases)
        self.append("not_a_number", row_descriptor(cases), [{"id": 1, "c0": cases[0].value}])
        row, = self.bigquery.query(f"SELECT c0 FROM {DATASET}.not_a_number").result()
        self.assertNotEqual(row.c0, row.c0)

    def test_what_no_column_takes(self):
        for case in [
            Case("STRING(3)", Field.TYPE_STRING, "東京都区", None),
            Case("BYTES(2)", Field.TYPE_BYTES, b"abc", None),
            Case("NUMERIC(5, 2)", Field.TYPE_STRING, "1000", None),
            Case("NUMERIC", Field.TYPE_STRING, "1e29", None),
            Case("DATE", Field.TYPE_INT32, 2932897, None),
            Case("TIMESTAMP", Field.TYPE_INT64, TIMESTAMP_MAX + 1, None),
            Case("TIME", Field.TYPE_STRING, "24:00:00", None),
            Case("JSON", Field.TYPE_STRING, "{", None),
            Case("RANGE<DATE>", "DateRange", {"start": 1, "end": 1}, None),
        ]:
            with self.subTest(sql=case.sql, value=case.value):
                self.create("refused", [case])
                with self.assertRaisesRegex(exceptions.InvalidArgument, "row_errors"):
                    self.append("refused", row_descriptor([case]), [{"id": 1, "c0": case.value}])
                self.assertEqual(list(self.bigquery.list_rows(self.bigquery.get_table(f"{DATASET}.refused"))), [])

    def test_fields_that_no_column_takes(self):
        for case in [
            Case("INT64", Field.TYPE_UINT64, 1, None),
            Case("INT64", Field.TYPE_STRING, "1", None),
            Case("STRING", Field.TYPE_BYTES, b"x", None),
            Case("TIMESTAMP", Field.TYPE_STRING, "2024-02-29 00:00:00", None),
            Case("FLOAT64", Field.TYPE_INT64, 1, None),
        ]:
            with self.subTest(sql=case.sql, field=case.field):
                self.create("mismatched", [case])
                with self.assertRaisesRegex(exceptions.InvalidArgument, "proto field mismatched"):
                    self.append("mismatched", row_descriptor([case]), [{"id": 1, "c0": case.value}])


if __name__ == "__main__":
    unittest.main()
