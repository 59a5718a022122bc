//! Random writes, beside a model: what is found is what was saved.

use std::collections::{BTreeMap, BTreeSet};

use larder::{Error, ErrorKind, Larder, Record};

use super::{Tenant, consistent, tenant};
use crate::server::RedisServer;
use crate::support::node;

const IDS: u64 = 12;
const HOSTS: u64 = 9;
const PLANS: u64 = 3;

/// One random record: few values, so that they meet.
fn any(random: &mut fastrand::Rng) -> Tenant {
    let (host, plan) = (format!("host {}", random.u64(..HOSTS)), format!("plan {}", random.u64(..PLANS)));
    let mail = random.bool().then(|| format!("mail {}", random.u64(..HOSTS)));
    Tenant { mail, note: random.u32(..).to_string(), ..tenant(random.u64(..IDS), &host, &plan) }
}

/// One random write.
pub(super) async fn write(random: &mut fastrand::Rng) -> Result<(), Error> {
    if random.u8(..5) == 0 {
        return Tenant::delete(&random.u64(..IDS)).await.map(drop);
    }
    any(random).save().await
}

/// Each step on one of two instances, and on the model.
async fn beside_the_model(seed: u64, instances: [&Larder; 2]) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut model: BTreeMap<u64, Tenant> = BTreeMap::new();
    let mut refused = 0;
    for step in 0..400 {
        let larder = instances[random.usize(..2)];
        if random.u8(..5) == 0 {
            let id = random.u64(..IDS);
            let deleted = larder.scope(async move { Tenant::delete(&id).await }).await.unwrap();
            assert_eq!(deleted, model.remove(&id).is_some(), "step {step} of {seed}");
        } else {
            let record = any(&mut random);
            let others = || model.values().filter(|other| other.id != record.id);
            let taken = others().any(|other| other.host == record.host)
                || others().any(|other| other.mail.is_some() && other.mail == record.mail);
            match larder.scope(record.save()).await {
                Ok(()) => {
                    assert!(!taken, "step {step} of {seed}");
                    model.insert(record.id, record);
                }
                Err(error) => {
                    assert_eq!((error.kind(), taken), (ErrorKind::Conflict, true), "step {step} of {seed}: {error}");
                    refused += 1;
                }
            }
        }
        if step % 40 == 39 {
            let all: Vec<Tenant> = model.values().cloned().collect();
            larder.scope(seen(all)).await;
        }
    }
    assert!(refused > 50, "values meet");
}

/// What is found is this, and nothing else.
async fn seen(all: Vec<Tenant>) {
    let sorted = |found: Vec<Tenant>| found.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(sorted(Tenant::all().await.unwrap()), sorted(all.clone()));
    for plan in (0..PLANS).map(|plan| format!("plan {plan}")) {
        let wanted = all.iter().filter(|tenant| tenant.plan == plan).cloned().collect();
        assert_eq!(sorted(Tenant::find(Tenant::PLAN, &plan).await.unwrap()), sorted(wanted));
    }
    for at in 0..HOSTS {
        let (host, mail) = (format!("host {at}"), Some(format!("mail {at}")));
        let wanted = all.iter().find(|tenant| tenant.host == host);
        assert_eq!(Tenant::find_unique(Tenant::HOST, &host).await.unwrap().as_ref(), wanted);
        let wanted = all.iter().find(|tenant| tenant.mail == mail);
        assert_eq!(Tenant::find_unique(Tenant::MAIL, &mail).await.unwrap().as_ref(), wanted);
    }
    for id in 0..IDS {
        let wanted = all.iter().find(|tenant| tenant.id == id);
        assert_eq!(Tenant::load(&id).await.unwrap().as_ref(), wanted);
    }
}

#[tokio::test]
async fn two_instances_agree_with_a_model_over_redis() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    beside_the_model(1, [&a, &b]).await;
    consistent(&server, "tenant").await;
}

#[tokio::test]
async fn two_instances_agree_with_a_model_over_the_stand_in() {
    for seed in 1..=4 {
        let here = Larder::testing();
        beside_the_model(seed, [&here, &here.another()]).await;
    }
}

/// Whoever writes meanwhile: what is found has the value that it was found by, and after the last write all is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_of_one_moment_leave_whole_records_and_no_reader_sees_another_value() {
    let server = RedisServer::start();
    let mut writers = tokio::task::JoinSet::new();
    for seed in 0..4 {
        let larder = node(&server).await;
        let scoped = larder.scope(async move {
            let mut random = fastrand::Rng::with_seed(seed);
            for _ in 0..300 {
                if let Err(error) = write(&mut random).await {
                    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
                }
            }
        });
        writers.spawn(scoped);
    }
    let reader = node(&server).await;
    reader
        .scope(async {
            let mut seen = 0;
            while writers.try_join_next().map(Result::unwrap).is_none() {
                for plan in (0..PLANS).map(|plan| format!("plan {plan}")) {
                    let found = Tenant::find(Tenant::PLAN, &plan).await.unwrap();
                    seen += found.len();
                    assert!(found.iter().all(|tenant| tenant.plan == plan));
                }
            }
            assert!(seen > 0);
        })
        .await;
    while let Some(written) = writers.join_next().await {
        written.unwrap();
    }
    assert!(consistent(&server, "tenant").await > 0);
}
