//! A question to the network, for the tests: who has an address.
//!
//! It shows that frames leave and come, and what a call takes that brings one of
//! each; a driver that was taken over makes its card interrupt by it. The question
//! lies in the last large buffer, whoever has that.

use domains::errno;
use domains::network::desk::{self, FRAMES, nic};
use domains::network::packets::{self, HEADER};
use domains::windows;
use gate::clock;
use kernel_unsafe::{Machine, Patience};
use spin::Mutex;

use crate::card::WHEN_COME;
use crate::reach::Reach;
use crate::serve::{Only, exchange};

/// The buffer of the question.
pub(crate) const OWN: usize = packets::COUNT - 1;
/// Bytes of the question, and of an answer: the shortest frame.
const SIZE: usize = HEADER + 60;
/// How often what came is given back, at most: there may always be more.
const ROUNDS: usize = 8;

/// Where in a frame of ARP things stand (RFC 826), header included.
const KIND: usize = HEADER + 12;
const OPERATION: usize = HEADER + 20;
const SENDER: usize = HEADER + 22;
const SENDER_V4: usize = HEADER + 28;
const TARGET_V4: usize = HEADER + 38;
/// What stands there: ARP over Ethernet for IPv4.
const ARP: [u8; 8] = [8, 6, 0, 1, 8, 0, 6, 4];
const REQUEST: [u8; 2] = [0, 1];
const REPLY: [u8; 2] = [0, 2];
/// Who asks: whom QEMU's user network gives its first address.
const ASKER: [u8; 4] = [10, 0, 2, 15];

type Frame = [u8; SIZE];

/// Asks who has the address of IPv4 in `address`: the hardware's address. With an
/// argument the ticks of a call that gives the card a buffer and a frame and brings
/// one of each. An error if that did not come about.
pub(crate) fn run(card: &mut Only, address: usize, argument: usize) -> i64 {
    let mut asking = Asking {
        card,
        target: (address as u32).to_be_bytes(),
        posts: 0,
    };
    let hardware = asking.ask();
    let answer = match argument {
        0 => hardware.map(|it| it as i64),
        _ => hardware.and_then(|_| asking.ticks()),
    };
    asking.finish();
    answer.unwrap_or(-errno::EAGAIN)
}

/// What a call answers to others than who asks here: without the question among what
/// was sent, and with what was sent while it was asked.
pub(crate) fn settle(answer: i64) -> i64 {
    let Ok(word) = u64::try_from(answer) else {
        return answer;
    };
    let [came, sent, _] = desk::counts_of(word);
    let mut kept = KEPT.lock();
    kept.keep_all(sent);
    let said = word & !desk::counts([0xffff, 0xffff, 0]);
    (said | desk::counts([came, kept.tell(), 0])) as i64
}

/// Buffers that were sent, of which the safe kernel has not heard.
static KEPT: Mutex<Kept> = Mutex::new(Kept {
    frames: [0; packets::COUNT],
    count: 0,
});

struct Kept {
    frames: [u64; packets::COUNT],
    count: usize,
}

impl Kept {
    fn keep_all(&mut self, sent: usize) {
        (0..sent).for_each(|index| self.keep(Machine::load(place(nic::SENT, index))));
    }

    fn keep(&mut self, frame: u64) {
        let is_own = desk::buffer_and_size(frame).0 == OWN;
        if !is_own && self.count < self.frames.len() {
            self.frames[self.count] = frame;
            self.count += 1;
        }
    }

    /// Puts as many on the desk as there is room for; how many.
    fn tell(&mut self) -> usize {
        let told = self.count.min(FRAMES);
        for (index, frame) in self.frames[..told].iter().enumerate() {
            Machine::store(place(nic::SENT, index), *frame);
        }
        self.frames.copy_within(told..self.count, 0);
        self.count -= told;
        told
    }
}

/// Sends a frame that nobody asked for, and has the card interrupt behind it.
pub(crate) fn interrupt(card: &mut Only) {
    write(ASKER);
    card.transmit.give(desk::frame(OWN, SIZE));
    card.transmit.want_interrupts(true);
    _ = card.transmit.publish();
}

/// Somebody who asks. What comes meanwhile goes back to the card.
struct Asking<'a> {
    card: &'a mut Only,
    target: [u8; 4],
    /// How many buffers are on the list of those to receive into.
    posts: usize,
}

