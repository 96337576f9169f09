#!/usr/bin/env bash
# A newcomer's path, as the pages show it: clone, build, run the example, write an aggregator with its contract test, and
# declare an experiment with a CSV file. Needs what the README needs, and git. Writes into a new folder, which it removes.
set -euo pipefail
project="$(cd "$(dirname "$0")/.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
say() { printf '== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Writes the files of a page into a folder: each is the block after a line that ends with a colon and names a path.
files_of() {
  awk -v into="$2" '
    /^```/ { if (open) { open = 0; close(file); file = "" } else { open = 1 } next }
    open && file != "" { print > file; next }
    !open && /:$/ && match($0, /`(src\/[^`]+|pom\.xml|[a-z]+\.yaml)`/) {
      file = into "/" substr($0, RSTART + 1, RLENGTH - 2)
      parent = file; sub(/\/[^\/]*$/, "", parent); system("mkdir -p \"" parent "\"")
      next
    }
    !open && NF { file = "" }' "$1"
}

say "clone and build"
git clone -q "$project" "$folder/fl4j"
cd "$folder/fl4j"
repository=(-Dmaven.repo.local="$folder/repository" -Dmaven.repo.local.tail="${MAVEN_REPOSITORY:-$HOME/.m2/repository}")
./mvnw -q -B "${repository[@]}" install -DskipTests -Dspotless.check.skip=true -Dmaven.javadoc.skip=true
program=(java -jar "$folder/fl4j/fl-examples/target/fl-examples.jar")

say "run the example"
"${program[@]}" mnist | tee "$folder/example.txt" | tail -n 1
grep -q '^end             completed' "$folder/example.txt" || fail "the example did not complete"
grep -q '^state SHA-256   [0-9a-f]\{64\}' "$folder/example.txt" || fail "the example has no hash"

say "write an aggregator, and run its contract test"
mkdir "$folder/rules" && cd "$folder/rules"
files_of "$project/docs/own-aggregator.md" .
"$folder/fl4j/mvnw" -B "${repository[@]}" package | tee "$folder/rules.txt" | grep 'Tests run: 8' >/dev/null ||
  { cat "$folder/rules.txt"; fail "the contract did not run"; }
mkdir jars && cp target/*.jar jars/
"${program[@]}" mnist --rounds 2 --plugins jars --aggregator without-extremes:dropped=2 | tail -n 1

say "declare an experiment with a CSV file"
mkdir "$folder/patients" && cd "$folder/patients"
files_of "$project/docs/own-data.md" .
files_of "$project/docs/own-aggregator.md" "$folder/unused"
cp "$folder/unused/pom.xml" . && cp "$project/fl-examples/src/main/resources/org/fl4j/examples/patients.csv" .
"$folder/fl4j/mvnw" -q -B "${repository[@]}" package
mkdir jars && cp target/*.jar jars/
"${program[@]}" run patients.yaml --out out --plugins jars --no-progress | tail -n 1
"${program[@]}" compare out --metric client/test/accuracy --plugins jars | tee compared.txt
[ "$(grep -c '0\.[0-9]' compared.txt)" = 2 ] || fail "two algorithms must be compared"
say "all steps passed"
