//! Whether what a transaction returned means that it was committed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::Cacheable;

/// What a [`transaction`](crate::transaction) may return, and whether it was committed then.
///
/// A `Result` was if it is `Ok`, whatever it is called; every other [`Cacheable`] type if it has a value. What cannot fail
/// always was. Implement it for a type of your own that is neither, in one line.
///
/// # Examples
///
/// ```
/// struct Summary { rows: u64 }
///
/// impl larder::Conclusion for Summary {}
///
/// # pollster::block_on(async {
/// let summary = larder::transaction(async { Summary { rows: 2 } }).await;
/// assert_eq!(summary.rows, 2);
/// # });
/// ```
#[diagnostic::on_unimplemented(
    message = "nobody knows whether a transaction that returns `{Self}` was committed",
    label = "this is what the transaction returns",
    note = "return a `Result`, or write `impl larder::Conclusion for {Self} {{}}` for a type that always means yes"
)]
pub trait Conclusion {
    /// Whether what was written is there to stay (default: yes).
    fn is_committed(&self) -> bool {
        true
    }
}

#[diagnostic::do_not_recommend]
impl<R: Cacheable> Conclusion for R {
    fn is_committed(&self) -> bool {
        self.value().is_some()
    }
}

macro_rules! always {
    ($($($generic:ident)* => $type:ty;)*) => {
        $(impl<$($generic),*> Conclusion for $type {})*
    };
}

always! {
    => ();
    => bool;
    => char;
    => u8;
    => u16;
    => u32;
    => u64;
    => u128;
    => usize;
    => i8;
    => i16;
    => i32;
    => i64;
    => i128;
    => isize;
    => f32;
    => f64;
    => String;
    => Duration;
    T => Vec<T>;
    T => Arc<T>;
    T => Rc<T>;
    K V S => HashMap<K, V, S>;
    K V => BTreeMap<K, V>;
    T S => HashSet<T, S>;
    T => BTreeSet<T>;
    A => (A,);
    A B => (A, B);
    A B C => (A, B, C);
    A B C D => (A, B, C, D);
}
