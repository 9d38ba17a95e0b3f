//! Core calls with any words, and core calls that go on for ever.

use std::hint::black_box;
use std::sync::mpsc::TryRecvError;

use domains::core_call::CoreCall;
use domains::device::feature;
use domains::layout::PAGE_SIZE;
use gate::hooks::REPEAT;

use super::chance::Chance;
use super::device::roles;
use super::{are_alive, unharmed};
use crate::cpus::pinned;
use crate::dma::CELL;
use crate::dma::queue::{Queue, WORDS};
use crate::dma::victim::Victim;
use crate::hooks::{CONSOLE, hook};

/// How many calls are made by chance.
const CALLS: usize = 20_000;
/// What is taken from the core, and given back, while another CPU is in it.
const MEMORY: usize = 1 << 20;

/// Calls with words by chance, to all devices but the one that prints: nothing
/// ends but the drivers.
pub fn by_chance() -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let queue = Queue::begin()?;
    let mut chance = Chance::new(0x9e37_79b9_7f4a_7c15);
    let main = roles().consoles[0].map(|number| number as u64);
    let count = (0..CALLS)
        .take_while(|_| {
            let (call, words) = any(&mut chance);
            if Some(words[0]) != main {
                queue.call(call, words);
            }
            are_alive()
        })
        .count();
    println!("{count} calls; alive: {}", are_alive());
    unharmed(&victim)
}

/// A call and its words.
fn any(chance: &mut Chance) -> (CoreCall, [u64; 4]) {
    let call = chance.one_of(&[
        CoreCall::DeviceBegin,
        CoreCall::DeviceQueue,
        CoreCall::DeviceStart,
        CoreCall::Publish,
        CoreCall::DeviceConfig,
    ]);
    let mut words = [0; 4].map(|_: u64| word(chance));
    words[0] = match chance.is_one_in(8) {
        true => chance.next(),
        false => chance.below(6),
    };
    // Else little would be set up.
    if chance.is_one_in(2) {
        make_likely(call, &mut words, chance);
    }
    (call, words)
}

fn word(chance: &mut Chance) -> u64 {
    match chance.below(6) {
        0 => chance.below(9),
        1 => 1 << chance.below(64),
        2 => chance.next(),
        3 => page(chance),
        4 => chance.below(300),
        _ => 0,
    }
}

/// A page of the drivers' for rings.
fn page(chance: &mut Chance) -> u64 {
    let dma = CELL.dma();
    dma.start + chance.below((dma.end - dma.start) / PAGE_SIZE) * PAGE_SIZE
}

/// Gives a call words that the core may accept.
fn make_likely(call: CoreCall, words: &mut [u64; 4], chance: &mut Chance) {
    match call {
        CoreCall::DeviceBegin => words[1] = chance.one_of(&[0, feature::VERSION_1]),
        CoreCall::DeviceQueue => {
            words[1] = chance.below(8);
            words[2] = 1 << chance.below(9);
            words[3] = page(chance);
        }
        _ => {}
    }
}

/// A driver makes a core call again and again, on a CPU of its own: it is ended,
/// and until then this CPU, which makes core calls, too, gets its turns.
pub fn repeat(call: CoreCall) -> Result<(), String> {
    let (_, victim) = Victim::of("core")?;
    let queue = Queue::begin()?;
    // What a device tells of itself is read in pieces of four bytes.
    let size = if call == CoreCall::DeviceConfig { 4 } else { 0 };
    queue.put_words([queue.device, 0, size, 0]);
    let place = queue.page() + WORDS;
    let repeating = pinned(1, move || hook(REPEAT | CONSOLE, call as usize, place))?;
    let mut turns = 0;
    while repeating.try_recv() == Err(TryRecvError::Empty) {
        // Memory that goes back at once, by calls of the core.
        drop(black_box(vec![1_u8; MEMORY]));
        turns += 1;
    }
    unharmed(&victim)?;
    println!("{turns} turns meanwhile, and nothing was harmed");
    match are_alive() {
        false => Ok(()),
        true => Err("the drivers are still called".to_owned()),
    }
}
