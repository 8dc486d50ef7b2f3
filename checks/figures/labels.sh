#!/usr/bin/env bash
# Recall and precision on hand-labelled projects.
#
#   checks/figures/labels.sh CHECKOUTS [ARGUMENTS OF score.py …]
#
# CHECKOUTS holds a folder OWNER__NAME (or OWNER__NAME@prN) per project, at the commit its label file
# names; the base of a labelled pull request lies beside its head as OWNER__NAME@prN.base. Labels and
# scorer are looked for in $TAKEHOME_SHARED, else in the nearest `shared/` above the repository.
# The findings stay in $FOUND (default: target/figures/found) to be looked at.
set -euo pipefail

checkouts=$(cd "${1:?usage: labels.sh CHECKOUTS [ARGUMENTS OF score.py …]}" && pwd)
shift
cd "$(dirname "$0")/../.."

shared=${TAKEHOME_SHARED:-}
folder=$PWD
while [ -z "$shared" ] && [ "$folder" != / ]; do
    folder=$(dirname "$folder")
    if [ -d "$folder/shared/suites/labels" ]; then shared=$folder/shared; fi
done
suite=$shared/suites/labels
[ -f "$suite/score.py" ] || { echo "no labels: set TAKEHOME_SHARED" >&2; exit 1; }

found=${FOUND:-target/figures/found}
mkdir -p "$found"
cargo build --quiet -p takehome-checks --example analyse
for labels in "$suite"/labels/*.json; do
    name=$(basename "$labels" .json)
    head=$checkouts/$name
    if [ ! -d "$head" ]; then
        echo "no checkout: $name" >&2
        continue
    fi
    base=()
    if [ -d "$head.base" ]; then base=("$head.base"); fi
    target/debug/examples/analyse "$head" "${base[@]}" > "$found/$name.json"
done
"$suite/score.py" --kinds "$suite/kinds.json" --tiers "$suite/kinds.tsv" --all "$suite/labels" "$found" "$@"
