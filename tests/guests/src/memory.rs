//! Memory that is used up, comes back, and is mapped by the page.

use std::alloc::{Layout, alloc, dealloc};
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread::{self, Builder};
use std::{iter, ptr};

use hermit_abi::{futex_wait, futex_wake, join, spawn2};

use crate::mapping::Mapping;

const MIB: usize = 1 << 20;
const STACK: usize = 64 << 10;

/// Runs the test called `what`.
pub fn run(what: &str) -> Result<(), String> {
    match what {
        "churn" => churn(),
        "exhaust" => exhaust(),
        "spawn" => spawn(),
        "map" => map(),
        "stack" => stack(),
        "share" => share(),
        "grow" => grow(),
        other => Err(format!("no such test: {other}")),
    }
}

/// Allocates and frees many times what the machine has, in varying sizes.
fn churn() -> Result<(), String> {
    let before = largest_block();
    let mut live: Vec<Vec<u8>> = Vec::new();
    let mut sum = 0;
    for round in 0..1200_usize {
        let size = match round % 8 {
            0 => round * 7919 % (6 * MIB),
            1..4 => round * 7919 % 200_000,
            _ => round * 7919 % 3000,
        };
        sum += size;
        live.push(vec![round as u8; size]);
        if live.len() > 20 {
            let old = live.swap_remove(round * 31 % live.len());
            let is_kept = old.iter().step_by(4093).all(|byte| *byte == old[0]);
            if !is_kept {
                return Err("bytes changed".into());
            }
        }
    }
    drop(live);
    let after = largest_block();
    println!(
        "{} MiB in all; largest block {before}, then {after}",
        sum / MIB
    );
    if sum < 300 * MIB || after + MIB < before {
        return Err("memory did not come back".into());
    }
    Ok(())
}

/// Grows a block to more than half of the memory, which only works in place,
/// and shrinks it, which gives the rest back.
fn grow() -> Result<(), String> {
    const STEPS: usize = 40;
    let before = largest_block();
    let mut bytes: Vec<u8> = Vec::new();
    for step in 0..STEPS {
        let reserved = bytes.try_reserve_exact(MIB);
        reserved.map_err(|error| format!("at {step} MiB: {error}"))?;
        // SAFETY: there is room for so many more.
        unsafe {
            bytes
                .as_mut_ptr()
                .add(step * MIB)
                .write_bytes(step as u8, MIB)
        };
        // SAFETY: they were written.
        unsafe { bytes.set_len((step + 1) * MIB) };
    }
    let is_kept = (0..STEPS).all(|step| bytes[step * MIB + 4097] == step as u8);
    bytes.truncate(3 * MIB + 5000);
    bytes.shrink_to_fit();
    let rest = largest_block();
    drop(bytes);
    println!("grown in place; largest block {before}, beside the rest {rest}");
    if is_kept && rest + 5 * MIB > before && largest_block() + MIB > before {
        Ok(())
    } else {
        Err("bytes or memory were lost".into())
    }
}

/// How many bytes can be had in one piece, to 64 KiB.
fn largest_block() -> usize {
    let (mut fits, mut fails) = (0_usize, 1 << 30);
    while fails - fits > 64 << 10 {
        let size = fits.midpoint(fails);
        let mut bytes: Vec<u8> = Vec::new();
        match bytes.try_reserve_exact(size) {
            Ok(()) => fits = size,
            Err(_) => fails = size,
        }
    }
    fits
}

/// Takes all memory in pieces of several sizes, each time anew.
fn exhaust() -> Result<(), String> {
    for size in [MIB, 300 << 10, 5000, 64, MIB] {
        let layout = Layout::from_size_align(size, 8).map_err(|error| error.to_string())?;
        // The pieces are their own list: there is no memory for another.
        let mut last: *mut *mut u8 = ptr::null_mut();
        let mut count = 0;
        loop {
            // SAFETY: the size is not zero.
            let piece: *mut *mut u8 = unsafe { alloc(layout) }.cast();
            if piece.is_null() {
                break;
            }
            // SAFETY: a piece holds a pointer.
            unsafe { piece.write(last.cast()) };
            last = piece;
            count += 1;
        }
        while !last.is_null() {
            // SAFETY: each piece leads to the one before it.
            let next = unsafe { last.read() }.cast();
            // SAFETY: it was allocated so.
            unsafe { dealloc(last.cast(), layout) };
            last = next;
        }
        println!("{count} pieces of {size}");
        if count * size < 5 * MIB {
            return Err("that was not all".into());
        }
    }
    Ok(())
}