impl Asking<'_> {
    /// Asks and waits: who it is.
    fn ask(&mut self) -> Option<u64> {
        send(self.target);
        let mut sends = 1;
        Patience::new().wait(|| {
            let posts = core::mem::take(&mut self.posts);
            let [came, _] = self.call(posts, core::mem::take(&mut sends), WHEN_COME);
            self.give_back(came)
        })
    }

    /// The ticks of a call that brings a frame and what was sent before, and gives one of
    /// each; none if it did not come to that. Without interrupts, which are others' time.
    fn ticks(&mut self) -> Option<i64> {
        self.card.receive.want_interrupts(false);
        self.card.receive.publish().ok()?;
        send(self.target);
        let [came, _] = self.call(0, 1, 0);
        self.give_back(came);
        let card = &*self.card;
        let has_both = || (card.receive.has_used() && card.transmit.has_used()).then_some(());
        Patience::new().wait(has_both)?;
        let posts = core::mem::take(&mut self.posts) as u32;
        let start = clock::ticks();
        let middle = clock::ticks();
        let answer = exchange(self.card, posts, 1, 0);
        let end = clock::ticks();
        let counts = note(answer);
        self.give_back(counts[0]);
        let ticks = end.wrapping_sub(middle) as i64 - middle.wrapping_sub(start) as i64;
        (posts == 1 && counts == [1, 1]).then_some(ticks)
    }

    /// Gives back what is left, and leaves the card interrupting, as whoever sleeps
    /// believes it to be.
    fn finish(&mut self) {
        for _ in 0..ROUNDS {
            let posts = core::mem::take(&mut self.posts);
            let [came, _] = self.call(posts, 0, WHEN_COME);
            self.give_back(came);
        }
    }

    /// A call; how much came and was sent.
    fn call(&mut self, posts: usize, sends: u32, arm: u32) -> [usize; 2] {
        note(exchange(self.card, posts as u32, sends, arm))
    }

    /// Puts what came on the list of buffers to receive into; who it is, if one says that.
    fn give_back(&mut self, came: usize) -> Option<u64> {
        let mut found = None;
        for index in 0..came {
            let frame = Machine::load(place(nic::CAME, index));
            Machine::store(place(nic::POSTS, self.posts % FRAMES), frame);
            self.posts += 1;
            let (buffer, size) = desk::buffer_and_size(frame);
            found = found.or_else(|| hardware_of(buffer, size, self.target));
        }
        found
    }
}

/// How much came and was sent; notes that.
fn note(answer: i64) -> [usize; 2] {
    let [came, sent, _] = desk::counts_of(u64::try_from(answer).unwrap_or(0));
    KEPT.lock().keep_all(sent);
    [came, sent]
}

/// Puts the question on the list of frames to send.
fn send(target: [u8; 4]) {
    write(target);
    Machine::store(place(nic::SENDS, 0), desk::frame(OWN, SIZE));
}

/// Writes the question into its buffer.
fn write(target: [u8; 4]) {
    let own = Machine::load(place(nic::CARD, 0)).to_le_bytes();
    let mut frame: Frame = [0; SIZE];
    let mut put = |at: usize, bytes: &[u8]| frame[at..at + bytes.len()].copy_from_slice(bytes);
    put(HEADER, &[0xff; 6]);
    put(HEADER + 6, &own[..6]);
    put(KIND, &ARP);
    put(OPERATION, &REQUEST);
    put(SENDER, &own[..6]);
    put(SENDER_V4, &ASKER);
    put(TARGET_V4, &target);
    let (words, _) = frame.as_chunks::<8>();
    let start = packets::buffer(OWN).start;
    for (number, word) in (0..).zip(words) {
        Machine::store(start + 8 * number, u64::from_le_bytes(*word));
    }
}

/// Who has `target`, if the frame in a buffer says that.
fn hardware_of(buffer: usize, size: usize, target: [u8; 4]) -> Option<u64> {
    let start = packets::buffer(buffer).start;
    let mut frame: Frame = [0; SIZE];
    let (words, _) = frame.as_chunks_mut::<8>();
    for (number, word) in (0..).zip(words) {
        *word = Machine::load(start + 8 * number).to_le_bytes();
    }
    let says = |at: usize, bytes: &[u8]| frame[at..].starts_with(bytes);
    let is_answer = size >= TARGET_V4 + target.len()
        && says(KIND, &ARP)
        && says(OPERATION, &REPLY)
        && says(SENDER_V4, &target);
    let mut hardware = [0; 8];
    hardware[..6].copy_from_slice(&frame[SENDER..SENDER + 6]);
    is_answer.then_some(u64::from_le_bytes(hardware))
}

/// Where an entry of a list on the desk is.
const fn place(list: usize, index: usize) -> u64 {
    windows::nic().start + (list + 8 * index) as u64
}
