//! The entries of the safe kernel by number, with any words.

use std::arch::asm;

use domains::cpu_page::offset;
use domains::entries::SLOTS;
use domains::layout::CPU_PAGE;
use hermit_abi::EFD_NONBLOCK;

use super::aimed;
use super::places::{ARENA, Places};
use super::random::Random;

/// Entries that do as asked what the fuzz would not survive: exit, abort,
/// spawn at any address, the end of the thread; hooks, and whatever gives or
/// takes the program's own memory.
const LEFT_OUT: [u64; 11] = [1, 2, 7, 9, 12, 60, 61, 62, 63, 64, 120];
/// Entries that wait: with words that end the wait at once.
const SLEEP: u64 = 6;
const JOIN: u64 = 8;
const FUTEX_WAIT: u64 = 10;
const BLOCK: u64 = 17;
const POLL: u64 = 22;
/// Entries with flags, among which is not to wait.
const SET_FLAGS: u64 = 41;
const OPEN_COUNTER: u64 = 71;
/// Entries whose first word is a descriptor.
const CLOSE: u64 = 19;

/// Calls entry `number`, as the gate has it: any number, any words.
fn call(number: u64, words: [u64; 5]) -> i64 {
    let answer;
    // SAFETY: the gate keeps what the C ABI keeps; the words name nothing that
    // the program uses.
    unsafe {
        asm!(
            "call qword ptr ds:[{gate}]",
            gate = const CPU_PAGE + offset::APP_TO_SAFE as u64,
            in("rdi") words[0],
            in("rsi") words[1],
            in("r8") words[2],
            in("r9") words[3],
            in("r10") words[4],
            in("r11") number,
            lateout("rax") answer,
            clobber_abi("C"),
        );
    }
    answer
}

/// Makes one call; its answer.
pub fn run(places: &Places, random: &mut Random) -> i64 {
    loop {
        let number = match random.below(3) {
            0 => random.next(),
            _ => random.below(SLOTS as u64),
        };
        let slot = number % SLOTS as u64;
        if !LEFT_OUT.contains(&slot) {
            let answer = call(number, words(slot, places, random));
            aimed::limit(slot, answer);
            return answer;
        }
    }
}

fn words(slot: u64, places: &Places, random: &mut Random) -> [u64; 5] {
    let mut words = [(); 5].map(|()| word(places, random));
    if aimed::ALL.contains(&slot) {
        aimed::aim(slot, &mut words, places, random);
    }
    match slot {
        SLEEP => words[0] %= 1000,
        JOIN => words[0] = words[0] % 1_000_000 + 1000,
        FUTEX_WAIT => words[2] %= 1000,
        BLOCK => words[0] %= 1000,
        POLL => words[2] %= 1000,
        SET_FLAGS | OPEN_COUNTER => words[1] |= EFD_NONBLOCK as u64,
        CLOSE => words[0] = words[0] % 1000 + 3,
        _ => {}
    }
    keep_sizes_apart(&mut words, places, random);
    // Standard output is for the verdict.
    if slot != CLOSE && (1..3).contains(&(words[0] as u32)) {
        words[0] = 3;
    }
    words
}

/// Addresses and sizes meet at random. A valid address must not meet a size
/// with which the kernel may write to what lies behind the arena.
fn keep_sizes_apart(words: &mut [u64; 5], places: &Places, random: &mut Random) {
    if words.iter().any(|word| places.is_valid(*word)) {
        for word in words {
            if (ARENA as u64..1 << 40).contains(word) {
                *word = random.below(ARENA as u64);
            }
        }
    }
}

fn word(places: &Places, random: &mut Random) -> u64 {
    match random.below(6) {
        0 => random.next(),
        1 => random.below(64),
        2 => places.foreign(random, 1, 1) as u64,
        3 => places.unwritable(random) as u64,
        4 => places.valid(random, 1, 8) as u64,
        _ => random.pick(&[0, 1, u64::MAX, 1 << 63, 1 << 40, i64::MAX as u64, 4096, 8]),
    }
}