/// Starts threads until one cannot be started, twice.
fn spawn() -> Result<(), String> {
    let counts = [(); 2].map(|()| threads());
    println!("{counts:?} threads");
    if counts[0] < 50 || counts[1] + 2 < counts[0] {
        return Err("threads did not come back".into());
    }
    Ok(())
}

/// Starts threads by the ABI: the library wants memory for a thread before it
/// asks for the thread, and takes no refusal.
fn threads() -> usize {
    IS_OPEN.store(0, Ordering::SeqCst);
    let mut threads: Vec<u32> = Vec::with_capacity(4000);
    // SAFETY: the function takes any argument.
    let start = || Some(unsafe { spawn2(wait, 0, 2, STACK, -1) }).filter(|thread| *thread != 0);
    threads.extend(iter::from_fn(start).take(4000));
    IS_OPEN.store(1, Ordering::SeqCst);
    // SAFETY: the word is alive for ever.
    unsafe { futex_wake(IS_OPEN.as_ptr(), i32::MAX) };
    for thread in &threads {
        // SAFETY: the call takes no address.
        unsafe { join(*thread) };
    }
    threads.len()
}

static IS_OPEN: AtomicU32 = AtomicU32::new(0);

extern "C" fn wait(_: usize) {
    while IS_OPEN.load(Ordering::SeqCst) == 0 {
        // SAFETY: the word is alive for ever.
        unsafe { futex_wait(IS_OPEN.as_ptr(), 0, ptr::null(), 0) };
    }
}

/// Maps until nothing can be mapped, twice.
fn map() -> Result<(), String> {
    let counts = [(); 2].map(|()| {
        let mut mappings: Vec<Mapping> = Vec::with_capacity(1000);
        mappings.extend(iter::from_fn(|| Mapping::new(MIB, 3).ok()).take(1000));
        mappings.len()
    });
    println!("{counts:?} mappings");
    if counts[0] == 0 || counts[0] == 1000 || counts[0] != counts[1] {
        return Err("memory did not come back".into());
    }
    Ok(())
}

/// Has threads allocate and map what others free.
fn share() -> Result<(), String> {
    const THREADS: usize = 8;
    let before = largest_block();
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..THREADS).map(|_| mpsc::channel::<Vec<u8>>()).unzip();
    let threads: Vec<_> = receivers
        .into_iter()
        .enumerate()
        .map(|(seed, receiver)| {
            let senders = senders.clone();
            thread::spawn(move || {
                for round in 0..400 {
                    let number = round * 131 + seed * 17;
                    let size = if number % 50 == 0 {
                        number * 97
                    } else {
                        1 + number % 900
                    };
                    let bytes = vec![number as u8; size.min(MIB)];
                    senders[number % THREADS].send(bytes).ok();
                    if round % 40 == 0 {
                        let pages =
                            Mapping::new(1 + number % (1 << 18), 3).expect("there is room");
                        pages.write(0, b"mine");
                    }
                    receiver.try_iter().for_each(check);
                }
                drop(senders);
                receiver.into_iter().for_each(check);
            })
        })
        .collect();
    drop(senders);
    for thread in threads {
        thread.join().map_err(|_| "a thread panicked")?;
    }
    let after = largest_block();
    println!("all came home; largest block {before}, then {after}");
    if after + 2 * MIB < before {
        return Err("memory did not come back".into());
    }
    Ok(())
}

fn check(bytes: Vec<u8>) {
    assert!(bytes.iter().step_by(61).all(|byte| *byte == bytes[0]));
}

/// Touches a new page of a stack when no memory is left: the end.
fn stack() -> Result<(), String> {
    // The stream's buffer needs memory, too.
    println!("memory goes");
    let ready = Arc::new(Barrier::new(2));
    let go = Arc::new(Barrier::new(2));
    let barriers = (Arc::clone(&ready), Arc::clone(&go));
    let thread = Builder::new().stack_size(MIB).spawn(move || {
        barriers.0.wait();
        barriers.1.wait();
        deepen(100)
    });
    let thread = thread.map_err(|error| error.to_string())?;
    ready.wait();
    let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(20_000);
    for size in [MIB, 1 << 19, 1 << 18, 1 << 16, 4096, 1024] {
        pieces.extend(iter::from_fn(|| {
            let mut piece = Vec::new();
            piece.try_reserve_exact(size).ok().map(|()| piece)
        }));
    }
    println!("all memory is taken");
    go.wait();
    let depth = thread.join().map_err(|_| "it panicked")?;
    Err(format!("there was a stack of {depth} pages"))
}

#[inline(never)]
fn deepen(depth: usize) -> usize {
    let page = black_box([depth as u8; 4096]);
    match depth {
        0 => 0,
        _ => deepen(depth - 1) + 1 + usize::from(page[7]) / 256,
    }
}
