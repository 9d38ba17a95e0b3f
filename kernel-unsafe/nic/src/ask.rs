//! A question to the network, for the tests: who has an address.
//!
//! It shows that frames leave and come, and what a call takes that brings one of
//! each; a driver that was taken over makes its card interrupt by it. The question
//! lies in the last large buffer, whoever has that.

use domains::errno;
use domains::network::desk::{self, nic};
use domains::network::packets::{self, HEADER};
use domains::windows;
use gate::clock;
use kernel_unsafe::{Machine, Patience};

use crate::card::WHEN_COME;
use crate::reach::Reach;
use crate::serve::{Only, exchange};

/// The buffer of the question.
pub(crate) const OWN: usize = packets::COUNT - 1;
/// Bytes of the question, and of an answer: the shortest frame.
const SIZE: usize = HEADER + 60;
/// So many buffers are given to the card if it has none.
const FIRST: usize = 8;

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
/// one of each. An error if no answer came yet.
pub(crate) fn run(card: &mut Only, address: usize, argument: usize) -> i64 {
    let target = (address as u32).to_be_bytes();
    let Some((hardware, buffer)) = ask(card, target) else {
        return -errno::EAGAIN;
    };
    let ticks = match argument {
        0 => Some(hardware as i64),
        _ => ticks(card, target, buffer),
    };
    post(&[buffer]);
    exchange(card, usize::from(argument == 0) as u32, 0, 0);
    ticks.unwrap_or(-errno::EAGAIN)
}

/// Sends a frame that nobody asked for, and has the card interrupt behind it.
pub(crate) fn interrupt(card: &mut Only) {
    write(ASKER);
    card.transmit.give(desk::frame(OWN, SIZE));
    card.transmit.want_interrupts(true);
    _ = card.transmit.publish();
}

/// Asks and waits: who it is, and in which buffer the answer came.
fn ask(card: &mut Only, target: [u8; 4]) -> Option<(u64, usize)> {
    let mut posts = if card.receive.is_idle() { FIRST } else { 0 };
    post(&[0, 1, 2, 3, 4, 5, 6, 7][..posts]);
    send(target);
    let mut sends = 1;
    Patience::new().wait(|| {
        let answer = exchange(card, posts as u32, sends, 0);
        sends = 0;
        let [came, ..] = desk::counts_of(u64::try_from(answer).unwrap_or(0));
        posts = 0;
        let mut found = None;
        for index in 0..came {
            let frame = Machine::load(place(nic::CAME, index));
            let (buffer, size) = desk::buffer_and_size(frame);
            match hardware_of(buffer, size, target) {
                Some(hardware) if found.is_none() => found = Some((hardware, buffer)),
                // Whatever else came goes back to the card.
                _ => {
                    Machine::store(place(nic::POSTS, posts), frame);
                    posts += 1;
                }
            }
        }
        found
    })
}

/// The ticks of a call that gives the card `buffer` and the question and brings one of
/// each; none if it did not come to that.
fn ticks(card: &mut Only, target: [u8; 4], buffer: usize) -> Option<i64> {
    send(target);
    exchange(card, 0, 1, 0);
    let has_both = || (card.receive.has_used() && card.transmit.has_used()).then_some(());
    Patience::new().wait(has_both)?;
    post(&[buffer]);
    let start = clock::ticks();
    let middle = clock::ticks();
    let answer = exchange(card, 1, 1, WHEN_COME);
    let end = clock::ticks();
    let counts = desk::counts_of(u64::try_from(answer).ok()?);
    let ticks = end.wrapping_sub(middle) as i64 - middle.wrapping_sub(start) as i64;
    matches!(counts, [1, 1, _]).then_some(ticks)
}

/// Puts buffers on the list of those to receive into.
fn post(buffers: &[usize]) {
    for (index, buffer) in buffers.iter().enumerate() {
        Machine::store(place(nic::POSTS, index), desk::frame(*buffer, 0));
    }
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
