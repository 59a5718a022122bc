#!/usr/bin/env bash
# Services under HTTP load, with and without larder: two processes of each over one redis-server; each
# pair over one SQLite file, but for the identity services, which have a git repository each.
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

cargo build --quiet --release --example registry --example well_known --example tenants --example webhooks
programs="${CARGO_TARGET_DIR:-target}/release/examples"
for variable in $(compgen -e LARDER_ || true); do unset "$variable"; done

# serve <name> <service> <more arguments>: starts a process, and sets `address` when it serves.
serve() {
    local name="$1" service="$2"
    shift 2
    : >"$folder/$name"
    "$programs/$service" serve --port 0 "$@" >>"$folder/$name" 2>&1 &
    children+=($!)
    until address="$(grep -om1 'http://[a-z0-9.:]*' "$folder/$name")"; do
        kill -0 "${children[-1]}" 2>/dev/null || { cat "$folder/$name" >&2; exit 1; }
        sleep 0.05
    done
}

# asked <first> <second>: how often both asked their database; an identity service has none.
asked() {
    local sum=0 address answer
    for address in "$@"; do
        answer="$(curl -sS -H 'Remote-User: root' "$address/admin/database")"
        if [[ "$answer" =~ \"asked\":([0-9]+) ]]; then sum=$((sum + BASH_REMATCH[1])); fi
    done
    echo "$sum"
}

# load <first> <second>: asks both at once, and leaves what wrk says in a file for each.
load() {
    local address load=()
    for address in "$@"; do
        wrk -t1 -c$((connections / 2)) -d"${seconds}s" -s benches/load.lua "$address" >"$folder/${address##*:}" &
        load+=($!)
    done
    wait "${load[@]}"
}

# line <name> <first> <second> <queries>: prints one line of the table.
line() {
    cat "$folder/${2##*:}" "$folder/${3##*:}" | awk -v name="$1" -v queries="$4" '
        /^@@/ { requests += $2; rate += $2 / ($3 / 1e6); p50 += $4 / 2; if ($5 > p99) p99 = $5; failed += $6 }
        END {
            printf "| %s | %.0f | %.2f | %.2f | %.3f | %d |\n", name, rate, p50 / 1e3, p99 / 1e3, queries / requests, failed
        }'
}

# measure <name> <one request in so many a write, 0 for none>: the registry.
measure() {
    local first second before after
    serve first registry --database "$folder/registry.db"; first="$address"
    serve second registry --database "$folder/registry.db"; second="$address"
    before="$(asked "$first" "$second")"
    WRITES="$2" load "$first" "$second"
    after="$(asked "$first" "$second")"
    line "$1" "$first" "$second" "$((after - before))"
    end
}

# compare <name> <path> <host> <service> <arguments>: another service, with larder off, in memory, and over Redis.
compare() {
    local name="$1" path="$2" host="$3" way first second before after
    shift 3
    for way in 'without larder' 'memory only' 'with Redis'; do
        unset LARDER_ENABLED LARDER_REDIS_URL
        case "$way" in
            without*) export LARDER_ENABLED=false ;;
            with*) export LARDER_REDIS_URL="redis://127.0.0.1:$port" ;;
        esac
        serve first "$@"; first="$address"
        serve second "$@"; second="$address"
        before="$(asked "$first" "$second")"
        ONLY="$path" HOST="$host" load "$first" "$second"
        after="$(asked "$first" "$second")"
        line "$name, $way" "$first" "$second" "$((after - before))"
        end
    done
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
serve rows registry --database "$folder/registry.db" --rows "$rows"
end

printf '%s rows, %s connections, %s s each\n\n' "$rows" "$connections" "$seconds"
echo '| | requests/s | p50 ms | p99 ms | database queries per request | failed |'
echo '|---|---|---|---|---|---|'
export LARDER_ENABLED=false
measure 'registry, lists, without larder' 0
measure 'registry, 1 % writes, without larder' 100
unset LARDER_ENABLED
measure 'registry, lists, memory only' 0
export LARDER_REDIS_URL="redis://127.0.0.1:$port"
measure 'registry, lists, with Redis' 0
measure 'registry, 1 % writes, with Redis' 100
compare 'registry, `/admin/statistics`' /admin/statistics '' registry --database "$folder/registry.db"
compare 'an identity service (no database), `/.well-known/openid-configuration`' /.well-known/openid-configuration '' well_known
compare 'tenants, `/whoami`' /whoami blue.example tenants --database "$folder/tenants.db"

# Twenty webhooks that share five secrets.
unset LARDER_ENABLED LARDER_REDIS_URL
serve rows webhooks --database "$folder/webhooks.db"
put() { curl -fsS -X PUT -H 'Content-Type: application/json' -d "$2" "$address$1"; }
for number in {1..5}; do
    put "/values/secret-$number" "{\"secret\":\"of $number\"}"
done
for number in {1..20}; do
    headers="{\"authorization\":\"secret-$((number % 5 + 1))\",\"x-signed\":\"secret-$((number % 3 + 1))\"}"
    put "/webhooks/hook-$number" "{\"url\":\"http://127.0.0.1:9/hook\",\"headers\":$headers}"
done
end
compare 'what 20 webhooks are fired with, `/admin/webhooks`' /admin/webhooks '' webhooks --database "$folder/webhooks.db"
