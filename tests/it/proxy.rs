//! A network between an instance and its server that can fall silent, connection by connection.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

/// A proxy before a server; it ends with this value.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// Whether questions are held back, and whether answers are.
type Silence = [bool; 2];

#[derive(Debug, Default)]
struct State {
    /// Which ways of each connection are silent, by the order in which they came.
    silent: Vec<Silence>,
    /// Which ways of those that come are silent.
    silent_next: Silence,
    /// The replies to a request with this in it, and to all that follow on its connection, are held back.
    unanswered: Option<Vec<u8>>,
    /// What requests are counted by, and how many there were.
    counted: Option<(Vec<u8>, usize)>,
    /// How many bytes are on their way and held back now.
    waiting: usize,
    /// Whether those that come are closed at once.
    refusing: bool,
    /// How many directions of connections are open.
    open: usize,
    streams: Vec<TcpStream>,
    closed: bool,
}

impl Proxy {
    pub(crate) fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let mut state = accepting.state.lock().unwrap();
                if state.closed {
                    return;
                }
                if state.refusing {
                    continue;
                }
                let number = state.silent.len();
                let silent = state.silent_next;
                state.silent.push(silent);
                for stream in [&client, &upstream] {
                    let _ = stream.set_nodelay(true);
                    state.streams.push(stream.try_clone().unwrap());
                }
                state.open += 2;
                drop(state);
                for (way, from, to) in [(Way::Requests, &client, &upstream), (Way::Replies, &upstream, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let shared = Arc::clone(&accepting);
                    thread::spawn(move || {
                        carry(from, to, number, way, &shared);
                        shared.state.lock().unwrap().open -= 1;
                    });
                }
            }
        });
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Holds back every byte of these connections, both ways.
    pub(crate) fn silence(&self, which: impl Fn(usize) -> bool) {
        let mut state = self.shared.state.lock().unwrap();
        state
            .silent
            .iter_mut()
            .enumerate()
            .filter(|(number, _)| which(*number))
            .for_each(|(_, silent)| *silent = [true; 2]);
    }

    /// Holds back every byte of every connection, also of those to come.
    pub(crate) fn silence_all(&self) {
        self.hold(Way::Requests);
        self.hold(Way::Replies);
    }

    /// Holds back every byte that goes this way, on every connection, also on those to come.
    pub(crate) fn hold(&self, way: Way) {
        let mut state = self.shared.state.lock().unwrap();
        state.silent.iter_mut().for_each(|silent| silent[way as usize] = true);
        state.silent_next[way as usize] = true;
    }

    /// Holds back the replies to every request that says this, and to all that follow on its connection.
    pub(crate) fn leave_unanswered(&self, request: &str) {
        self.shared.state.lock().unwrap().unanswered = Some(request.as_bytes().to_vec());
    }

    /// Counts the requests that say this, from none on.
    pub(crate) fn count(&self, request: &str) {
        self.shared.state.lock().unwrap().counted = Some((request.as_bytes().to_vec(), 0));
    }

    /// How many requests were counted.
    pub(crate) fn counted(&self) -> usize {
        self.shared.state.lock().unwrap().counted.as_ref().map_or(0, |(_, count)| *count)
    }

    /// In how many places bytes are held back now.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.state.lock().unwrap().waiting
    }

    /// Closes every connection, and those that come at once, until [`resume`](Self::resume).
    pub(crate) fn cut(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.refusing = true;
        state.streams.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    /// How many directions of connections are open.
    pub(crate) fn open(&self) -> usize {
        self.shared.state.lock().unwrap().open
    }

    /// Lets connections in again.
    pub(crate) fn resume_connections(&self) {
        self.shared.state.lock().unwrap().refusing = false;
    }

    /// Carries everything again, also what was held back.
    pub(crate) fn resume(&self) {
        let mut state = self.shared.state.lock().unwrap();
        state.silent.fill([false; 2]);
        state.silent_next = [false; 2];
        state.unanswered = None;
        state.refusing = false;
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock().unwrap();
        state.closed = true;
        state.streams.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
        self.shared.changed.notify_all();
        drop(state);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Requests,
    Replies,
}

fn carry(mut from: TcpStream, mut to: TcpStream, number: usize, way: Way, shared: &Shared) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let mut state = shared.state.lock().unwrap();
        let asks = |wanted: &Vec<u8>| buffer[..read].windows(wanted.len()).any(|part| part == wanted);
        if way == Way::Requests && state.unanswered.as_ref().is_some_and(asks) {
            state.silent[number][Way::Replies as usize] = true;
        }
        if way == Way::Requests
            && let Some((_, count)) = state.counted.as_mut().filter(|(wanted, _)| asks(wanted))
        {
            *count += 1;
        }
        state.waiting += 1;
        while state.silent[number][way as usize] && !state.closed {
            state = shared.changed.wait(state).unwrap();
        }
        state.waiting -= 1;
        drop(state);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
