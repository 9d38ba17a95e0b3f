//! Hostile calls of the whole ABI, and of the gate below it, from a seed.
//!
//! A third are right but for one pointer and must answer EFAULT; a third are
//! the ABI's functions with any arguments; a third are the safe kernel's
//! entries with any words. Afterwards nothing may be missing: not a word of the
//! kernels' canaries, not a descriptor, not the memory.

mod aimed;
mod gates;
mod places;
mod probes;
mod random;
mod sockets;
mod wild;

use std::thread;
use std::time::Duration;

use self::places::Places;
use self::probes::Probe;
use self::random::Random;
use self::wild::Wild;
use crate::hooks::hook;

/// After how many calls what was opened is closed.
const ROUND: u64 = 20_000;
/// The descriptors that there can be.
const DESCRIPTORS: i32 = 1 << 18;
/// Errors are small negative numbers.
const ERROR_MAX: i64 = 4096;
/// What the memory that can be allocated may have shrunk by: caches, and tables
/// that have grown.
const MEMORY_LOST_MAX: usize = 8 << 20;

/// Whether other threads make calls as well.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    /// Nobody else does.
    Alone,
    /// Others do, and close what this one has opened.
    Others,
}

/// Makes so many calls, by so many threads together.
pub fn run(seed: &str, calls: &str, threads: &str) -> Result<(), String> {
    let calls: u64 = calls.parse().map_err(|_| "no such number of calls")?;
    let threads: u64 = threads.parse().map_err(|_| "no such number of threads")?;
    let seed = match seed {
        "clock" => std::time::SystemTime::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since: Duration| since.as_nanos() as u64),
        _ => seed.parse().map_err(|_| "no such seed")?,
    };
    println!("fuzz: seed {seed}, {calls} calls by {threads} threads");
    fill_the_table()?;
    let memory = free_memory();
    let refused = make_all_calls(seed, calls, threads)?;
    close_all(DESCRIPTORS);
    remove_files("/");
    remove_files("/tmp");
    check_descriptors()?;
    check_canaries()?;
    let left = free_memory();
    if left + MEMORY_LOST_MAX < memory {
        return Err(format!("of {memory} bytes of memory {left} are left"));
    }
    println!("fuzz: {calls} calls came back, {refused} bad pointers were refused");
    Ok(())
}

/// Shares the calls out; how many bad pointers were refused.
fn make_all_calls(seed: u64, calls: u64, threads: u64) -> Result<u64, String> {
    if threads == 1 {
        return make_calls(&mut Random::new(seed), calls, Company::Alone);
    }
    let share = calls / threads;
    let one = |number| {
        let seed = seed.wrapping_add(number);
        thread::spawn(move || make_calls(&mut Random::new(seed), share, Company::Others))
    };
    let running: Vec<_> = (0..threads).map(one).collect();
    let mut refused = 0;
    for thread in running {
        refused += thread.join().map_err(|_| "a thread panicked")??;
    }
    Ok(refused)
}

/// With the check of pointers taken out, the probes must see it.
pub fn run_on_mutant() -> Result<(), String> {
    let places = Places::find()?;
    hook(gate::hooks::BLUNT_POINTERS, 0, 0);
    let canary = places.safe_canary() + 1024;
    let blind: Vec<&str> = probes::all()
        .iter()
        .filter(|probe| probe.writes() && probe.refuses(canary).is_ok())
        .map(|probe| probe.name)
        .collect();
    let changed = places::changed_canaries();
    println!("the mutant changed {changed} words of canaries; not seen by {blind:?}");
    if changed > 0 && blind.is_empty() {
        return Err("the mutant is caught".into());
    }
    Ok(())
}

/// How many bad pointers were refused.
fn make_calls(random: &mut Random, calls: u64, company: Company) -> Result<u64, String> {
    let places = Places::find()?;
    let probes = probes::all();
    let mut refused = 0;
    for number in 0..calls {
        let failed = |error: String| format!("call {number}: {error}");
        match random.below(3) {
            0 => {
                probe(&probes, &places, random, company).map_err(failed)?;
                refused += 1;
            }
            1 => check_answer("a wild call", wild(&places, random)).map_err(failed)?,
            _ => check_answer("an entry", gates::run(&places, random)).map_err(failed)?,
        }
        if number % ROUND == ROUND - 1 {
            close_all(1000);
            check_canaries().map_err(failed)?;
        }
    }
    Ok(refused)
}

fn probe(
    probes: &[Probe],
    places: &Places,
    random: &mut Random,
    company: Company,
) -> Result<(), String> {
    let probe = &probes[random.below(probes.len() as u64) as usize];
    let pointer = probe.bad_pointer(places, random);
    match probe.refuses(pointer) {
        // Somebody else has closed the descriptor that the call needs, or has opened
        // it to something else: then the call may be refused for another reason, or
        // finds nothing that it could put there.
        Err(answer) if company == Company::Others && (-ERROR_MAX..=0).contains(&answer) => {
            Ok(())
        }
        answer => {
            answer.map_err(|answer| format!("{} at {pointer:#x} answered {answer}", probe.name))
        }
    }
}

fn wild(places: &Places, random: &mut Random) -> i64 {
    Wild { places, random }.call()
}

/// An answer is a result or an error of the ABI, nothing else.
fn check_answer(what: &str, answer: i64) -> Result<(), String> {
    if answer < -ERROR_MAX {
        return Err(format!("{what} answered {answer}"));
    }
    Ok(())
}

fn check_canaries() -> Result<(), String> {
    match places::changed_canaries() {
        0 => Ok(()),
        changed => Err(format!(
            "{changed} words of the kernels' canaries have changed"
        )),
    }
}

/// Closes everything but the standard streams.
fn close_all(end: i32) {
    for descriptor in 3..end {
        // SAFETY: the call takes no address.
        unsafe { hermit_abi::close(descriptor) };
    }
}

/// Has the table of descriptors grow to its full size, which it keeps.
fn fill_the_table() -> Result<(), String> {
    // SAFETY: the calls take no address.
    unsafe {
        match hermit_abi::fcntl(1, hermit_abi::F_DUPFD, DESCRIPTORS - 1) {
            last if last == DESCRIPTORS - 1 => _ = hermit_abi::close(last),
            other => return Err(format!("the last descriptor is {other}")),
        }
    }
    Ok(())
}

/// Removes what the calls have made; the rest cannot be removed.
fn remove_files(folder: &str) {
    let entries: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    for entry in entries {
        if std::fs::remove_file(entry.path()).is_err() {
            // A directory of somebody else stays.
            _ = std::fs::remove_dir(entry.path());
        }
    }
}

/// The lowest free descriptor is the one behind the standard streams.
fn check_descriptors() -> Result<(), String> {
    // SAFETY: the call takes no address.
    match unsafe { hermit_abi::dup(1) } {
        3 => Ok(()),
        other => Err(format!("the lowest free descriptor is {other}")),
    }
}

/// How much memory can be allocated, in steps of a mebibyte.
fn free_memory() -> usize {
    const STEP: usize = 1 << 20;
    let mut blocks: Vec<Vec<u8>> = Vec::with_capacity(1 << 12);
    loop {
        let mut block = Vec::new();
        if blocks.len() == blocks.capacity() || block.try_reserve_exact(STEP).is_err() {
            return blocks.len() * STEP;
        }
        blocks.push(block);
    }
}
