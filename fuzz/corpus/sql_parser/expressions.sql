SELECT -a.b[OFFSET(1)].c || 'it\'s \u00e9' <= ~x << 2 ^ 3, b'\xff\101', rb"""raw\n""", 0x1F + .5e-3 - 1., @@time_zone,
  CAST(x AS ARRAY<STRUCT<a INT64, NUMERIC(10, 2)>>), SAFE_CAST(y AS STRING FORMAT 'YYYY' AT TIME ZONE 'UTC'),
  EXTRACT(WEEK(MONDAY) FROM d), INTERVAL '0-0 0 0:0:2' YEAR TO SECOND, DATE '2024-01-01', RANGE<DATE> '[a, b)',
  CASE a WHEN 1 THEN 2 ELSE 3 END, IF(a IS NOT NULL, [1], ARRAY<INT64>[]), STRUCT<x INT64>(1), STRUCT(1 AS a), (1, 'a'),
  SAFE.SUBSTR(a, f => (x, y) -> x + y), a IS DISTINCT FROM b, WITH(v AS 1, v), ((SELECT 1) UNION ALL (SELECT 2))
