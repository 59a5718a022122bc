#!/usr/bin/env bash
# The registry under HTTP load, with and without larder: two processes over one SQLite file and one redis-server.
#
#     benches/load.sh [seconds of each run, 10] [rows, 20000]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds="${1:-10}" rows="${2:-20000}" connections=16
for program in wrk redis-server curl; do
    if ! command -v "$program" >/dev/null; then
        echo "\`$program\` is not on the PATH. Install it, for example: sudo apt-get install -y wrk redis-server curl" >&2
        exit 1
    fi
done

folder="$(mktemp -d)"
children=()
end() {
    if ((${#children[@]} > 0)); then
        kill "${children[@]}" 2>/dev/null || true
        wait "${children[@]}" 2>/dev/null || true
    fi
    children=()
}
trap 'end; rm -rf "$folder"' EXIT

cargo build --quiet --release --example registry
registry="${CARGO_TARGET_DIR:-target}/release/examples/registry"
for variable in $(compgen -e LARDER_ || true); do unset "$variable"; done

# serve <name> <more arguments>: starts a process, and sets `address` when it serves.
serve() {
    local name="$1"
    shift
    : >"$folder/$name"
    "$registry" serve --port 0 --database "$folder/registry.db" "$@" >>"$folder/$name" 2>&1 &
    children+=($!)
    until address="$(grep -om1 'http://[0-9.:]*' "$folder/$name")"; do
        kill -0 "${children[-1]}" 2>/dev/null || { cat "$folder/$name" >&2; exit 1; }
        sleep 0.05
    done
}

asked() {
    local sum=0 address
    for address in "$@"; do
        sum=$((sum + $(curl -fsS -H 'Remote-User: root' "$address/admin/database" | grep -o '[0-9]*')))
    done
    echo "$sum"
}

# measure <name> <one request in so many a write, 0 for none>: prints one line of the table.
measure() {
    local first second before after address load=()
    serve first; first="$address"
    serve second; second="$address"
    before="$(asked "$first" "$second")"
    for address in "$first" "$second"; do
        WRITES="$2" wrk -t1 -c$((connections / 2)) -d"${seconds}s" -s benches/load.lua "$address" >"$folder/${address##*:}" &
        load+=($!)
    done
    wait "${load[@]}"
    after="$(asked "$first" "$second")"
    cat "$folder/${first##*:}" "$folder/${second##*:}" | awk -v name="$1" -v queries=$((after - before)) '
        /^@@/ { requests += $2; rate += $2 / ($3 / 1e6); p50 += $4 / 2; if ($5 > p99) p99 = $5; failed += $6 }
        END {
            printf "| %s | %.0f | %.2f | %.2f | %.3f | %d |\n", name, rate, p50 / 1e3, p99 / 1e3, queries / requests, failed
        }'
    end
}

# A server of its own, on a port that nobody has.
for _ in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 20000))
    redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$folder" >"$folder/redis" 2>&1 &
    redis=$!
    while kill -0 "$redis" 2>/dev/null && ! redis-cli -p "$port" info server 2>/dev/null | grep -q "process_id:$redis"; do
        sleep 0.05
    done
    kill -0 "$redis" 2>/dev/null && break
done
trap 'end; kill "$redis"; rm -rf "$folder"' EXIT

# The rows are made once, and lie in the page cache for all runs alike.
serve rows --rows "$rows"
end

printf '%s rows, %s connections, %s s each\n\n' "$rows" "$connections" "$seconds"
echo '| | requests/s | p50 ms | p99 ms | database queries per request | failed |'
echo '|---|---|---|---|---|---|'
export LARDER_ENABLED=false
measure 'without larder, reads' 0
measure 'without larder, 1 % writes' 100
unset LARDER_ENABLED
measure 'memory only, reads' 0
export LARDER_REDIS_URL="redis://127.0.0.1:$port"
measure 'with Redis, reads' 0
measure 'with Redis, 1 % writes' 100
