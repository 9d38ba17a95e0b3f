//! A stranger that says anything to TCP, and an owner that does anything.
//!
//! What it says is near what was said to it: at the edges of windows, one beside the
//! number that is expected, and half a circle away. It runs in the tests of the library,
//! which take the guards away, and in a test of its own, which is long.

use std::collections::BTreeMap;

use cell_net::carrier::{Carrier, Checksum, Errno, Full, Incoming, Outgoing};
use cell_net::lent::{Control, Window};
use cell_net::tcp::{Close, How, Kind, Reuse, Tcp, V6};
use domains::network::Name;
use domains::network::window::{state, told};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};

/// How many steps a run has.
pub(crate) const STEPS: usize = 400;

const HERE: IpAddress = IpAddress::v4(10, 0, 0, 2);
const THERE: IpAddress = IpAddress::v4(10, 0, 0, 9);

/// Sizes of rings, of which each run has one. Over two of them `smoltcp` fails: windows
/// never have those, and with the guards it would not matter.
const RINGS: [(usize, usize); 7] = [
    (65_536, 4096),
    (131_072, 4096),
    (128, 128),
    (3968, 4096),
    (65_535, 4096),
    (131_071, 8192),
    (262_143, 4096),
];

/// Lends a window with rings of these sizes, and takes back those of sockets that are
/// gone.
pub(crate) trait Lend {
    fn lend(&mut self, number: u32, receive: usize, send: usize) -> Window;
}

/// What a run has come to.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Reached {
    pub(crate) connections: usize,
    pub(crate) bytes: usize,
    pub(crate) ends: usize,
}

/// What was said to a port: the number behind it, what was acknowledged, and the window.
#[derive(Clone, Copy, Default)]
struct Said {
    next: u32,
    acknowledged: u32,
    window: u32,
    /// How windows are scaled, if that was agreed on.
    scale: u8,
}

struct Nic {
    said: BTreeMap<(u16, u16), Said>,
    room: usize,
    random: u64,
}

/// A run of this number.
pub(crate) fn run(seed: u64, lend: &mut dyn Lend) -> Reached {
    let mut run = Run::new(seed, lend);
    for _ in 0..STEPS {
        run.step();
    }
    run.reached
}

struct Run<'a> {
    lend: &'a mut dyn Lend,
    tcp: Tcp,
    nic: Nic,
    now: u64,
    random: u64,
    ring: (usize, usize),
    listener: u32,
    /// Sockets that are open, and what is told of them.
    open: Vec<(u32, Control)>,
    next: u32,
    reached: Reached,
}

