//! The versions of a record's type before the present one, and how they become it.

use super::Record;
use super::filing::mark;
use crate::value::{LivesIn, Shared};

/// The versions of a type before this one.
#[derive(Debug)]
pub struct Former<R> {
    shapes: Vec<String>,
    read: fn(&str, &[u8]) -> Option<R>,
}

impl<R> Former<R> {
    /// There is no other version.
    #[must_use]
    pub fn none() -> Self {
        Self { shapes: Vec::new(), read: |_, _| None }
    }

    /// `F`, and what came before that.
    #[must_use]
    pub fn of<F: Record>() -> Self
    where
        R: From<F>,
    {
        let mut shapes = F::former().shapes;
        shapes.push(mark(F::SHAPE));
        let read = |shape: &str, payload: &[u8]| {
            let former = if shape == mark(F::SHAPE) {
                LivesIn::<Shared>::decode(payload)
            } else {
                F::former().read(shape, payload)
            };
            former.map(|former: F| R::from(former))
        };
        Self { shapes, read }
    }

    pub(super) fn shapes(self) -> Vec<String> {
        self.shapes
    }

    pub(super) fn knows(&self, shape: &str) -> bool {
        self.shapes.iter().any(|known| known == shape)
    }

    pub(super) fn read(&self, shape: &str, payload: &[u8]) -> Option<R> {
        (self.read)(shape, payload)
    }
}
