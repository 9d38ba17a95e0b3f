//! Lies about frames and the card, for the tests.
//!
//! What a driver that was taken over can say: which frames came and were sent, how
//! long they are, what stands in them, and whether anything more will come.

use domains::layout::Region;
use domains::network::desk::{self, ARMED, CHANGED, FRAMES, MORE, nic};
use domains::network::packets;
use domains::windows;
use kernel_unsafe::Machine;
use spin::Mutex;

use crate::ask;
use crate::reach::Reach;
use crate::serve::{Only, exchange};

/// The ways to lie, and what each is.
pub(crate) mod way {
    /// The first frame is said to be in the next buffer.
    pub(crate) const NEIGHBOUR: usize = 1;
    /// It is said to be longer than any buffer.
    pub(crate) const LONG: usize = 2;
    /// It is said to be in a buffer that there is not.
    pub(crate) const NOWHERE: usize = 3;
    /// It is said to be a byte longer than it is.
    pub(crate) const LONGER: usize = 4;
    /// It is said to have come twice.
    pub(crate) const TWICE: usize = 5;
    /// It is told of once more by the next call.
    pub(crate) const AGAIN: usize = 6;
    /// It is said to be in a buffer to send.
    pub(crate) const TO_SEND: usize = 7;
    /// Nothing ever comes or was sent.
    pub(crate) const SILENCE: usize = 8;
    /// The driver panics.
    pub(crate) const PANIC: usize = 9;
    /// A few bytes of it are others.
    pub(crate) const NOISE: usize = 10;
    /// Its header says that it is in more buffers than there are.
    pub(crate) const MANY_BUFFERS: usize = 11;
    /// Its header says that it is in no buffer.
    pub(crate) const NO_BUFFER: usize = 12;
    /// More is said to have come, and to have been sent, than can be told of.
    pub(crate) const COUNTS: usize = 13;
    /// What is to be sent is said to have been, and is once more when it was.
    pub(crate) const TOO_EARLY: usize = 14;
    /// A buffer to receive into is said to have been sent.
    pub(crate) const RECEIVED: usize = 15;
    /// The card interrupts behind each call, often.
    pub(crate) const STORM: usize = 16;
    /// The same for ever.
    pub(crate) const ENDLESS_STORM: usize = 17;
    /// There is always said to be more.
    pub(crate) const MORE: usize = 18;
    /// The card is said to be another by each call.
    pub(crate) const CARD: usize = 19;
    /// The card is said to interrupt, and does not.
    pub(crate) const ASLEEP: usize = 20;
}

/// How often it interrupts in a storm that ends: more than the safe kernel bears, and
/// few enough to see what comes behind them if it bears them all the same.
const INTERRUPTS: u32 = 300;

/// Where in a header the number of buffers stands.
const BUFFERS_AT: u64 = 10;

/// A length beyond that of any buffer.
const TOO_LONG: usize = 1 << 30;

/// How it lies.
static LIE: Mutex<Lie> = Mutex::new(Lie {
    way: 0,
    seed: 0,
    again: None,
    interrupts: 0,
});

struct Lie {
    way: usize,
    /// What noise comes from.
    seed: u64,
    /// A frame that is told of once more.
    again: Option<u64>,
    interrupts: u32,
}

/// Lies from now on: the way in the lowest byte, a seed above.
pub(crate) fn begin(argument: usize) -> i64 {
    let mut lie = LIE.lock();
    lie.way = argument & 0xff;
    lie.seed = (argument >> 8) as u64;
    lie.interrupts = 0;
    0
}

/// What to answer to a call with these arguments; none for the truth.
pub(crate) fn told(card: &mut Only, [posts, sends, arm]: [u32; 3]) -> Option<i64> {
    let mut lie = LIE.lock();
    let arm = match lie.way {
        0 => return None,
        way::PANIC => panic!("as asked"),
        way::ASLEEP => 0,
        _ => arm,
    };
    let given = Desk::read(nic::SENDS, 0);
    let answer = ask::settle(exchange(card, posts, sends, arm));
    if lie.storms() {
        ask::interrupt(card);
    }
    match u64::try_from(answer) {
        Ok(answer) => Some(lie.tell(answer, (sends > 0).then_some(given)) as i64),
        Err(_) => Some(answer),
    }
}

