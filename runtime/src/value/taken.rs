//! Parameters that a call lends and its background work keeps.

use std::borrow::Borrow;

/// What can be taken along in its owned form: `&str` as a `String`, `&T` as a `T` that is `Clone`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is lent to this function, and what runs in the background outlives the call",
    label = "this parameter cannot be taken along",
    note = "take it by value, such as `Arc<{Self}>`, or make it `Clone + Send + Sync + 'static`"
)]
pub trait TakenAlong: ToOwned<Owned: Send + Sync + 'static> {}

#[diagnostic::do_not_recommend]
impl<T: ToOwned<Owned: Send + Sync + 'static> + ?Sized> TakenAlong for T {}

/// The owned form of a parameter.
pub fn own<T: TakenAlong + ?Sized>(lent: &T) -> T::Owned {
    lent.to_owned()
}

/// The parameter as the body knows it.
pub fn lend<T: ToOwned + ?Sized>(owned: &T::Owned) -> &T {
    owned.borrow()
}
