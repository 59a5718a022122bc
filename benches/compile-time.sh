#!/usr/bin/env bash
# Seconds that 100 cached async functions add to an incremental debug build and to `cargo check`: larder beside cached, as
# that is by default and as it runs a body once for callers of one key, which larder does by default.
# Usage: benches/compile-time.sh [rounds] [functions]
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
rounds="${1:-9}"
functions="${2:-100}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
# CARGO_INCREMENTAL would overrule the profile of the dependency; incremental is what a debug build is by itself.
unset CARGO_TARGET_DIR RUSTFLAGS CARGO_INCREMENTAL
export CARGO_NET_OFFLINE=false

# crate <name> <the dependency line> <the attribute> <what follows in the manifest>
crate() {
    local crate="$folder/$1"
    mkdir -p "$crate/src"
    cat > "$crate/Cargo.toml" <<TOML
[package]
name = "with-$1"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
$2

$4
TOML
    cp "$root/Cargo.lock" "$crate/Cargo.lock"
    {
        cat <<'RUST'
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Item {
    pub id: u64,
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct Error(pub String);

async fn fetch(id: u64, name: &str, salt: u64) -> Result<Item, Error> {
    match id.checked_add(salt) {
        Some(id) => Ok(Item { id, name: name.to_owned() }),
        None => Err(Error(name.to_owned())),
    }
}
RUST
        local n
        for ((n = 0; n < functions; n++)); do
            printf '\n%s\n' "$3"
            cat <<RUST
pub async fn item_$n(id: u64, name: &str) -> Result<Arc<Item>, Error> {
    let item = fetch(id, name, $n).await?;
    if item.name.is_empty() {
        return Err(Error(format!("item {} of $n has no name", item.id)));
    }
    Ok(Arc::new(item))
}
RUST
        done
        printf '\nfn main() {\n    let mut calls: Vec<std::pin::Pin<Box<dyn Future<Output = Result<Arc<Item>, Error>>>>> = Vec::new();\n'
        for ((n = 0; n < functions; n++)); do
            printf '    calls.push(Box::pin(item_%d(1, "one")));\n' "$n"
        done
        printf '    println!("{}", calls.len());\n}\n'
    } > "$crate/src/main.rs"
    (cd "$crate" && cargo fetch --quiet && cargo build --quiet && cargo check --quiet)
}

# once <name> <build|check> <round>: every function's body changes a little, as when one edits what they share.
once() {
    cd "$folder/$1"
    sed -i -E "s/^\/\/ round .*//; 1s/^/\/\/ round $3\n/" src/main.rs
    sed -i -E "s/ has no name[^\"]*\"/ has no name, round $3\"/" src/main.rs
    local begun ended
    begun="$(date +%s%N)"
    cargo "$2" --quiet --offline
    ended="$(date +%s%N)"
    echo $(((ended - begun) / 1000)) >> "$folder/$1.$2"
    cd - > /dev/null
}

median() { sort -n "$1" | awk '{ a[NR] = $1 } END { print (NR % 2) ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'; }

cached='cached = { version = "=4.1.0", features = ["async"] }'
crate bare '' '' ''
# A dependency from the registry, as `cached` is, is compiled whole; one by its path in 256 pieces, which nobody links.
whole='[profile.dev.package]
larder.incremental = false
larder-macros.incremental = false'
crate larder "larder = { path = \"$root/runtime\" }" \
    '#[larder::ttl_cached(entity = "items", ttl = "20s", capacity = 1000, store = memory)]' "$whole"
by_default='max_size = 1000, ttl_secs = 20, key = "(u64, String)", convert = r#"{ (id, name.to_owned()) }"#'
crate cached "$cached" "#[cached::macros::cached($by_default)]" ''
crate cached-once "$cached" "#[cached::macros::cached($by_default, sync_writes = \"by_key\")]" ''

for command in build check; do
    for ((round = 1; round <= rounds; round++)); do
        for name in bare larder cached cached-once; do
            once "$name" "$command" "$round"
        done
    done
done

for command in build check; do
    printf '%d functions, incremental cargo %s, ms\n' "$functions" "$command"
    for name in bare larder cached cached-once; do
        median "$folder/$name.$command" > "$folder/$name.median"
        awk -v name="$name" -v bare="$(cat "$folder/bare.median")" \
            '{ printf "  %-10s %8.0f   adds %8.0f\n", name, $1 / 1000, ($1 - bare) / 1000 }' "$folder/$name.median"
    done
    for peer in cached cached-once; do
        awk -v peer="$peer" -v bare="$(cat "$folder/bare.median")" -v larder="$(cat "$folder/larder.median")" -v cached="$(cat "$folder/$peer.median")" \
            'BEGIN { ratio = (larder - bare) / (cached - bare); printf "  larder adds / %s adds %.2f  goal <= 0.50  %s\n", peer, ratio, ratio <= 0.5 ? "met" : "MISSED" }'
    done
done
