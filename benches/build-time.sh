#!/usr/bin/env bash
# Seconds of a clean debug build of a small program that depends on larder: in memory, and with Redis.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
unset CARGO_TARGET_DIR

# build <name> <the dependency line> <the program>
build() {
    local crate="$folder/$1"
    mkdir -p "$crate/src"
    printf '[package]\nname = "small"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n%s\n' "$2" > "$crate/Cargo.toml"
    printf '%s\n' "$3" > "$crate/src/main.rs"
    cp "$root/Cargo.lock" "$crate/Cargo.lock"
    (cd "$crate" && cargo fetch --quiet)
    local TIMEFORMAT='%R %U %S'
    local times
    times="$( { time (cd "$crate" && cargo build --quiet --offline -j2 2>/dev/null); } 2>&1 )"
    awk -v name="$1" '{ printf "%-22s %6.1f s wall  %6.1f s of processor\n", name, $1, $2 + $3 }' <<< "$times"
}

program='#[larder::ttl_cached(entity = "squares", ttl = "20s")]
fn square(n: u64) -> u64 {
    n * n
}

fn main() {
    println!("{}", square(12));
}'

build "nothing" '' 'fn main() {}'
build "larder, memory" "larder = { path = \"$root/runtime\" }" "$program"
build "larder, redis" "larder = { path = \"$root/runtime\", features = [\"redis\"] }" "$program"
