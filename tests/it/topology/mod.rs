//! Redis as it stands in real life: encrypted, behind a login, watched by sentinels, as a Cluster.

mod certificates;
mod cluster;
mod cluster_fixture;
mod cluster_late;
mod demoted;
mod encrypted;
mod login;
mod looked_at;
mod process;
mod rows;
mod sentinel;

pub(crate) use cluster_fixture::Cluster;
