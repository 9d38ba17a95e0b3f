//! A played `net`, which connects sockets of one machine, and a silent card.

mod caller;
mod ring;
mod world;

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use domains::network::desk::{self, net as place};
use domains::network::window::{self, Pages, record, state, told};
use domains::network::{Name, option, setting};
use domains::{Cell, errno, windows};
use gate::cell::{Faulted, net::kind};
use gate::played;
use zerocopy::{FromZeros, IntoBytes};

pub(super) use self::caller::{NAME, blocking, buffer, bytes, name, nonblocking, told_name};
use self::ring::Ring;
pub(super) use self::world::World;

#[derive(Debug, Default)]
struct Sock {
    kind: u32,
    state: u64,
    local: Name,
    peer: Name,
    error: i64,
    /// The other end.
    other: Option<u32>,
    queue: VecDeque<u32>,
    listens: bool,
    received: Ring,
    sent: Ring,
    options: BTreeMap<u32, u64>,
    groups: Vec<Name>,
}

/// What plays `net` and `nic`.
#[derive(Debug, Default)]
pub(super) struct Cells {
    sockets: BTreeMap<u32, Sock>,
    changed: Vec<u32>,
    /// Calls that come, by cell and entry.
    pub(super) calls: Vec<(Cell, u32)>,
    /// Which entry of `net` faults at its next call.
    pub(super) faults_at: Option<u32>,
    /// How many spares it opens until it faults, once.
    pub(super) spares_left: Option<usize>,
    /// Which entry of `net` answers this at its next call.
    pub(super) lies: Option<(u32, i64)>,
    /// How much heap it wants to have before it opens a socket.
    pub(super) wants_heap: usize,
    /// Whether it says so by itself.
    pub(super) says_poor: bool,
    pub(super) starts: usize,
    /// How often `nic` was started.
    pub(super) card_starts: usize,
    /// What it has for its heap.
    pub(super) heap: usize,
    /// What the card answers to an exchange.
    pub(super) card_says: Option<i64>,
    /// What it answers to the next one alone.
    pub(super) card_lies: Option<i64>,
    /// Whether a `nic` that is started anew finds no card.
    pub(super) has_no_card: bool,
    /// Whether `net` always has more to do.
    pub(super) has_more: bool,
    /// Whether it changes nothing that it has told.
    pub(super) tells_nothing: bool,
    /// What each call of `net` takes, in nanoseconds.
    pub(super) takes: u64,
    next_port: u16,
    /// The last words that went over an entry, by number.
    pub(super) last: BTreeMap<u32, [u64; 4]>,
    /// How many buffers to send from it was given.
    pub(super) spares: usize,
    /// How many buffers to receive into the last exchange has given the card.
    pub(super) posts: u64,
}

const UNKNOWN: i64 = -errno::EBADF;

impl Cells {
    fn call_net(&mut self, number: u32, words: [u64; 4]) -> Result<i64, Faulted> {
        self.last.insert(number, words);
        if self.faults_at == Some(number) {
            self.faults_at = None;
            // Whoever fails leaves what he likes.
            let desk = windows::net().start as usize;
            played::write(desk + place::DATAGRAM, b"forged");
            return Err(Faulted);
        }
        if let Some((_, lie)) = self.lies.take_if(|(entry, _)| *entry == number) {
            return Ok(lie);
        }
        let [first, second, third, _] = words;
        let socket = first as u32;
        if number == 4 && second as u32 == kind::SPARE {
            self.spares_left = match self.spares_left {
                Some(0) => {
                    self.spares_left = None;
                    return Err(Faulted);
                }
                left => left.map(|left| left - 1),
            };
        }
        Ok(match number {
            1 => {
                *self = Cells {
                    starts: self.starts + 1,
                    calls: core::mem::take(&mut self.calls),
                    wants_heap: self.wants_heap,
                    next_port: self.next_port,
                    card_starts: self.card_starts,
                    card_says: self.card_says,
                    card_lies: self.card_lies,
                    has_no_card: self.has_no_card,
                    has_more: self.has_more,
                    spares_left: self.spares_left,
                    ..Cells::default()
                };
                0
            }
            2 => 0,
            3 => {
                assert!(first <= 16 << 20, "it is granted more than it may have");
                self.heap = first as usize;
                0
            }
            4 => self.open(socket, second as u32, third as u32),
            5 => self.bind(socket),
            6 => self.connect(socket),
            7 => self.listen(socket),
            8 => self.accept(socket),
            9 => self.shutdown(socket, second),
            10 => self.close(socket, second != 0),
            11 => self.option(socket, second as u32, third),
            12 => self.error(socket),
            13 => self.datagram(socket, second as usize, third != 0),
            14 => self.pump(first),
            _ => 0,
        })
    }

