//! The full product for one signature: the four macros over it, sync and async, each tried.

/// Eight functions of one signature, in what is to hold them, beside what that has already: `eight! { "name"; impl Shop {}
/// [generics] [receiver,] (parameters) -> Option<u32> [where], cached(skip(db)), named(id) { body } }`. What makes the
/// key, and by what name one is ended or led, are the attributes' own words. They return an `Option`, which is a
/// follower's answer too. What stands between the name and the `;` are attributes of each: one `above` ours, one below.
macro_rules! eight {
    (
        $name:literal $(above #[$above:meta])? $(#[$below:meta])?; [$($holder:tt)*] { $($beside:tt)* }
        [$($generics:tt)*] [$($receiver:tt)*] ($($params:tt)*) -> $ret:ty [$($bounds:tt)*],
        cached($($how:tt)*), named($key:expr) $body:block
    ) => {
        six! {
            $name $(above #[$above])? $(#[$below])?;
            [$($holder)*] {
                $($beside)*

                $(#[$above])?
                #[larder::leader(($name, "sync", $key), ttl = "1m", grace = "1m")]
                $(#[$below])?
                fn leads_sync<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)* $body

                $(#[$above])?
                #[larder::leader(($name, "async", $key), ttl = "1m", grace = "1m")]
                $(#[$below])?
                async fn leads_async<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)* $body
            }
            [$($generics)*] [$($receiver)*] ($($params)*) -> $ret [$($bounds)*], cached($($how)*), named($key) $body
        }
    };
}

/// The six of them that may return anything.
macro_rules! six {
    (
        $name:literal $(above #[$above:meta])? $(#[$below:meta])?; [$($holder:tt)*] { $($beside:tt)* }
        [$($generics:tt)*] [$($receiver:tt)*] ($($params:tt)*) -> $ret:ty [$($bounds:tt)*],
        cached($($how:tt)*), named($key:expr) $body:block
    ) => {
        $($holder)* {
            $($beside)*

            $(#[$above])?
            #[larder::ttl_cached(entity = "product", $($how)*)]
            $(#[$below])?
            fn ttl_sync<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)* $body

            $(#[$above])?
            #[larder::ttl_cached(entity = "product", $($how)*)]
            $(#[$below])?
            async fn ttl_async<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)* $body

            $(#[$above])?
            #[larder::hexsha_cached($($how)*)]
            $(#[$below])?
            fn sha_sync<$($generics)*>($($receiver)* config: &Config, $($params)*) -> $ret $($bounds)* $body

            $(#[$above])?
            #[larder::hexsha_cached($($how)*)]
            $(#[$below])?
            async fn sha_async<$($generics)*>($($receiver)* config: &Config, $($params)*) -> $ret $($bounds)* $body

            $(#[$above])?
            #[larder::invalidates(($name, $key))]
            $(#[$below])?
            fn ends_sync<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)* $body

            $(#[$above])?
            #[larder::invalidates(($name, $key))]
            $(#[$below])?
            async fn ends_async<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)* $body
        }
    };
}

/// A trait that declares the eight.
macro_rules! eight_declared {
    (
        [$($holder:tt)*] { $($beside:tt)* }
        [$($generics:tt)*] [$($receiver:tt)*] ($($params:tt)*) -> $ret:ty [$($bounds:tt)*]
    ) => {
        $($holder)* {
            $($beside)*
            fn ttl_sync<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)*;
            async fn ttl_async<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)*;
            fn sha_sync<$($generics)*>($($receiver)* config: &Config, $($params)*) -> $ret $($bounds)*;
            async fn sha_async<$($generics)*>($($receiver)* config: &Config, $($params)*) -> $ret $($bounds)*;
            fn ends_sync<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)*;
            async fn ends_async<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)*;
            fn leads_sync<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)*;
            async fn leads_async<$($generics)*>($($receiver)* $($params)*) -> $ret $($bounds)*;
        }
    };
}

/// One call: what stands before the name, the name, what stands between it and the arguments.
macro_rules! call {
    ([$($at:tt)*] $name:ident [$($types:tt)*] ($($arguments:tt)*)) => { $($at)* $name $($types)* ($($arguments)*) };
}

/// Tries what `eight!` wrote: calls whose arguments, results and names all differ.
macro_rules! try_eight {
    ($name:literal: $($at:tt $types:tt ($($argument:expr),*) => $value:expr, $ended:expr);+ $(;)?) => {{
        try_six! { $name: $($at $types ($($argument),*) => $value, $ended);+ }
        leads! {
            $(
                cell!($name, "leader, sync", $types, $($argument),*); call!($at leads_sync $types ($($argument),*)) => $value, None;
                cell!($name, "leader, async", $types, $($argument),*); call!($at leads_async $types ($($argument),*)).await => $value, None
            );+
        }
    }};
}

/// Tries what `six!` wrote.
macro_rules! try_six {
    ($name:literal: $($at:tt $types:tt ($($argument:expr),*) => $value:expr, $ended:expr);+ $(;)?) => {{
        cached! {
            $(
                cell!($name, "ttl_cached, sync", $types, $($argument),*); call!($at ttl_sync $types ($($argument),*)) => $value,
                cell!($name, "ttl_cached, async", $types, $($argument),*); call!($at ttl_async $types ($($argument),*)).await => $value,
                cell!($name, "hexsha_cached, sync", $types, $($argument),*); call!($at sha_sync $types (&Config("a"), $($argument),*)) => $value,
                cell!($name, "hexsha_cached, sync, another revision", $types, $($argument),*); call!($at sha_sync $types (&Config("b"), $($argument),*)) => $value,
                cell!($name, "hexsha_cached, async", $types, $($argument),*); call!($at sha_async $types (&Config("a"), $($argument),*)).await => $value,
                cell!($name, "hexsha_cached, async, another revision", $types, $($argument),*); call!($at sha_async $types (&Config("b"), $($argument),*)).await => $value
            ),+
        }
        ends! {
            $(
                cell!($name, "invalidates, sync", $types, $($argument),*), &format!("{}:{}", $name, $ended); call!($at ends_sync $types ($($argument),*)) => $value,
                cell!($name, "invalidates, async", $types, $($argument),*), &format!("{}:{}", $name, $ended); call!($at ends_async $types ($($argument),*)).await => $value
            ),+
        }
    }};
}

/// A cell, named by its macro and its call.
macro_rules! cell {
    ($name:literal, $kind:literal, $types:tt, $($argument:expr),*) => {
        concat!($name, ": ", $kind, stringify!($types), stringify!(($($argument),*)))
    };
}
