//! The last invalidations of an instance, as people may see them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::Larder;
use crate::epoch::{EVERYTHING, canonical, owner_of};

/// What was ended, without what only an argument may have said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Everything,
    /// One that a function shows, or that the configuration names.
    Entity(String),
    /// A tag, or an entity that nothing here shows.
    Tag,
    /// A single entry of this function; empty where it was not called here.
    Entry(String),
}

/// One invalidation.
#[derive(Clone, Debug)]
pub(crate) struct Invalidation {
    pub(crate) ended: Ended,
    pub(crate) ago: Duration,
    /// Whether this process made it.
    pub(crate) here: bool,
    /// Redis has not confirmed it.
    pub(crate) pending: bool,
}

impl Larder {
    /// The last invalidations that were made here or heard of, the latest first.
    pub(crate) fn recent(&self) -> Vec<Invalidation> {
        let now = self.now();
        let entities: HashMap<_, _> =
            self.entities().into_iter().map(|name| (canonical(&name).into_owned(), name)).collect();
        let functions = self.each_function();
        let ends = self.inner.table.recent().latest().into_iter();
        let told = ends.map(|end| {
            let ended = if &*end.name == EVERYTHING {
                Ended::Everything
            } else if let Some(owner) = owner_of(&end.name) {
                let function = functions.iter().find(|function| function.core.owner == owner);
                Ended::Entry(function.map(|function| function.core.path.clone()).unwrap_or_default())
            } else if let Some(entity) = entities.get(&*end.name) {
                Ended::Entity(entity.clone())
            } else {
                Ended::Tag
            };
            Invalidation { ended, ago: now.since(end.at), here: end.here, pending: end.epoch.is_none() }
        });
        told.collect()
    }

    /// The names that no argument is a part of: those that functions show, and those of the configuration.
    pub(crate) fn entities(&self) -> BTreeSet<String> {
        let functions = self.each_function();
        let shown = functions.iter().map(|function| function.core.entity).filter(|entity| !entity.is_empty());
        let depends = &self.inner.settings.depends;
        let configured = depends.iter().flat_map(|(name, dependants)| dependants.iter().chain([name]));
        shown.map(str::to_owned).chain(configured.cloned()).collect()
    }
}
