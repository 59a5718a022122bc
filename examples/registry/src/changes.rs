//! Every write, for all six entities, and what it ends: the entity's list, and what `depends` says of it.

use larder::invalidates;

use crate::entities::Entity;
use crate::error::Error;
use crate::item::{Change, Item, New};
use crate::viewer::Viewer;

/// Adds a row, and returns it as it is shown.
///
/// # Errors
///
/// `Unknown` for guests, `Invalid` values, `AlreadyExists` where the viewer has one of that name, and failures of the
/// database. What fails ends nothing.
#[invalidates((E::LIST,))]
pub async fn create<E: Entity>(viewer: &Viewer, new: &New<E>) -> Result<Item<E>, Error> {
    let mut made = viewer.insert(std::slice::from_ref(new)).await?;
    made.pop().ok_or(Error::NotFound)
}

/// Adds all of several rows, or none.
///
/// # Errors
///
/// Those of [`create`].
#[invalidates((E::LIST,))]
pub async fn create_all<E: Entity>(viewer: &Viewer, new: &[New<E>]) -> Result<Vec<Item<E>>, Error> {
    viewer.insert(new).await
}

/// Changes a row, and returns it as it is shown now.
///
/// # Errors
///
/// `NotFound` where the viewer sees no such row, `Forbidden` where it is another's, and those of [`create`].
#[invalidates((E::LIST,))]
pub async fn update<E: Entity>(viewer: &Viewer, id: i64, change: &Change<E>) -> Result<Item<E>, Error> {
    viewer.update(id, change).await
}

/// Switches a row on or off; a gateway takes along all that came by it.
///
/// # Errors
///
/// Those of [`update`].
#[invalidates((E::LIST,), phase = around, max_txn = "5s")]
pub async fn set_active<E: Entity>(viewer: &Viewer, id: i64, active: bool) -> Result<(), Error> {
    viewer.set_active::<E>(id, active).await
}

/// Removes a row; a gateway takes along all that came by it, and that leaves every server that bundled it.
///
/// `around`: a process that is killed between its commit and its end leaves none of the lists stale.
///
/// # Errors
///
/// Those of [`update`].
#[invalidates((E::LIST,), phase = around, max_txn = "5s")]
pub async fn delete<E: Entity>(viewer: &Viewer, id: i64) -> Result<(), Error> {
    viewer.delete::<E>(id).await
}
