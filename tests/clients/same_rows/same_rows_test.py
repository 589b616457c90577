"""The same changes by one of Google's writers and by `bqcdc stream`, each into a table of its own: both tables hold the same afterwards, to
the last character.

  same_rows_test.py [--without TYPE,…] BQCDC WRITER…      run by tests/clients/run_client

WRITER is a command that takes a table (dataset.table) and a file of JSON lines, and sends those through its library's JSON writer, each value
in the form that the library documents; --without names types that the library has no form for. Values lie at and around the limits of their types, then at random (BQCDC_SEED repeats a run)."""

import argparse
import base64
import datetime
import json
import os
import pathlib
import random
import subprocess
import time
import urllib.request

REST = os.environ["BQCDC_TEST_REST"]
PROJECT = os.environ["BQCDC_TEST_PROJECT"]
DATASET = "same_rows"
RANDOM_ROWS = 400

BIGNUMERIC_UNITS_MAX = 2**255 - 1
MICROS_PER_DAY = 24 * 3600 * 10**6


def decimal(units, scale):
    sign = "-" if units < 0 else ""
    digits = str(abs(units)).rjust(scale + 1, "0")
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"


def base64_text(data):
    return base64.b64encode(bytes(data)).decode()


def date(days):
    return (datetime.date(1, 1, 1) + datetime.timedelta(days)).isoformat()


def clock(micros):
    seconds, fraction = divmod(micros, 10**6)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{fraction:06}" if fraction else "")


def any_day(rng):
    return rng.randrange(datetime.date(9999, 12, 31).toordinal())


def any_clock(rng):
    micros = rng.randrange(MICROS_PER_DAY)
    return clock(micros - micros % rng.choice([1, 1000, 10**6]))


def any_range(rng):
    start, end = sorted(rng.sample(range(10**6), 2))
    return {"start": date(start), "end": date(end)}


def any_double(rng):
    return rng.choice([rng.uniform(-1, 1), rng.uniform(-1, 1) * 10.0 ** rng.randrange(-300, 300), float(rng.randrange(-10**6, 10**6))])


def any_text(rng):
    return "".join(rng.choice(["a", "Z", "0", " ", "ß", "東", "😀", "\u0000", "\"", "\\", "\n", "\u2028"]) for _ in range(rng.randrange(20)))


