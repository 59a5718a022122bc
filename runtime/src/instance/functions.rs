//! The functions of one instance, each found by its site and its type parameters.

use std::any::TypeId;
#[cfg(any(feature = "axum", feature = "metrics"))]
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};

use super::Larder;
use crate::cache::{AnyValue, Core, Function, Instantiation, Shelf, Site, Values};
#[cfg(any(feature = "axum", feature = "metrics"))]
use crate::stats::Counts;

/// The functions that were called.
#[derive(Default)]
pub(super) struct Functions {
    pub(super) by_site: HashMap<(usize, TypeId), Arc<Function>>,
    /// The functions that share a path and a fingerprint, in the order of their first use.
    twins: HashMap<(String, u64), Vec<(usize, TypeId)>>,
}

impl Larder {
    pub(super) fn functions(&self) -> MutexGuard<'_, Functions> {
        self.inner.functions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every function that was called.
    pub(crate) fn each_function(&self) -> Vec<Arc<Function>> {
        self.functions().by_site.values().cloned().collect()
    }

    /// What each function did, by its path and its entity: two that share both are one.
    #[cfg(any(feature = "axum", feature = "metrics"))]
    pub(crate) fn counts_by_function(&self) -> BTreeMap<(String, &'static str), Counts> {
        let mut counts = BTreeMap::<_, Counts>::new();
        for function in self.each_function() {
            let core = &function.core;
            counts.entry((core.path.clone(), core.entity)).or_default().add(&core.counts(function.entries()));
        }
        counts
    }

    /// The function that a site is in this instance, and what memory keeps of it.
    pub(crate) fn function<M: Shelf>(
        &self,
        site: &'static Site,
        instantiation: Instantiation,
    ) -> (Arc<Function>, Arc<M>) {
        let mut functions = self.functions();
        let key = (site.number(), instantiation.id);
        if let Some(function) = functions.by_site.get(&key)
            && let Ok(values) = Arc::downcast(Arc::clone(&function.values) as Arc<AnyValue>)
        {
            return (Arc::clone(function), values);
        }
        let (core, capacity) = self.core_of(&mut functions, key, site, instantiation);
        let values = Arc::new(M::new(site, capacity));
        let function = self.add(&mut functions, key, core, Arc::clone(&values) as _);
        (function, values)
    }

    /// What a function that is called for the first time does not owe to its types, and its capacity.
    fn core_of(
        &self,
        functions: &mut Functions,
        key: (usize, TypeId),
        site: &Site,
        instantiation: Instantiation,
    ) -> (Core, usize) {
        #[cfg(feature = "testkit")]
        if self.is_testing() {
            crate::testkit::seen::called(site.entity);
        }
        let settings = &self.inner.settings;
        let path = instantiation.path(site.name);
        let twins = functions.twins.entry((path.clone(), site.fingerprint)).or_default();
        let twin = twins.iter().position(|known| *known == key).unwrap_or_else(|| {
            twins.push(key);
            twins.len() - 1
        });
        let everything = Arc::clone(&self.inner.everything);
        let entity = if site.entity.is_empty() { Arc::clone(&everything) } else { self.inner.table.named(site.entity) };
        let cells = [everything, entity];
        let core = Core::new(site, path, twin, settings, &self.inner.table, cells);
        (core, settings.capacity_of(site.capacity))
    }

    fn add(
        &self,
        functions: &mut Functions,
        key: (usize, TypeId),
        core: Core,
        values: Arc<dyn Values>,
    ) -> Arc<Function> {
        let function = Arc::new(Function::new(core, values));
        let keeper: Weak<Function> = Arc::downgrade(&function);
        self.inner.table.keep(function.core.owner, keeper);
        functions.by_site.insert(key, Arc::clone(&function));
        function
    }
}