impl<'a> Run<'a> {
    fn new(seed: u64, lend: &'a mut dyn Lend) -> Run<'a> {
        let nic = Nic {
            said: BTreeMap::new(),
            room: usize::MAX,
            random: seed,
        };
        let mut run = Run {
            lend,
            tcp: Tcp::new([seed, 1, 2, 3]),
            nic,
            now: 1_000_000_000,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            ring: RINGS[(seed % RINGS.len() as u64) as usize],
            listener: 0,
            open: Vec::new(),
            next: 0,
            reached: Reached::default(),
        };
        run.listener = run.socket(Kind::Stream);
        let any = Name::v4([0; 4], 80);
        let bound = run.tcp.bind(run.listener, &any, Reuse::Yes, &mut run.nic);
        bound.expect("the port is free");
        let listens = run.tcp.listen(run.listener, 3, &mut run.nic);
        listens.expect("it is bound");
        run.open.clear();
        run
    }

    fn word(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.random;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.word() % limit.max(1) as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn socket(&mut self, kind: Kind) -> u32 {
        let number = self.next;
        self.next += 1;
        let window = self.lend.lend(number, self.ring.0, self.ring.1);
        let control = window.control;
        let opened = self.tcp.open(number, window, kind, V6::No);
        opened.expect("there is memory");
        self.open.push((number, control));
        number
    }

    fn step(&mut self) {
        match self.below(80) {
            0..=46 => self.stranger(),
            47..=49 => self.burst(),
            50..=57 => self.read_or_write(),
            58..=67 => {
                let pause = self.one_of(&[1_000, 1_000_000, 11_000_000, 1_100_000_000]);
                self.now += pause;
            }
            68 => self.now += self.word() % 100_000_000_000,
            69..=72 => drop(self.tcp.accept(self.now, self.listener)),
            73 => self.end(),
            74 | 75 => self.connect(),
            _ => self.nic.room = self.one_of(&[0, 1, usize::MAX, usize::MAX]),
        }
        if self.below(3) > 0 {
            self.work();
        }
    }

    fn work(&mut self) {
        let mut budget = 20;
        self.tcp.work(self.now, &mut budget, &mut self.nic);
        if self.tcp.is_short_of_spares() && self.open.len() < 7 {
            self.socket(Kind::Spare);
        }
        while let Some(socket) = self.tcp.next_changed() {
            let place = self.open.iter().position(|(it, _)| *it == socket);
            let Some(place) = place else { continue };
            let told = self.open[place].1.told(told::STATE);
            if told & state::RELEASED != 0 {
                self.open.swap_remove(place);
                self.reached.ends += 1;
            }
        }
    }

    fn connect(&mut self) {
        if self.open.len() < 8 {
            let socket = self.socket(Kind::Stream);
            let port = 7000 + self.below(2) as u16;
            let own = Name::v4([0; 4], 6000 + self.below(3) as u16);
            // Either may be taken.
            let _ = self.tcp.bind(socket, &own, Reuse::Yes, &mut self.nic);
            let name = Name::v4([10, 0, 0, 9], port);
            let _ = self.tcp.connect(self.now, socket, &name, &mut self.nic);
        }
    }

    fn some(&mut self) -> Option<(u32, Control)> {
        let place = self.below(self.open.len());
        self.open.get(place).copied()
    }

    fn end(&mut self) {
        let Some((socket, _)) = self.some() else {
            return;
        };
        let how = self.one_of(&[How::Read, How::Write, How::Both]);
        match self.below(4) {
            0 => drop(self.tcp.close(self.now, socket, Close::Reset)),
            1 => drop(self.tcp.close(self.now, socket, Close::Orderly)),
            // It may not be connected.
            _ => drop(self.tcp.shutdown(self.now, socket, how)),
        }
    }

    fn read_or_write(&mut self) {
        let Some((socket, control)) = self.some() else {
            return;
        };
        let size = |what| (control.told(what) >> 32) as usize;
        let taken = match self.below(2) {
            0 => size(told::READABLE),
            _ => self.below(size(told::READABLE) + 1),
        };
        let written = self.below(size(told::WRITABLE) + 1);
        let at = (control.told(told::WRITABLE) & 0xffff_ffff) as usize;
        if self.tcp.has(socket) {
            let told = self.tcp.taken(self.now, socket, taken, at, written);
            // A socket that has no connection has nothing to take.
            assert!(
                told.is_ok() || taken + written == 0,
                "what was told is not so"
            );
            self.reached.bytes += taken;
        }
    }

    /// A segment of the stranger, near what was said to it.
    fn stranger(&mut self) {
        let (port, to) = match self.below(3) {
            0 => (7000 + self.below(2) as u16, 6000 + self.below(3) as u16),
            _ => (4000 + self.below(3) as u16, 80),
        };
        let said = self.nic.said.get(&(port, to)).copied();
        let control = self.control(said.is_some());
        let said = said.unwrap_or(Said {
            next: self.word() as u32,
            acknowledged: self.word() as u32,
            window: 1000,
            scale: 0,
        });
        let (ahead, answers) = self.beside(&said);
        let room = said.window.wrapping_sub(ahead).min(20_000) as usize;
        let size = self.one_of(&[0, 0, 1, 100, 1460, room, room + 1, room.saturating_sub(1)]);
        let is_syn = control == TcpControl::Syn;
        let has_number = self.below(if is_syn { 5 } else { 40 }) > 0 && !is_syn;
        let payload = vec![7; size];
        let number = TcpSeqNumber(said.next.wrapping_add(answers) as i32);
        let mut segment = self.segment((port, to), &payload);
        segment.control = control;
        segment.seq_number = TcpSeqNumber(said.acknowledged.wrapping_add(ahead) as i32);
        segment.ack_number = has_number.then_some(number);
        self.input(&segment);
    }

    /// A segment with what does not matter by chance.
    fn segment<'b>(&mut self, (port, to): (u16, u16), payload: &'b [u8]) -> TcpRepr<'b> {
        TcpRepr {
            src_port: port,
            dst_port: to,
            control: TcpControl::Psh,
            seq_number: TcpSeqNumber(0),
            ack_number: None,
            window_len: self.one_of(&[0, 1, 1000, 65_535]),
            window_scale: self.one_of(&[None, Some(0), Some(7), Some(14)]),
            max_seg_size: self.one_of(&[None, Some(0), Some(1), Some(1460)]),
            sack_permitted: self.below(2) == 0,
            sack_ranges: [None; 3],
            timestamp: None,
            payload,
        }
    }

