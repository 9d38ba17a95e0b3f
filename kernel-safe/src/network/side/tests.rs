//! Rings that a played stack moves on while they are read and written.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

/// A ring as `net` has it: it begins anew at the front when it is empty.
#[derive(Debug)]
struct Ring {
    bytes: Vec<u8>,
    at: usize,
    size: usize,
}

impl Ring {
    fn new(capacity: usize) -> Ring {
        Ring {
            bytes: vec![0; capacity],
            at: 0,
            size: 0,
        }
    }

    fn readable(&self) -> u64 {
        let size = self.size.min(self.bytes.len() - self.at);
        (size as u64) << 32 | self.at as u64
    }

    fn writable(&mut self) -> u64 {
        if self.size == 0 {
            self.at = 0;
        }
        let (at, room) = (self.end(), self.bytes.len() - self.size);
        let size = room.min(self.bytes.len() - at);
        (size as u64) << 32 | at as u64
    }

    fn end(&self) -> usize {
        (self.at + self.size) % self.bytes.len()
    }

    fn put(&mut self, byte: u8) -> bool {
        if self.size == self.bytes.len() {
            return false;
        }
        if self.size == 0 {
            self.at = 0;
        }
        let end = self.end();
        self.bytes[end] = byte;
        self.size += 1;
        true
    }

    fn take(&mut self, count: usize) {
        assert!(count <= self.size);
        self.at = (self.at + count) % self.bytes.len();
        self.size -= count;
    }

    /// What was written at `at` becomes a part of the ring.
    fn commit(&mut self, at: usize, size: usize) {
        let own = self.writable() as u32 as usize;
        if size > 0 && own != at {
            self.bytes.copy_within(at..at + size, own);
        }
        self.size += size;
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// The peer sends, or takes, so many bytes.
    Peer(usize),
    /// The application does.
    Application(usize),
    /// A pump begins, and ends.
    Begin,
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_usize..9).prop_map(Step::Peer),
        3 => (0_usize..9).prop_map(Step::Application),
        2 => Just(Step::Begin),
        2 => Just(Step::End),
    ];
    proptest::collection::vec(step, 0..200)
}

proptest! {
    /// Whatever the order: each byte once, and in its order.
    #[test]
    fn what_comes_is_read_once_and_in_order(steps in steps(), capacity in 1_usize..20) {
        let (mut ring, mut reading) = (Ring::new(capacity), Reading::new(capacity));
        let mut word = ring.readable();
        let (mut next, mut expected) = (0_u8, VecDeque::new());
        let mut under_way = None;
        for step in steps {
            match step {
                // What `net` does it does in a pump, and tells it before that ends.
                Step::Peer(count) => {
                    if under_way.is_some() {
                        for _ in 0..count {
                            if ring.put(next) {
                                expected.push_back(next);
                                next = next.wrapping_add(1);
                            }
                        }
                        word = ring.readable();
                    }
                }
                Step::Application(most) => {
                    let rest = reading.rest(word).expect("it is in the ring");
                    let count = rest.size.min(most as u32);
                    for place in rest.at..rest.at + count {
                        let byte = ring.bytes[place as usize];
                        prop_assert_eq!(Some(byte), expected.pop_front());
                    }
                    reading.take(count);
                }
                Step::Begin if under_way.is_none() => {
                    let told = reading.tell();
                    ring.take(told as usize);
                    word = ring.readable();
                    under_way = Some(told);
                }
                Step::End if under_way.take().is_some() => _ = reading.settle(),
                Step::Begin | Step::End => {}
            }
        }
    }

    #[test]
    fn what_is_written_is_sent_once_and_in_order(steps in steps(), capacity in 1_usize..20) {
        let (mut ring, mut writing) = (Ring::new(capacity), Writing::new(capacity));
        let mut word = ring.writable();
        let (mut next, mut expected) = (0_u8, VecDeque::new());
        let mut is_under_way = false;
        for step in steps {
            match step {
                Step::Peer(most) if is_under_way => {
                    for _ in 0..most.min(ring.size) {
                        let byte = ring.bytes[ring.at];
                        prop_assert_eq!(Some(byte), expected.pop_front());
                        ring.take(1);
                    }
                    word = ring.writable();
                }
                Step::Peer(_) => {}
                Step::Application(most) => {
                    let room = writing.room(word).expect("it is in the ring");
                    let count = room.size.min(most as u32);
                    for place in room.at..room.at + count {
                        ring.bytes[place as usize] = next;
                        expected.push_back(next);
                        next = next.wrapping_add(1);
                    }
                    writing.write(count);
                }
                Step::Begin if !is_under_way => {
                    let piece = writing.tell();
                    ring.commit(piece.at as usize, piece.size as usize);
                    word = ring.writable();
                    is_under_way = true;
                }
                Step::End if is_under_way => {
                    writing.settle();
                    is_under_way = false;
                }
                Step::Begin | Step::End => {}
            }
        }
    }

    #[test]
    fn no_word_leads_out_of_the_ring(word: u64, capacity in 0_usize..300_000) {
        if let Ok(piece) = Piece::read(word, capacity) {
            prop_assert!(u64::from(piece.at) + u64::from(piece.size) <= capacity as u64);
        }
    }
}

#[test]
fn net_hears_of_what_was_taken_when_it_matters() {
    let mut reading = Reading::new(100);
    let told = |at: u64, size: u64| size << 32 | at;
    assert_eq!(reading.rest(told(0, 10)), Ok(Piece { at: 0, size: 10 }));
    reading.take(10);
    assert!(!reading.is_due(), "nothing can be behind it");
    assert_eq!(reading.rest(told(0, 50)).map(|rest| rest.size), Ok(40));
    reading.take(40);
    assert!(reading.is_due(), "the peer may send more");
    reading.tell();
    reading.settle();
    assert_eq!(reading.rest(told(50, 50)), Ok(Piece { at: 50, size: 50 }));
    reading.take(49);
    assert!(!reading.is_due());
    reading.take(1);
    assert!(reading.is_due(), "more may be at the front");
}

#[test]
fn a_record_is_whole() {
    let rest = Piece { at: 8, size: 48 };
    assert_eq!(record_size(0, rest), Ok(32));
    assert_eq!(record_size(16, rest), Ok(48));
    assert_eq!(record_size(17, rest), Err(Outside));
    assert_eq!(record_size(u32::MAX, rest), Err(Outside));
}
