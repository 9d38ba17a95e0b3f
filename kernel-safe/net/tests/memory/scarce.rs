//! Memory that runs out at any point: calls fail, and connections come to nothing.
//!
//! If anything took memory for granted this test would be aborted.

use cell_net::carrier::{Carrier, Checksum, Errno, Full, Incoming, Outgoing};
use cell_net::tcp::{Close, How, Kind, Reuse, Tcp, V6};
use domains::errno;
use domains::network::Name;
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpAddress, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};

use crate::SCARCE;
use crate::kernel::Kernel;
use crate::random::Random;

const HERE: IpAddress = IpAddress::v4(10, 0, 0, 2);
const THERE: IpAddress = IpAddress::v4(10, 0, 0, 9);

/// A carrier that needs no memory, and keeps what was said last.
struct Card {
    place: [u8; 2000],
    next: u32,
    acknowledged: u32,
}

impl Carrier for Card {
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
        true
    }

    fn send(
        &mut self,
        packet: &Outgoing,
        size: usize,
        _: Checksum,
        fill: &mut dyn FnMut(&mut [u8]),
    ) -> Result<(), Full> {
        let place = &mut self.place[..packet.header + size];
        fill(place);
        let segment = TcpPacket::new_unchecked(&place[packet.header..]);
        let length = segment.segment_len() as u32;
        self.next = (segment.seq_number().0 as u32).wrapping_add(length);
        self.acknowledged = segment.ack_number().0 as u32;
        Ok(())
    }

    fn random(&mut self) -> u64 {
        u64::from(self.next) * 77
    }
}

/// Everything that is tried, with an allocator that fails now and then.
struct Trial {
    tcp: Tcp,
    card: Card,
    kernel: Kernel,
    random: Random,
    now: u64,
    bytes: Vec<u8>,
}

impl Trial {
    /// Calls the stack while memory is scarce.
    fn call<T>(&mut self, call: impl FnOnce(&mut Tcp, &mut Card, u64) -> T) -> T {
        SCARCE.set(2 + self.random.below(30));
        let answer = call(&mut self.tcp, &mut self.card, self.now);
        SCARCE.set(0);
        answer
    }

    fn open(&mut self, kind: Kind) -> Option<u32> {
        let (number, window) = self.kernel.lend(500, 500);
        let opened = self.call(|tcp, _, _| tcp.open(number, window, kind, V6::No));
        if opened == Err(errno::ENOBUFS) {
            self.kernel.free(number);
        }
        opened.is_ok().then_some(number)
    }

    fn say(&mut self, port: u16, control: TcpControl, sequence: u32, number: Option<u32>) {
        let segment = TcpRepr {
            src_port: port,
            dst_port: 80,
            control,
            seq_number: TcpSeqNumber(sequence as i32),
            ack_number: number.map(|number| TcpSeqNumber(number as i32)),
            window_len: 5000,
            window_scale: None,
            max_seg_size: None,
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload: if number.is_some() { b"bytes" } else { &[] },
        };
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.resize(segment.buffer_len(), 0);
        let mut packet = TcpPacket::new_unchecked(&mut bytes[..]);
        let ignored = ChecksumCapabilities::ignored();
        segment.emit(&mut packet, &THERE, &HERE, &ignored);
        let incoming = Incoming {
            source: THERE,
            target: HERE,
            hop_limit: 64,
            payload: &bytes,
            is_verified: true,
            whole: &[],
        };
        self.call(|tcp, card, now| tcp.input(now, &incoming, card));
        self.bytes = bytes;
    }

    fn work(&mut self) {
        self.call(|tcp, card, now| tcp.work(now, &mut 50, card));
        while let Some(socket) = self.tcp.next_changed() {
            if self.kernel.has(socket) && !self.tcp.has(socket) {
                self.kernel.free(socket);
            }
        }
    }

    /// A connection from outside, as far as it comes.
    fn visit(&mut self, listener: u32, port: u16) -> bool {
        if self.tcp.is_short_of_spares() {
            self.open(Kind::Spare);
        }
        self.say(port, TcpControl::Syn, 100, None);
        let (next, own) = (self.card.next, self.card.acknowledged);
        for _ in 0..3 {
            self.say(port, TcpControl::Psh, own, Some(next));
            self.work();
        }
        let accepted = self.call(|tcp, _, now| tcp.accept(now, listener));
        if let Ok(server) = accepted {
            self.call(|tcp, _, now| tcp.shutdown(now, server, How::Write))
                .ok();
            self.work();
            let (next, own) = (self.card.next, self.card.acknowledged);
            self.say(port, TcpControl::Fin, own, Some(next));
            let closed = self.call(|tcp, _, now| tcp.close(now, server, Close::Orderly));
            closed.expect("it is open");
            self.work();
        }
        accepted.is_ok()
    }
}

#[test]
fn memory_may_run_out_at_any_point() {
    let _alone = crate::ALONE.lock();
    let (mut made, mut failed) = (0, 0);
    for seed in 0..60 {
        let mut trial = Trial {
            tcp: Tcp::new([seed, 1, 2, 3]),
            card: Card {
                place: [0; 2000],
                next: 0,
                acknowledged: 0,
            },
            kernel: Kernel::default(),
            random: Random(seed),
            now: 1_000_000_000,
            bytes: Vec::new(),
        };
        let Some(listener) = trial.open(Kind::Stream) else {
            continue;
        };
        let any = Name::v4([0; 4], 80);
        let listens = trial.call(|tcp, card, _| {
            tcp.bind(listener, &any, Reuse::Yes, card)?;
            tcp.listen(listener, 16, card)
        });
        if listens.is_err() {
            failed += 1;
            continue;
        }
        for port in 1..60 {
            match trial.visit(listener, port) {
                true => made += 1,
                false => failed += 1,
            }
            if let Some(client) = trial.open(Kind::Stream) {
                let name = Name::v4([10, 0, 0, 9], port);
                let begun = trial.call(|tcp, card, now| tcp.connect(now, client, &name, card));
                assert!(matches!(begun, Ok(()) | Err(errno::ENOBUFS)), "{begun:?}");
                trial.work();
            }
            trial.now += 3_000_000_000;
        }
    }
    assert!(made > 300 && failed > 100, "{made} made, {failed} failed");
}
