//! What is done with each push on a connection: short locks only, and nothing is awaited.
//!
//! In a Cluster a raising script announces under the name of the node that runs it, and every node carries the announcements
//! of all. Each is taken from the node that made it, where it stands in order with that node's replies; the copies
//! that come by way of other nodes are left aside. One by a node that this link does not know is taken all the same, and the
//! link is made anew: that node may own a slot by now.

use std::sync::{Arc, Weak};

use redis::{PushInfo, PushKind, Value};

use super::leases;
use super::link::Link;
use super::retired::Retired;
use super::scripts;
use super::servers::Server;
use super::topology::Master;
use crate::__inspect::Announcement;
use crate::lease::Terms;

/// Hears the announcements of one link.
#[derive(Clone, Debug)]
pub(super) struct Listener {
    link: Weak<Link>,
    retired: Retired,
    /// The nodes of a Cluster that this link is connected to.
    nodes: Arc<[Arc<str>]>,
}

impl Listener {
    pub(super) fn new(link: &Arc<Link>, retired: &Retired, masters: &[Master]) -> Self {
        let nodes = masters.iter().filter_map(|master| master.id.clone()).collect();
        Self { link: Arc::downgrade(link), retired: retired.clone(), nodes }
    }

    /// What hears those that arrive from `master`.
    pub(super) fn of(&self, master: &Master) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
        let (listener, node) = (self.clone(), master.id.clone());
        move |push| {
            listener.hear(node.as_deref(), &push);
            Ok(())
        }
    }

    fn hear(&self, node: Option<&str>, push: &PushInfo) {
        if self.retired.why().is_some() {
            return;
        }
        let announces = match (&push.kind, push.data.as_slice()) {
            (PushKind::Disconnection, _) => return self.retired.retire("the connection was closed"),
            (PushKind::Message, _) => true,
            (PushKind::PMessage, [_, Value::BulkString(channel), _]) => {
                let from = channel.rsplit(|byte| *byte == b':').next().unwrap_or_default();
                let known = self.nodes.iter().any(|node| node.as_bytes() == from);
                if !known {
                    self.retired.retire("the Cluster has another master");
                }
                !known || node.is_some_and(|node| node.as_bytes() == from)
            }
            _ => false,
        };
        if announces
            && let Some(Value::BulkString(payload)) = push.data.last()
            && let Some(link) = self.link.upgrade()
        {
            if let Some((name, epoch, first)) = scripts::read_announcement(payload)
                && let Some(told) = link.reading().read(epoch)
            {
                link.table.announce(name, told, first);
                link.pass_on(|| of_epoch(name, epoch, first));
            } else if let Some(lease) = leases::read_release(payload) {
                link.freed.wake(lease);
                if !lease.starts_with(Terms::TURN) {
                    link.pass_on(|| Announcement::Released { lease: lease.to_owned() });
                }
            }
        }
    }
}

/// An epoch as it was announced, its fences behind it.
fn of_epoch(name: &str, told: &[u8], first: bool) -> Announcement {
    let told = String::from_utf8_lossy(told);
    let mut parts = told.split(' ');
    let epoch = parts.next().unwrap_or_default().to_owned();
    Announcement::Epoch { name: name.to_owned(), epoch, first, fences: parts.count() }
}

impl Link {
    /// Tells those who look on, if there are any.
    fn pass_on(&self, announcement: impl FnOnce() -> Announcement) {
        if let Some(heard) = self.heard.get().filter(|heard| heard.receiver_count() > 0) {
            let _ = heard.send(announcement());
        }
    }

    /// Subscribes a connection to the announcements.
    pub(super) async fn subscribe(&self, server: &Server) -> Result<(), String> {
        let (mut subscriber, channel) = (server.connection.clone(), self.names.channel());
        let subscribing = async {
            if self.names.are_spread() {
                let every = format!("{channel}*");
                subscriber.psubscribe(every).await
            } else {
                subscriber.subscribe(channel).await
            }
        };
        let subscribed = tokio::time::timeout(self.operation_timeout, subscribing).await;
        subscribed.map_err(|_| format!("{} does not answer", server.master.address))?.map_err(|error| {
            let code = super::exchange::code(&error).unwrap_or_else(|| "no connection".to_owned());
            let (command, all) = if self.names.are_spread() { ("psubscribe", "*") } else { ("subscribe", "") };
            format!("{command} failed ({code}): the user needs `+{command}` and `&{channel}{all}`")
        })
    }
}