    fn open(&mut self, number: u32, kind: u32, pages: u32) -> i64 {
        // Without a grant there is no memory.
        if self.heap == 0 || self.heap < self.wants_heap {
            return -errno::ENOBUFS;
        }
        assert!(!self.sockets.contains_key(&number), "{number} is open");
        let pages = Pages::from_word(pages).expect("there are some");
        let ring = |region: domains::layout::Region| Ring {
            start: region.start as usize,
            capacity: region.size() as usize,
            ..Ring::default()
        };
        let socket = Sock {
            kind,
            received: ring(window::received(number as usize, pages)),
            sent: ring(window::sent(number as usize, pages)),
            ..Sock::default()
        };
        self.sockets.insert(number, socket);
        self.tell(number);
        0
    }

    fn bind(&mut self, number: u32) -> i64 {
        let mut name = self.name();
        let kind = self.sockets[&number].kind & 0xff;
        let taken = |socket: &Sock| {
            socket.local.port == name.port && socket.kind & 0xff == kind && name.port != 0
        };
        if self.sockets.values().any(taken) {
            return -errno::EADDRINUSE;
        }
        if name.port == 0 {
            self.next_port += 1;
            name.port = 40_000 + self.next_port;
        }
        let Some(socket) = self.sockets.get_mut(&number) else {
            return UNKNOWN;
        };
        socket.local = name;
        socket.state |= state::BOUND;
        self.tell(number);
        0
    }

    fn connect(&mut self, number: u32) -> i64 {
        let name = self.name();
        let Some(socket) = self.sockets.get_mut(&number) else {
            return UNKNOWN;
        };
        socket.peer = name;
        if socket.kind & 0xff == kind::DATAGRAM {
            return 0;
        }
        socket.state = state::BOUND | state::CONNECTING;
        self.tell(number);
        let spare = |socket: &Sock| socket.kind == kind::SPARE && socket.other.is_none();
        let spare = self
            .sockets
            .iter()
            .find(|(_, it)| spare(it))
            .map(|(number, _)| *number);
        let listener = self
            .sockets
            .iter()
            .find(|(_, socket)| socket.listens && socket.local.port == name.port)
            .map(|(number, _)| *number);
        match (listener, spare) {
            _ if name.port == 9 => {}
            (Some(listener), Some(spare)) => self.join(number, listener, spare),
            _ => self.fail(number, errno::ECONNREFUSED),
        }
        -errno::EINPROGRESS
    }

    /// Connects a socket with a spare, which waits at a listener.
    fn join(&mut self, number: u32, listener: u32, spare: u32) {
        for (one, other) in [(number, spare), (spare, number)] {
            let socket = self.sockets.get_mut(&one).expect("it is there");
            socket.state = state::BOUND | state::CONNECTED | state::DRAINED;
            socket.other = Some(other);
            self.changed.push(one);
        }
        let local = Name::v4([127, 0, 0, 1], 55_555);
        self.sockets.get_mut(&number).expect("it is there").local = local;
        self.sockets.get_mut(&spare).expect("it is there").peer = local;
        let socket = self.sockets.get_mut(&listener).expect("it is there");
        socket.queue.push_back(spare);
        self.changed.push(listener);
        [number, spare, listener]
            .into_iter()
            .for_each(|it| self.tell(it));
    }