impl Lie {
    /// Whether it still makes interrupts; counts one.
    fn storms(&mut self) -> bool {
        self.interrupts = self.interrupts.saturating_add(1);
        match self.way {
            way::STORM => self.interrupts <= INTERRUPTS,
            way::ENDLESS_STORM => true,
            _ => false,
        }
    }

    /// What to answer in place of `answer` when `given` was to be sent.
    fn tell(&mut self, answer: u64, given: Option<u64>) -> u64 {
        let said = answer & !desk::counts([0xffff, 0xffff, 0]);
        let [came, sent, _] = desk::counts_of(answer);
        let [came, sent] = [came.min(FRAMES), sent.min(FRAMES)];
        let counts = |came, sent| said | desk::counts([came, sent, 0]);
        match self.way {
            way::SILENCE => said & !MORE,
            way::COUNTS => counts(FRAMES + 1, 0xffff),
            way::MORE => (said | MORE) & !ARMED | desk::counts([came, sent, 0]),
            way::CARD => {
                self.forge_card();
                answer | CHANGED
            }
            way::ASLEEP => answer | ARMED,
            way::TOO_EARLY => counts(came, given.map_or(sent, |it| add(nic::SENT, sent, it))),
            way::RECEIVED => counts(came, add(nic::SENT, sent, 0)),
            way::AGAIN => {
                let first = (came > 0).then(|| Desk::read(nic::CAME, 0));
                let again = core::mem::replace(&mut self.again, first);
                counts(again.map_or(came, |it| add(nic::CAME, came, it)), sent)
            }
            _ if came > 0 => counts(self.forge_frame(came), sent),
            _ => answer,
        }
    }

    /// Lies about the first frame of those that came; how many it says they are.
    fn forge_frame(&mut self, came: usize) -> usize {
        let frame = Desk::read(nic::CAME, 0);
        let (buffer, size) = desk::buffer_and_size(frame);
        let forged = match self.way {
            way::NEIGHBOUR => desk::frame((buffer + 1) % packets::RECEIVE, size),
            way::LONG => desk::frame(buffer, TOO_LONG),
            way::NOWHERE => desk::frame(packets::COUNT + 7, size),
            way::LONGER => desk::frame(buffer, size + 1),
            way::TO_SEND => desk::frame(packets::RECEIVE, size),
            way::TWICE => return add(nic::CAME, came, frame),
            way::MANY_BUFFERS => return forge_buffers(buffer, came, 0xffff),
            way::NO_BUFFER => return forge_buffers(buffer, came, 0),
            way::NOISE => return self.forge_bytes(buffer, size, came),
            _ => frame,
        };
        Desk::write(nic::CAME, 0, forged);
        came
    }

    /// Makes noise of up to four words of the frame.
    fn forge_bytes(&mut self, buffer: usize, size: usize, came: usize) -> usize {
        for _ in 0..self.chance() % 5 {
            let word = self.chance() % (size / 8).max(1) as u64;
            let place = packets::buffer(buffer).start + word * 8;
            let flips = 0xff << (self.chance() % 8 * 8);
            Machine::store(place, Machine::load(place) ^ flips & self.chance());
        }
        came
    }

    fn forge_card(&mut self) {
        for word in 0..nic::CARD_SIZE / 8 {
            Desk::write(nic::CARD, word, self.chance());
        }
    }

    fn chance(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        domains::injection::scramble(self.seed)
    }
}

/// Writes into a header that the frame is in so many buffers.
fn forge_buffers(buffer: usize, came: usize, buffers: u64) -> usize {
    const SHIFT: u64 = BUFFERS_AT % 8 * 8;
    let place = packets::buffer(buffer).start + BUFFERS_AT / 8 * 8;
    let others = Machine::load(place) & !(0xffff << SHIFT);
    Machine::store(place, others | buffers << SHIFT);
    came
}

/// Adds an entry to a list that has `count`; how many it has then.
fn add(list: usize, count: usize, frame: u64) -> usize {
    if count >= FRAMES {
        return count;
    }
    Desk::write(list, count, frame);
    count + 1
}

/// The desk, by words of its lists.
struct Desk;

impl Desk {
    const DESK: Region = windows::nic();

    fn read(list: usize, index: usize) -> u64 {
        Machine::load(Desk::DESK.start + (list + 8 * index) as u64)
    }

    fn write(list: usize, index: usize, word: u64) {
        Machine::store(Desk::DESK.start + (list + 8 * index) as u64, word);
    }
}