    /// More than fits into any window, at once.
    fn burst(&mut self) {
        let names = (4000 + self.below(3) as u16, 80);
        let Some(said) = self.nic.said.get(&names).copied() else {
            return;
        };
        let payload = vec![7; 40_000];
        for place in 0..self.below(8) as u32 {
            let mut segment = self.segment(names, &payload);
            let sequence = said.acknowledged.wrapping_add(place * 40_000);
            segment.seq_number = TcpSeqNumber(sequence as i32);
            segment.ack_number = Some(TcpSeqNumber(said.next as i32));
            self.input(&segment);
        }
    }

    /// What a segment is: most often a SYN as long as nothing was said.
    fn control(&mut self, is_known: bool) -> TcpControl {
        match self.below(32) {
            0 | 1 => TcpControl::Syn,
            _ if !is_known && self.below(4) > 0 => TcpControl::Syn,
            2 => TcpControl::Rst,
            3 | 4 => TcpControl::Fin,
            5..12 => TcpControl::None,
            _ => TcpControl::Psh,
        }
    }

    /// How far from what was said both numbers of a segment are: half of the time they
    /// are just right.
    fn beside(&mut self, said: &Said) -> (u32, u32) {
        let (window, word) = (said.window, self.word() as u32);
        let half = 1 << 31;
        let far = [1 << 30, (1 << 30) + 1, half, half - 1, half + 1];
        let far = self.one_of(&far) + self.one_of(&[0, window, window + 1]);
        let near = self.one_of(&[
            0,
            1,
            u32::MAX,
            window,
            window.wrapping_sub(1),
            window.wrapping_mul(2),
            window.wrapping_mul(3),
            word % 3000,
            word,
        ]);
        let beside = self.one_of(&[1, u32::MAX, 2, 100, word]);
        if self.below(2) == 0 {
            return (0, 0);
        }
        let ahead = [far, near, near, near, 0, 0, 0, 0];
        let answers = [far, beside, beside, 0, 0, 0, 0, 0];
        (self.one_of(&ahead), self.one_of(&answers))
    }

    fn input(&mut self, segment: &TcpRepr<'_>) {
        let mut segment = *segment;
        if segment.control != TcpControl::Syn {
            (segment.window_scale, segment.max_seg_size) = (None, None);
            segment.sack_permitted = false;
        }
        let mut bytes = vec![0; segment.buffer_len()];
        let mut packet = TcpPacket::new_unchecked(&mut bytes[..]);
        segment.emit(&mut packet, &THERE, &HERE, &ChecksumCapabilities::ignored());
        let packet = Incoming {
            source: THERE,
            target: HERE,
            hop_limit: 64,
            payload: &bytes,
            is_verified: true,
            whole: &[],
        };
        let before = self.tcp.accept(self.now, self.listener).is_ok();
        self.reached.connections += usize::from(before);
        self.tcp.input(self.now, &packet, &mut self.nic);
    }
}

impl Carrier for Nic {
    fn source_to(&self, _: IpAddress) -> Result<IpAddress, Errno> {
        Ok(HERE)
    }

    fn is_own(&self, address: IpAddress) -> bool {
        address == HERE
    }

    fn is_broadcast(&self, _: IpAddress) -> bool {
        false
    }

    fn largest_to(&self, _: IpAddress) -> usize {
        1500
    }

    fn cuts_to(&self, _: IpAddress) -> Option<usize> {
        None
    }

    fn has_room(&self, _: IpAddress, _: usize) -> bool {
        self.room > 0
    }

    fn send(
        &mut self,
        packet: &Outgoing,
        size: usize,
        _: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full> {
        self.room = self.room.checked_sub(1).ok_or(Full)?;
        let mut bytes = vec![0; packet.header + size];
        fill(&mut bytes);
        let segment = TcpPacket::new_checked(&bytes[packet.header..]).expect("it is a segment");
        let length = segment.segment_len() as u32;
        let (source, target) = (packet.source, packet.target);
        let ignored = ChecksumCapabilities::ignored();
        let segment = TcpRepr::parse(&segment, &source, &target, &ignored);
        let segment = segment.expect("it is a segment");
        let said = self
            .said
            .entry((segment.dst_port, segment.src_port))
            .or_default();
        said.next = (segment.seq_number.0 as u32).wrapping_add(length);
        said.window = u32::from(segment.window_len);
        if segment.control == TcpControl::Syn {
            said.scale = segment.window_scale.unwrap_or(0);
        } else {
            said.window <<= said.scale;
        }
        if let Some(number) = segment.ack_number {
            said.acknowledged = number.0 as u32;
        }
        Ok(())
    }

    fn random(&mut self) -> u64 {
        self.random = self
            .random
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(1);
        self.random >> 16
    }
}
