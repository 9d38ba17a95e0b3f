//! What the good host does: it connects, has bytes said back, and asks for things.

use libtest_mimic::Failed;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::State;

use super::lan::Lan;
use crate::{Verdict, ensure};

/// Says back what comes.
pub(super) const ECHO: u16 = 7;
/// Has connections wait until they are taken.
pub(super) const WAITING: u16 = 9;
/// Does what it is asked for.
const CONTROL: u16 = 1;

/// How a talk ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// All was said back.
    Same,
    /// Something else was.
    Other,
    /// The connection ended before.
    Early,
}

/// Bytes that are being said back.
pub(super) struct Talk<'a> {
    handle: SocketHandle,
    bytes: &'a [u8],
    said: usize,
    pub(super) heard: usize,
}

impl<'a> Talk<'a> {
    pub(super) fn of(handle: SocketHandle, bytes: &'a [u8]) -> Talk<'a> {
        Talk {
            handle,
            bytes,
            said: 0,
            heard: 0,
        }
    }

    /// Says and hears what can be; how it ended, if it did.
    pub(super) fn go_on(&mut self, lan: &mut Lan) -> Option<End> {
        self.say(lan);
        let socket = lan.socket(self.handle);
        while socket.can_recv() {
            let expected = &self.bytes[self.heard..];
            let taken = socket.recv(|piece| {
                (
                    piece.len(),
                    expected.starts_with(piece).then_some(piece.len()),
                )
            });
            let Ok(Some(size)) = taken else {
                return Some(End::Other);
            };
            self.heard += size;
        }
        match self.heard == self.bytes.len() {
            true => Some(End::Same),
            false => (!socket.is_active()).then_some(End::Early),
        }
    }

    /// Says what there is room for; how much that was.
    pub(super) fn say(&mut self, lan: &mut Lan) -> usize {
        let rest = &self.bytes[self.said..];
        let said = lan.socket(self.handle).send_slice(rest).unwrap_or(0);
        self.said += said;
        said
    }
}

impl Lan {
    /// A connection that is there.
    pub(super) fn connect(&mut self, port: u16) -> Result<SocketHandle, Failed> {
        let handle = self.begin(port)?;
        self.connected(handle)?;
        Ok(handle)
    }

    /// Waits until a connection is there.
    pub(super) fn connected(&mut self, handle: SocketHandle) -> Verdict {
        self.until("a connection", |lan| {
            lan.socket(handle).may_send().then_some(())
        })
    }

    /// Has `bytes` said back, and compares them.
    pub(super) fn exchange(&mut self, handle: SocketHandle, bytes: &[u8]) -> Verdict {
        let mut talk = Talk::of(handle, bytes);
        let end = self.until("what was said", |lan| talk.go_on(lan))?;
        ensure(
            end == End::Same,
            "the bytes that were said",
            &(end, talk.heard),
        )
    }

    /// Ends a connection as one does.
    pub(super) fn close(&mut self, handle: SocketHandle) -> Verdict {
        self.socket(handle).close();
        self.until("the end of a connection", |lan| {
            let state = lan.socket(handle).state();
            matches!(state, State::Closed | State::TimeWait).then_some(())
        })?;
        self.sockets.remove(handle);
        Ok(())
    }

    /// Whether a new connection is served.
    pub(super) fn is_served(&mut self) -> Verdict {
        let handle = self.connect(ECHO)?;
        self.exchange(handle, b"are you still there?")?;
        self.close(handle)
    }

    /// Asks the guest for something by a line; its answer.
    pub(super) fn ask(&mut self, line: &str) -> Result<String, Failed> {
        let handle = self.connect(CONTROL)?;
        let line = format!("{line}\n");
        let socket = self.socket(handle);
        let is_sent = socket.send_slice(line.as_bytes()) == Ok(line.len());
        ensure(is_sent, "room for a line", &line)?;
        let mut answer = Vec::new();
        self.until("an answer", |lan| {
            lan.read(handle, &mut answer);
            (answer.ends_with(b"\n") || !lan.socket(handle).is_active()).then_some(())
        })?;
        let answer = String::from_utf8_lossy(&answer).trim_end().to_owned();
        if line != "end\n" {
            self.close(handle)?;
        }
        Ok(answer)
    }

    /// Takes what came.
    pub(super) fn read(&mut self, handle: SocketHandle, all: &mut Vec<u8>) {
        let socket = self.socket(handle);
        while socket.can_recv() {
            let taken = socket.recv(|piece| {
                all.extend_from_slice(piece);
                (piece.len(), ())
            });
            if taken.is_err() {
                return;
            }
        }
    }

    /// A new connection is served, nothing was wrong with the guest, and it ends.
    pub(super) fn ends_well(mut self) -> Verdict {
        self.is_served()?;
        self.ends_with_restarts(0)
    }

    /// The same for a guest whose stack was started anew so often.
    pub(super) fn ends_with_restarts(mut self, restarts: usize) -> Verdict {
        let answer = self.ask("end")?;
        ensure(answer == "over", "the program's end", &answer)?;
        let status = self.guest.end()?;
        let faults = self.guest.of_kind("fault").count();
        let anew = self.guest.of_kind("restart").count();
        let holds = (status, faults, anew) == (Some(0), restarts, restarts);
        ensure(
            holds,
            "an end as it should be",
            &(status, &self.guest.events),
        )
    }
}
