#!/usr/bin/env bash
# Times a workload against a baseline in alternating runs and prints medians and the ratio.
# Usage: benchmark.sh RUNS 'FL4J ARGUMENTS' 'BASELINE COMMAND'
#   fl-examples/benchmark.sh 5 'p1 --data DATA/mnist' 'python3 pytorch_loop.py p1 --threads 1'
# Both print a line with "round_seconds_median": SECONDS; the last such line of a run counts.
set -euo pipefail
jar="$(dirname "$0")/target/fl-examples.jar"
# Java is the glue: its optimising compiler and parallel collector would only compete for the cores.
java_options=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC)
seconds() { grep -o '"round_seconds_median": [0-9.e-]*' | tail -n 1 | cut -d' ' -f2; }
ours=() theirs=()
for ((i = 0; i < $1; i++)); do
  # shellcheck disable=SC2086
  ours+=("$(java "${java_options[@]}" -jar "$jar" benchmark $2 2>/dev/null | seconds)")
  theirs+=("$(eval "$3" 2>/dev/null | seconds)")
  echo "run $((i + 1)): fl4j ${ours[i]} s, baseline ${theirs[i]} s"
done
median() { printf '%s\n' "$@" | sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
paste <(printf '%s\n' "${ours[@]}") <(printf '%s\n' "${theirs[@]}") |
  awk '{print $1 / $2}' | sort -g |
  awk -v a="$(median "${ours[@]}")" -v b="$(median "${theirs[@]}")" \
    '{v[NR] = $1} END {printf "median fl4j %.5f s, baseline %.5f s; ratio median %.3f, min %.3f, max %.3f\n", a, b, v[int((NR + 1) / 2)], v[1], v[NR]}'
