//! Promise 8 for keys, by properties: two argument lists share an entry if and only if they are equal.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use larder::{CacheKey, Larder, by_serde, ttl_cached};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde::Serialize;

/// A value of every form that a key can have, nested in itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash, CacheKey, Serialize)]
enum Tree {
    Nothing,
    Small(u8),
    Wide(u64),
    Signed(i64),
    Letter(char),
    Text(String),
    Bytes(Vec<u8>),
    Maybe(Option<Box<Tree>>),
    Twice(Option<Option<String>>),
    List(Vec<Tree>),
    Pair(Box<(Tree, Tree)>),
    Map(BTreeMap<String, Tree>),
    Either(Result<String, String>),
    Named { left: Box<Tree>, right: String },
}

/// Short texts that run into one another, and into every separator that a form might use.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => vec(prop_oneof![Just('a'), Just('b'), Just('\0'), Just(':'), Just('\x1a'), Just('\u{ff}')], 0..4)
            .prop_map(String::from_iter),
        1 => "[ab]{120,132}",
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Nothing),
        (0..4_u8).prop_map(Tree::Small),
        prop_oneof![0..4_u64, any::<u64>()].prop_map(Tree::Wide),
        (-2..2_i64).prop_map(Tree::Signed),
        prop_oneof![Just('a'), Just('\0')].prop_map(Tree::Letter),
        text().prop_map(Tree::Text),
        text().prop_map(|text| Tree::Bytes(text.into_bytes())),
        option::of(option::of(text())).prop_map(Tree::Twice),
        prop_oneof![text().prop_map(Ok), text().prop_map(Err)].prop_map(Tree::Either),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            option::of(inner.clone().prop_map(Box::new)).prop_map(Tree::Maybe),
            vec(inner.clone(), 0..3).prop_map(Tree::List),
            (inner.clone(), inner.clone()).prop_map(|pair| Tree::Pair(Box::new(pair))),
            btree_map(text(), inner.clone(), 0..3).prop_map(Tree::Map),
            (inner, text()).prop_map(|(left, right)| Tree::Named { left: Box::new(left), right }),
        ]
    })
}

/// A number that no other run returned.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

#[ttl_cached(entity = "keys", capacity = 100_000, store = memory, ttl = "1h")]
fn derived(first: &str, tree: &Tree, last: &str) -> u64 {
    let _ = (first, tree, last);
    unique()
}

#[ttl_cached(entity = "keys", capacity = 100_000, store = memory, ttl = "1h", key(first, by_serde(tree), last))]
fn written_by_serde(first: &str, tree: &Tree, last: &str) -> u64 {
    let _ = (first, tree, last);
    unique()
}

/// Calls with very many argument lists: fails unless each has its own answer, and always the same.
fn told_apart<S: Strategy>(strategy: &S, call: impl Fn(&S::Value) -> u64)
where
    S::Value: Clone + Eq + Hash,
{
    const CASES: usize = 4_000;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let larder = runtime.block_on(Larder::builder().ignore_environment().build()).unwrap();
    let mut runner = TestRunner::deterministic();
    let (mut answers, mut owners) = (HashMap::<S::Value, u64>::new(), HashMap::<u64, S::Value>::new());
    for _ in 0..CASES {
        let arguments = strategy.new_tree(&mut runner).unwrap().current();
        let answer = larder.run(|| call(&arguments));
        let known = *answers.entry(arguments.clone()).or_insert(answer);
        assert_eq!(known, answer, "two answers for {arguments:?}");
        let owner = owners.entry(answer).or_insert_with(|| arguments.clone());
        assert_eq!(*owner, arguments, "two argument lists share an entry");
    }
    assert!((CASES / 8..CASES).contains(&answers.len()), "{} lists, and some more than once", answers.len());
}

#[test]
fn keys_by_derive_are_told_apart() {
    told_apart(&(text(), tree(), text()), |(first, tree, last)| derived(first, tree, last));
}

#[test]
fn keys_by_serde_are_told_apart() {
    told_apart(&(text(), tree(), text()), |(first, tree, last)| written_by_serde(first, tree, last));
}

/// The form itself, in bytes: what a hand-written key is given to write with tells lengths and tags apart.
#[test]
fn bytes_written_by_hand_do_not_run_into_one_another() {
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Parts(Vec<(u8, Vec<u8>)>);

    impl CacheKey for Parts {
        fn encode_key(&self, out: &mut larder::KeyWriter) {
            self.0.iter().for_each(|(tag, bytes)| out.bytes(*tag, bytes));
        }
    }

    #[ttl_cached(entity = "keys", capacity = 100_000, store = memory, ttl = "1h")]
    fn by_hand(parts: &Parts) -> u64 {
        let _ = parts;
        unique()
    }

    let part = (0x80..0x83_u8, prop_oneof![vec(0x7f..0x83_u8, 0..4), vec(Just(0x80_u8), 124..132)]);
    told_apart(&vec(part, 0..4).prop_map(Parts), by_hand);
}
