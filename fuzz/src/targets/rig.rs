//! A stack with sockets of all kinds, to which frames come.

use std::collections::BTreeSet;

use cell_net::desk::Desk;
use cell_net::ip::sum::Sum;
use cell_net::link::header::Header;
use cell_net::stack::Stack;
use domains::network::Name;
use domains::network::desk::{self, net};
use domains::network::packets;
use domains::network::setting::{Setting, flag};
use domains::network::window::Pages;
use gate::cell::net::kind;
use zerocopy::{Immutable, IntoBytes};

use super::lent::{self, Lending};
use super::network::CARD;

const SECOND: u64 = 1_000_000_000;
/// Bits of what is done to a frame: its checksums are looked at; the header of IPv4 has
/// the sum that it has.
const LOOKS: u8 = 1;
const KEEPS_SUM: u8 = 2;

/// The stack and what is around it.
pub(super) struct Rig {
    stack: Stack<Lending>,
    desk: Desk,
    /// The buffers to send from that the stack does not have.
    free: BTreeSet<usize>,
    now: u64,
    sent: [usize; 4],
    /// Of how many sockets there was something new.
    pub(super) changed: usize,
}

impl Rig {
    /// One with an address, a card, and sockets that wait.
    pub(super) fn new() -> Rig {
        let desk = lent::desk();
        let mut rig = Rig {
            stack: Stack::new(Lending::default(), desk, [5; 32]),
            desk,
            free: (packets::RECEIVE..packets::COUNT).collect(),
            now: SECOND,
            sent: [0; 4],
            changed: 0,
        };
        rig.configure();
        rig.settle();
        rig.open();
        rig
    }

    fn configure(&mut self) {
        let setting = Setting {
            flags: flag::STATIC_V4,
            prefix_v4: 24,
            address_v4: [10, 0, 2, 15],
            router_v4: [10, 0, 2, 2],
            ..Setting::default()
        };
        let mut card = [0; desk::nic::CARD_SIZE];
        card[..6].copy_from_slice(&CARD.0);
        card[10] = 1;
        card[16..].copy_from_slice(&(1_u64 << 15 | 1 << 7).to_ne_bytes());
        self.write(net::GIVEN, &setting);
        self.write(net::CARD, &card);
        self.stack.set_now(self.now);
        assert_eq!(self.stack.configure(), 0);
    }

    /// A datagram socket on port 7, a listener on port 80 with spares, and a stream that
    /// connects to port 9 of the peer.
    fn open(&mut self) {
        let pages = |receive, send| Pages { receive, send }.word();
        assert_eq!(
            self.stack.open(1, kind::DATAGRAM | kind::V6, pages(4, 0)),
            0
        );
        self.write(net::NAME, &Name::v6([0; 16], 7));
        assert_eq!(self.stack.bind(1, 0), 0);
        assert_eq!(self.stack.open(2, kind::STREAM | kind::V6, pages(2, 2)), 0);
        self.write(net::NAME, &Name::v6([0; 16], 80));
        assert_eq!(self.stack.bind(2, 0), 0);
        assert_eq!(self.stack.listen(2, 8), 0);
        for spare in 3..5 {
            assert_eq!(self.stack.open(spare, kind::SPARE, pages(2, 2)), 0);
        }
        assert_eq!(self.stack.open(5, kind::STREAM, pages(1, 1)), 0);
        self.write(net::NAME, &Name::v4([10, 0, 2, 2], 9));
        let _in_progress = self.stack.connect(5);
    }

    fn write<T: IntoBytes + Immutable>(&self, at: usize, value: &T) {
        let words = value.as_bytes().as_chunks::<8>().0;
        for (place, bytes) in words.iter().enumerate() {
            self.set_word(at + place * 8, u64::from_ne_bytes(*bytes));
        }
    }

    fn set_word(&self, at: usize, word: u64) {
        self.desk.0[at / 8].store(word, std::sync::atomic::Ordering::Relaxed);
    }

    fn word(&self, at: usize) -> u64 {
        self.desk.0[at / 8].load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Has time pass.
    pub(super) fn pass(&mut self, nanoseconds: u64) {
        self.now += nanoseconds;
    }

    /// Has a frame come, made more or less right.
    pub(super) fn take(&mut self, frame: &[u8], does: u8) {
        let mut frame = frame.to_vec();
        frame.truncate(4 * packets::SIZE);
        if let Some(flags) = frame.first_mut()
            && does & LOOKS == 0
        {
            *flags = 2;
        }
        if does & KEEPS_SUM == 0 {
            mend(&mut frame);
        }
        let mut count = 0;
        for part in frame.chunks(packets::SIZE) {
            lent::with_buffer(count, |buffer| buffer[..part.len()].copy_from_slice(part));
            self.set_word(net::FRAMES_IN + count * 8, desk::frame(count, part.len()));
            count += 1;
        }
        self.pump(count);
    }

    /// Has the stack work until there is no more to do.
    pub(super) fn settle(&mut self) {
        let is_done = (0..1000).any(|_| !self.pump(0));
        assert!(is_done, "it never ends");
    }

    /// One call; whether there is more to do.
    fn pump(&mut self, frames: usize) -> bool {
        const BUDGET: usize = 64;
        let spares: Vec<usize> = self.free.iter().copied().take(net::SPARES_MAX).collect();
        for (place, number) in spares.iter().enumerate() {
            self.free.remove(number);
            self.set_word(net::SPARES + place * 8, desk::frame(*number, 0));
        }
        let counts = desk::counts([frames, spares.len(), 0]);
        let answer = self.stack.pump(counts, 0, BUDGET as u32, self.now);
        let answer = u64::try_from(answer).expect("a pump has no errors");
        let [out, changed, _] = desk::counts_of(answer & 0xffff_ffff);
        assert!(out <= BUDGET && changed <= net::CHANGED_MAX);
        for place in 0..out {
            let (number, size) = desk::buffer_and_size(self.word(net::FRAMES_OUT + place * 8));
            assert!(self.free.insert(number), "a buffer is sent that it has not");
            self.note(number, size);
        }
        self.changed += changed;
        answer & desk::MORE != 0
    }

    /// Takes note of a frame that is sent.
    fn note(&mut self, number: usize, size: usize) {
        let kind = lent::with_buffer(number, |buffer| {
            let frame = &buffer[..size];
            assert!(Header::read(frame).is_some(), "it has a header");
            match frame.get(24..26) {
                Some([8, 0]) => 0,
                Some([8, 6]) => 1,
                Some([0x86, 0xdd]) => 2,
                _ => 3,
            }
        });
        self.sent[kind.expect("there is such a buffer")] += 1;
    }

    /// How many frames were sent of each kind, more or less.
    pub(super) fn sent_kinds(&self) -> [usize; 4] {
        self.sent.map(|count| count.min(3))
    }
}

/// Has the header of IPv4 in a frame have the sum that it should.
fn mend(frame: &mut [u8]) {
    if frame.get(24..26) != Some(&[8, 0]) {
        return;
    }
    let size = usize::from(frame.get(26).map_or(0, |first| first & 0xf)) * 4;
    let Some(header) = frame
        .get_mut(26..26 + size)
        .filter(|header| header.len() >= 20)
    else {
        return;
    };
    header[10..12].fill(0);
    let sum = !Sum::of_header(header).folded();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}