    /// A connection ends with an error.
    pub(super) fn fail(&mut self, number: u32, error: i64) {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        let was = socket.state & state::CONNECTED;
        socket.state = state::BOUND | state::CLOSED | state::READ_END | state::WRITE_END | was;
        socket.error = error;
        socket.other = None;
        self.changed.push(number);
        self.tell(number);
    }

    fn listen(&mut self, number: u32) -> i64 {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return UNKNOWN;
        };
        socket.listens = true;
        socket.state |= state::LISTENING;
        self.tell(number);
        0
    }

    fn accept(&mut self, number: u32) -> i64 {
        let socket = self.sockets.get_mut(&number).expect("it is there");
        let accepted = socket.queue.pop_front();
        self.tell(number);
        accepted.map_or(-errno::EAGAIN, i64::from)
    }

    fn shutdown(&mut self, number: u32, how: u64) -> i64 {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return UNKNOWN;
        };
        if how != 1 {
            socket.state |= state::READ_END;
        }
        if how != 0 {
            socket.state |= state::WRITE_END;
            let other = socket.other;
            self.end_reading(other);
        }
        self.changed.push(number);
        self.tell(number);
        0
    }

    fn end_reading(&mut self, number: Option<u32>) {
        let Some(number) = number else { return };
        if let Some(socket) = self.sockets.get_mut(&number) {
            socket.state |= state::READ_END;
            self.changed.push(number);
            self.tell(number);
        }
    }

    fn close(&mut self, number: u32, aborts: bool) -> i64 {
        let Some(socket) = self.sockets.remove(&number) else {
            return UNKNOWN;
        };
        let unread = socket.received.size > 0 && socket.kind & 0xff != kind::DATAGRAM;
        match socket.other {
            Some(other) if aborts || unread => self.fail(other, errno::ECONNRESET),
            other => self.end_reading(other),
        }
        let at = window::start(number as usize) as usize;
        played::write(at + told::STATE, &state::RELEASED.to_ne_bytes());
        0
    }

    fn option(&mut self, number: u32, option: u32, value: u64) -> i64 {
        let name = self.name();
        let Some(socket) = self.sockets.get_mut(&number) else {
            return UNKNOWN;
        };
        match option {
            option::JOIN => socket.groups.push(name),
            option::LEAVE => socket.groups.retain(|group| *group != name),
            _ => _ = socket.options.insert(option, value),
        }
        0
    }

    fn error(&mut self, number: u32) -> i64 {
        let Some(socket) = self.sockets.get_mut(&number) else {
            return UNKNOWN;
        };
        let error = core::mem::take(&mut socket.error);
        self.tell(number);
        error
    }

    fn datagram(&mut self, number: u32, size: usize, has_name: bool) -> i64 {
        let socket = &self.sockets[&number];
        let target = match has_name {
            true => self.name(),
            false => socket.peer,
        };
        if target.port == 0 {
            return -errno::EDESTADDRREQ;
        }
        let (source, mut bytes) = (socket.local, vec![0; size]);
        played::read(windows::net().start as usize + place::DATAGRAM, &mut bytes);
        let found = self.sockets.iter_mut().find(|(_, socket)| {
            socket.local.port == target.port && socket.kind & 0xff == kind::DATAGRAM
        });
        if let Some((number, socket)) = found {
            let mut record = vec![0; record::size(size)];
            record[..4].copy_from_slice(&(size as u32).to_ne_bytes());
            record[8..32].copy_from_slice(source.as_bytes());
            record[32..32 + size].copy_from_slice(&bytes);
            // Records do not wrap here: a ring that has no room in a row loses some.
            let fits = (socket.received.writable() >> 32) as usize >= record.len();
            if fits {
                record
                    .iter()
                    .for_each(|byte| assert!(socket.received.put(*byte)));
            }
            let number = *number;
            self.changed.push(number);
            self.tell(number);
        }
        size as i64
    }

    fn pump(&mut self, counts: u64) -> i64 {
        let [_, spares, dirty] = desk::counts_of(counts);
        self.spares += spares;
        let mut touched = Vec::new();
        for entry in 0..dirty {
            let at = windows::net().start as usize + place::DIRTY + entry * place::DIRTY_SIZE;
            let mut bytes = [0; 16];
            played::read(at, &mut bytes);
            let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("4"));
            let (number, taken, at, written) = (word(0), word(4), word(8), word(12));
            if let Some(socket) = self.sockets.get_mut(&number) {
                (0..taken).for_each(|_| _ = socket.received.get());
                socket.sent.commit(at as usize, written as usize);
                touched.push(number);
            }
        }
        self.carry();
        touched.into_iter().for_each(|number| self.tell(number));
        let desk = windows::net().start as usize;
        played::write(desk + place::DEADLINE, &u64::MAX.to_ne_bytes());
        played::write(desk + place::TOLD, &setting::flag::SETTLED_V4.to_ne_bytes());
        let mut changed = core::mem::take(&mut self.changed);
        changed.retain(|number| self.sockets.contains_key(number));
        changed.dedup();
        for (number, socket) in changed.iter().enumerate() {
            played::write(desk + place::CHANGED + number * 4, &socket.to_ne_bytes());
        }
        let more = if self.has_more { desk::MORE as i64 } else { 0 };
        let poor = match self.says_poor && self.heap < self.wants_heap {
            true => desk::POOR as i64,
            false => 0,
        };
        (changed.len() << 16) as i64 | more | poor
    }

    /// Carries what was sent to the other end, as far as there is room.
    fn carry(&mut self) {
        let numbers: Vec<u32> = self.sockets.keys().copied().collect();
        for number in numbers {
            let Some(other) = self.sockets[&number].other else {
                continue;
            };
            let mut count = 0;
            while self
                .sockets
                .get(&other)
                .is_some_and(|it| it.received.size < it.received.capacity)
                && let Some(byte) = self.sockets.get_mut(&number).and_then(|it| it.sent.get())
            {
                let socket = self.sockets.get_mut(&other).expect("it is there");
                assert!(socket.received.put(byte));
                count += 1;
            }
            if count > 0 {
                [number, other].into_iter().for_each(|it| self.tell(it));
                self.changed.extend([number, other]);
            }
        }
    }

    fn tell(&mut self, number: u32) {
        if self.tells_nothing {
            return;
        }
        let Some(socket) = self.sockets.get_mut(&number) else {
            return;
        };
        let at = window::start(number as usize) as usize;
        let word = |offset: usize, word: u64| played::write(at + offset, &word.to_ne_bytes());
        word(told::READABLE, socket.received.readable());
        word(told::WRITABLE, socket.sent.writable());
        word(told::STATE, socket.state);
        word(told::WAITING, socket.queue.len() as u64);
        word(told::ERROR, socket.error as u64);
        played::write(at + told::LOCAL, socket.local.as_bytes());
        played::write(at + told::PEER, socket.peer.as_bytes());
    }

    fn name(&self) -> Name {
        let mut name = Name::new_zeroed();
        let at = windows::net().start as usize + place::NAME;
        played::read(at, name.as_mut_bytes());
        name
    }

    /// Tells of an open socket that it was released.
    pub(super) fn release(&mut self, number: u32) {
        let at = window::start(number as usize) as usize;
        played::write(at + told::STATE, &state::RELEASED.to_ne_bytes());
        self.changed.push(number);
    }

    /// What a socket was told by options.
    pub(super) fn options_of(&self, port: u16) -> Vec<(u32, u64)> {
        let mut sockets = self.sockets.values();
        let socket = sockets
            .find(|socket| socket.local.port == port)
            .expect("it is there");
        socket
            .options
            .iter()
            .map(|(option, value)| (*option, *value))
            .collect()
    }

    /// The groups of a socket.
    pub(super) fn groups_of(&self, port: u16) -> usize {
        let mut sockets = self.sockets.values();
        sockets
            .find(|socket| socket.local.port == port)
            .map_or(0, |it| it.groups.len())
    }

    /// How many sockets there are of a kind.
    pub(super) fn count(&self, kind: u32) -> usize {
        self.sockets
            .values()
            .filter(|socket| socket.kind & 0xff == kind)
            .count()
    }
}
