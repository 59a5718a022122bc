//! How a body that runs apart from its call is tried: a value tells which run made it.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number of its own for every run in this process: a value tells which run made it.
pub(crate) fn run() -> u64 {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    RUNS.fetch_add(1, Ordering::SeqCst)
}

/// Four functions of one signature, in what is to hold them: renewed behind their end and ahead of it, sync and async.
macro_rules! four {
    (
        [$($holder:tt)*] { $($beside:tt)* } [$($generics:tt)*] ($($params:tt)*) [$($bounds:tt)*], cached($($how:tt)*) $body:block
    ) => {
        $($holder)* {
            $($beside)*

            #[larder::ttl_cached(entity = "apart", ttl = "10s", stale_while_revalidate = "5s", $($how)*)]
            fn stale_sync<$($generics)*>($($params)*) -> Option<(u64, String)> $($bounds)* {
                let made = run();
                let text: String = $body;
                Some((made, text))
            }

            #[larder::ttl_cached(entity = "apart", ttl = "10s", stale_while_revalidate = "5s", $($how)*)]
            async fn stale_async<$($generics)*>($($params)*) -> Option<(u64, String)> $($bounds)* {
                let made = run();
                let text: String = $body;
                Some((made, text))
            }

            #[larder::ttl_cached(entity = "apart", ttl = "10s", refresh_ahead = 0.5, $($how)*)]
            fn ahead_sync<$($generics)*>($($params)*) -> Option<(u64, String)> $($bounds)* {
                let made = run();
                let text: String = $body;
                Some((made, text))
            }

            #[larder::ttl_cached(entity = "apart", ttl = "10s", refresh_ahead = 0.5, $($how)*)]
            async fn ahead_async<$($generics)*>($($params)*) -> Option<(u64, String)> $($bounds)* {
                let made = run();
                let text: String = $body;
                Some((made, text))
            }
        }
    };
}

/// Tries what `four!` wrote.
macro_rules! try_four {
    ($name:literal: $($at:tt $types:tt ($($argument:expr),*) => $text:expr);+ $(;)?) => {{
        let larder = larder::Larder::testing();
        $(
            renewed!(larder, cell!($name, "stale, sync", $types, $($argument),*), 11, $text, call!($at stale_sync $types ($($argument),*)));
            renewed!(larder, cell!($name, "stale, async", $types, $($argument),*), 11, $text, call!($at stale_async $types ($($argument),*)).await);
            renewed!(larder, cell!($name, "ahead, sync", $types, $($argument),*), 6, $text, call!($at ahead_sync $types ($($argument),*)));
            renewed!(larder, cell!($name, "ahead, async", $types, $($argument),*), 6, $text, call!($at ahead_async $types ($($argument),*)).await);
        )+
        let counts = larder.stats().entities["apart"];
        let calls: u64 = [$(stringify!(($($argument),*))),+].map(|_| 4).iter().sum();
        assert_eq!(counts.misses, calls, "{}: only the first calls waited", $name);
        assert_eq!(counts.errors, 0, "{}: no renewal failed", $name);
    }};
}

/// A call whose value becomes due after some seconds: served at once, and made anew once.
macro_rules! renewed {
    ($larder:ident, $cell:expr, $seconds:literal, $text:expr, $call:expr) => {{
        let call = async || $larder.scope(async { $call }).await;
        let text: &str = $text;
        let (first, value) = call().await.expect($cell);
        assert_eq!(value, text, "{}: its value", $cell);
        assert_eq!(call().await, Some((first, value)), "{}: a hit", $cell);
        $larder.clock().advance(std::time::Duration::from_secs($seconds));
        assert_eq!(call().await, Some((first, text.to_owned())), "{}: served at once", $cell);
        let mut latest = None;
        crate::support::eventually_async(crate::support::SOON, $cell, async || {
            latest = call().await;
            latest.as_ref().is_some_and(|(made, _)| *made != first)
        })
        .await;
        let (second, value) = latest.expect($cell);
        assert_eq!(value, text, "{}: its value, made anew", $cell);
        assert_eq!(call().await, Some((second, value)), "{}: made anew once", $cell);
    }};
}
