cd /tmp/wt/par
set -- /tmp/rows1m.jsonl
. bench/null_sink_run
for r in 1 2 3; do
for t in 1 2 3; do
/usr/bin/time -f "threads $t: %U+%S s cpu, %M KiB" -a -o $scratch/t bqcdc stream peers.orders "$file" --dead-letter "$scratch/dead-letter" --encode-threads $t 2>"$scratch/summary"; tail -1 $scratch/t; figure '.* \([0-9]*\) rows\/s$'
done; done
cat $scratch/summary