def any_json(rng, depth=0):
    if depth > 3 or rng.random() < 0.4:
        return rng.choice([None, True, rng.randrange(-2**53, 2**53), 0.5, "", "größer", "\""])
    if rng.random() < 0.5:
        return [any_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {f"k{i}": any_json(rng, depth + 1) for i in range(rng.randrange(4))}


# Of each type: values at its limits, and one at random.
TYPES = {
    "BOOL": ([True, False], lambda rng: rng.random() < 0.5),
    "INT64": ([0, -1, 127, -128, 2**53 - 1, 1 - 2**53, str(2**63 - 1), str(-2**63)], lambda rng: str(rng.randrange(-2**63, 2**63) >> rng.randrange(64))),
    "FLOAT64": ([0, 1.5, -2.25, 0.1, 1e-300, 1.7976931348623157e308, 5e-324, 123456789.12345679, "-0", "NaN", "Infinity", "-Infinity"], any_double),
    "NUMERIC": (["0", "0.000000001", "-0.000000001", decimal(10**38 - 1, 9), decimal(1 - 10**38, 9), "4713.26", "1e3", "-12.340"],
                lambda rng: decimal(rng.randrange(1 - 10**38, 10**38) // 10 ** rng.randrange(38), 9)),
    "BIGNUMERIC": (["0", decimal(1, 38), "-1", decimal(BIGNUMERIC_UNITS_MAX, 38), decimal(-BIGNUMERIC_UNITS_MAX - 1, 38)],
                   lambda rng: decimal(rng.randrange(-BIGNUMERIC_UNITS_MAX - 1, BIGNUMERIC_UNITS_MAX + 1) // 10 ** rng.randrange(76), 38)),
    "STRING": (["", "a", "größer", "東京", "\"quoted\" \\ / \b\f\n\r\t", "\u0000", "😀", " " * 300], any_text),
    "BYTES": ([base64_text(data) for data in ([], [0], [255, 254, 0, 1], range(200))], lambda rng: base64_text(rng.randbytes(rng.randrange(40)))),
    "DATE": (["1970-01-01", "0001-01-01", "9999-12-31", "2024-02-29", "1969-12-31"], lambda rng: date(any_day(rng))),
    "DATETIME": (["2024-02-29 23:59:59.999999", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "1969-12-31T23:59:59"],
                 lambda rng: f"{date(any_day(rng))}{rng.choice(' T')}{any_clock(rng)}"),
    "TIME": (["00:00:00", "23:59:59.999999", "12:34:56", "01:02:03.5"], any_clock),
    "TIMESTAMP": (["1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999999Z", "1969-12-31T23:59:59.5Z", "2038-01-19T03:14:08Z",
                   "1969-12-31T23:59:59.999999Z", "1966-02-08T12:07:06.000295Z"],
                  lambda rng: f"{rng.randrange(1900, 2200)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}T{any_clock(rng)}Z"),
    "JSON": (["{\"a\": [1, 2.5, null, \"x\"], \"b\": {}}", "null", "[]", "\"text\"", "-1.5"], lambda rng: json.dumps(any_json(rng))),
    "GEOGRAPHY": (["POINT(1 2)", "LINESTRING(0 0, 1 1, 2 -2.5)", "POLYGON((0 0, 4 0, 4 4, 0 0))"],
                  lambda rng: f"POINT({rng.randrange(-180, 181)} {rng.randrange(-90, 91)})"),
    "INTERVAL": (["0-0 0 0:0:0", "10000-0 0 0:0:0", "-1-2 3 -4:5:6.789", "0-0 -3660000 0:0:0"],
                 lambda rng: f"{rng.randrange(100)}-{rng.randrange(12)} {rng.randrange(-500, 500)} {rng.randrange(100)}:{rng.randrange(60)}:{rng.randrange(60)}"),
    "RANGE<DATE>": ([{"start": "0001-01-01", "end": "9999-12-31"}, {"start": "2024-02-29"}, {"end": "1970-01-01"}], any_range),
}
TREES = [{"k": "a", "n": [1, 2, 3], "sub": {"t": "x"}}, {"k": "", "n": [], "sub": {}}, {"n": [-1]}]
OTHER_COLUMNS = ["a_int64 ARRAY<INT64>", "a_string ARRAY<STRING>", "s STRUCT<k STRING, n ARRAY<INT64>, sub STRUCT<t STRING>>",
                 "a_struct ARRAY<STRUCT<k STRING, n ARRAY<INT64>, sub STRUCT<t STRING>>>"]


def column(type_name):
    return "c_" + type_name.lower().replace("<", "_").replace(">", "")


def changes(types, rng):
    """One row for each value, rows that hold one of each, rows at random; the last changes delete and replace."""
    lines = []

    def add(line):
        lines.append({**line, "id": len(lines), "_CHANGE_TYPE": "UPSERT", "_CHANGE_SEQUENCE_NUMBER": f"{len(lines):X}"})

    for name, (limits, _) in types.items():
        for value in limits:
            add({column(name): value})
    for i in range(12):
        full = {column(name): limits[i % len(limits)] for name, (limits, _) in types.items()}
        add({**full, "a_int64": [i, -i], "a_string": ["x", ""][:i % 3], "s": TREES[i % 3], "a_struct": TREES[:i % 4]})
    for _ in range(RANDOM_ROWS):
        line = {column(name): draw(rng) for name, (_, draw) in types.items() if rng.random() < 0.7}
        if rng.random() < 0.5:
            line["a_int64"] = [rng.randrange(-100, 100) for _ in range(rng.randrange(4))]
            line["a_struct"] = rng.choices(TREES, k=rng.randrange(4))
        add(line)
    add({})
    lines.append({"id": 1, "_CHANGE_TYPE": "DELETE", "_CHANGE_SEQUENCE_NUMBER": "FFFF"})
    lines.append({"id": 2, "c_string": "replaced", "_CHANGE_TYPE": "UPSERT", "_CHANGE_SEQUENCE_NUMBER": "FFFF"})
    return lines


def rest(method, path, body=None):
    request = urllib.request.Request(f"{REST}/bigquery/v2/projects/{PROJECT}/{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def create(table, columns):
    answer = rest("POST", "queries", {"query": f"CREATE TABLE {DATASET}.{table} ({', '.join(columns)}, PRIMARY KEY (id) NOT ENFORCED)",
                                      "useLegacySql": False})
    assert answer["jobComplete"], answer


def rows(table):
    """Rows as the service lists them, by their ids."""
    listed = {}
    page = ""
    while True:
        answer = rest("GET", f"datasets/{DATASET}/tables/{table}/data?maxResults=1000{page}")
        for row in answer.get("rows", []):
            listed[int(row["f"][0]["v"])] = [json.dumps(cell["v"]) for cell in row["f"]]
        if "pageToken" not in answer:
            return listed
        page = f"&pageToken={answer['pageToken']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", metavar="TYPE,…", default="")
    parser.add_argument("bqcdc")
    parser.add_argument("writer", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    without = set(filter(None, options.without.split(",")))
    if unknown := without - TYPES.keys():
        parser.error(f"no such types: {', '.join(unknown)}")
    types = {name: values for name, values in TYPES.items() if name not in without}
    columns = ["id INT64", *(f"{column(name)} {name}" for name in types), *OTHER_COLUMNS]
    seed = os.environ.get("BQCDC_SEED", str(time.time_ns()))
    print(f"BQCDC_SEED={seed}", flush=True)

    lines = changes(types, random.Random(int(seed)))
    file = pathlib.Path(os.environ["BQCDC_TEST_SCRATCH"], "rows.jsonl")
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    rest("POST", "datasets", {"datasetReference": {"datasetId": DATASET}})
    create("by_bqcdc", columns)
    create("by_client", columns)
    subprocess.run([options.bqcdc, "stream", f"{DATASET}.by_bqcdc", file, "--dead-letter", f"{file}.dead"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "BIGQUERY_EMULATOR_HOST": REST, "GOOGLE_CLOUD_PROJECT": PROJECT})
    subprocess.run([*options.writer, f"{DATASET}.by_client", file], check=True)

    ours, theirs = rows("by_bqcdc"), rows("by_client")
    assert len(ours) == len(lines) - 3, f"{len(ours)} rows of {len(lines)} changes"
    assert ours.keys() == theirs.keys(), f"ids {sorted(ours.keys() ^ theirs.keys())} are in one table only"
    different = [f"row {key}, {name}: bqcdc {a}, {options.writer[0]} {b}" for key in ours
                 for name, a, b in zip(columns, ours[key], theirs[key], strict=True) if a != b]
    assert not different, "\n".join([f"{len(different)} cells differ", *different[:20]])
    print(f"{len(ours)} rows, {len(columns)} columns: the same")


main()
