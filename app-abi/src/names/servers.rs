//! Questions to servers, until they are answered or it is no use any more.
//!
//! All that is asked of a host goes out at once, to one server after the other, and as
//! often as the settings say. Whatever still comes from an earlier one counts as well. A
//! datagram is an answer if it is from the server that was asked, to the port that only
//! it was told, and repeats the question with its number.

use alloc::vec::Vec;

use arrayvec::ArrayVec;
use domains::network::Name;
use domains::network::setting::SERVERS;
use hermit_abi::EAGAIN;

use super::dns::{self, Answer, Failure, Kind, Reply};
use super::host::Host;
use super::settings::Settings;
use super::stream;
use super::system::{Event, System, Transport};

/// The most bytes of a datagram that are received. Without extensions, for which nobody
/// asks here, there are 512 at most (RFC 1035, 4.2.1).
const DATAGRAM_MAX: usize = 1500;

/// What became of one question.
pub(super) type Outcome = (Kind, Result<Answer, Failure>);

/// Asks for what `host` has of these kinds, at most until `deadline`.
pub(super) fn ask<S: System>(
    system: &S,
    settings: &Settings,
    (host, kinds): (&Host, &[Kind]),
    deadline: u64,
) -> ArrayVec<Outcome, 2> {
    let mut asking = Asking {
        system,
        servers: &settings.servers,
        host,
        questions: questions(system, kinds),
        sockets: [const { None }; SERVERS],
        buffer: buffer(),
    };
    for _ in 0..settings.attempts {
        for server in 0..settings.servers.len() {
            let end = system.now().saturating_add(settings.timeout).min(deadline);
            if asking.is_over(deadline) {
                break;
            }
            asking.send(server);
            asking.listen(server, end);
        }
    }
    asking.outcomes()
}

/// A question, and what has become of it so far.
#[derive(Debug)]
struct Question {
    kind: Kind,
    id: u16,
    outcome: Result<Answer, Failure>,
    /// Which servers have said that they give no answer.
    given_up: [bool; SERVERS],
}

/// The questions of these kinds; none if no numbers can be had that nobody guesses.
fn questions<S: System>(system: &S, kinds: &[Kind]) -> ArrayVec<Question, 2> {
    let questions = kinds.iter().map(|kind| {
        Ok::<_, i32>(Question {
            kind: *kind,
            id: system.random()?,
            outcome: Err(Failure::Silent),
            given_up: [false; SERVERS],
        })
    });
    questions.flatten().take(2).collect()
}

/// Room for a datagram; none without memory, and then nothing is received.
fn buffer() -> Vec<u8> {
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(DATAGRAM_MAX).is_ok() {
        buffer.resize(DATAGRAM_MAX, 0);
    }
    buffer
}

struct Asking<'a, S: System> {
    system: &'a S,
    servers: &'a [Name],
    host: &'a Host,
    questions: ArrayVec<Question, 2>,
    sockets: [Option<S::Socket>; SERVERS],
    buffer: Vec<u8>,
}

impl<S: System> Asking<'_, S> {
    /// Whether there is nothing more to ask, or no time.
    fn is_over(&self, deadline: u64) -> bool {
        let is_answered = self
            .questions
            .iter()
            .all(|question| question.outcome.is_ok());
        is_answered || self.buffer.is_empty() || self.system.now() >= deadline
    }

    /// Sends what is not answered to a server.
    fn send(&mut self, server: usize) {
        let (Some(name), Some(socket)) =
            (self.servers.get(server), self.sockets.get_mut(server))
        else {
            return;
        };
        if socket.is_none() {
            *socket = self.system.open(Transport::Datagrams, name).ok();
        }
        for question in &mut self.questions {
            let query = dns::write(self.host, question.kind, question.id);
            let sent = match socket {
                Some(socket) if question.outcome.is_err() => self.system.send(socket, &query),
                Some(_) => continue,
                None => Err(EAGAIN),
            };
            question.give_up(server, sent.is_err());
        }
    }

    /// Takes what comes, until there is nothing more to hope for from a server, or the
    /// time is over, however much comes then.
    fn listen(&mut self, server: usize, end: u64) {
        while self.system.now() < end
            && !self
                .questions
                .iter()
                .all(|question| question.is_settled(server))
            && let Some(from) = self.system.wait(&self.sockets, Event::Readable, end)
        {
            self.receive(from, end);
        }
    }

    fn receive(&mut self, server: usize, end: u64) {
        let (Some(name), Some(Some(socket))) =
            (self.servers.get(server), self.sockets.get(server))
        else {
            return;
        };
        match self.system.receive(socket, &mut self.buffer) {
            Ok((size, from)) if is_same(&from, name) => self.take(server, size, end),
            // Somebody else's, or nothing after all.
            Ok(_) | Err(EAGAIN) => (),
            Err(_) => self.drop_socket(server),
        }
    }

    /// Nobody is there: what was sent to the server is not waited for.
    fn drop_socket(&mut self, server: usize) {
        if let Some(socket) = self.sockets.get_mut(server) {
            *socket = None;
        }
        for question in &mut self.questions {
            question.give_up(server, true);
        }
    }

    /// Takes a datagram of a server.
    fn take(&mut self, server: usize, size: usize, end: u64) {
        let message = self.buffer.get(..size).unwrap_or(&[]);
        for question in &mut self.questions {
            let about = (self.host, question.kind, question.id);
            if question.outcome.is_ok() {
                continue;
            }
            let reply = match dns::read(message, about) {
                Some(Reply::Truncated) => {
                    let name = self.servers.get(server);
                    name.and_then(|name| stream::ask(self.system, name, about, end))
                }
                Some(reply) => Some(reply),
                None => continue,
            };
            question.take(server, reply);
        }
    }

    fn outcomes(self) -> ArrayVec<Outcome, 2> {
        let questions = self.questions.into_iter();
        questions
            .map(|question| (question.kind, question.outcome))
            .collect()
    }
}

impl Question {
    /// Whether nothing more is to be hoped for from a server.
    fn is_settled(&self, server: usize) -> bool {
        self.outcome.is_ok() || self.given_up.get(server) != Some(&false)
    }

    fn give_up(&mut self, server: usize, is_given_up: bool) {
        if let Some(place) = self.given_up.get_mut(server) {
            *place = is_given_up;
        }
    }

    /// Takes what a server says, if it says anything.
    fn take(&mut self, server: usize, reply: Option<Reply>) {
        match reply {
            Some(Reply::Answer(answer)) => self.outcome = Ok(answer),
            Some(Reply::Failure(failure)) => {
                let worst = self.outcome.as_ref().err().copied();
                self.outcome = Err(worst.map_or(failure, |worst| worst.max(failure)));
                self.give_up(server, true);
            }
            Some(Reply::Truncated) | None => self.give_up(server, true),
        }
    }
}

/// Whether a datagram is from the server that was asked.
fn is_same(from: &Name, server: &Name) -> bool {
    (from.version, from.address, from.port) == (server.version, server.address, server.port)
}
