//! Stacks that ended threads leave are memory that can be had.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread::{Builder, JoinHandle};

use super::numbers::leak;

const BLOCK: usize = 256 << 10;
const STACK: usize = 512 << 10;
const THREADS: usize = 48;
/// What the threads themselves leave: stacks of the kernel, and page tables.
const LEFT: usize = 8;

/// Counts the blocks that can be had, before and after threads that use as much
/// stack as a block have ended together.
pub fn run() -> Result<(), String> {
    let before = blocks();
    use_stacks()?;
    let after = blocks();
    println!("{before} blocks, then {after}");
    match after + LEFT >= before {
        true => Ok(()),
        false => Err("ended threads keep memory".to_owned()),
    }
}

/// How many blocks there are until one is refused.
fn blocks() -> usize {
    let block = || {
        let mut block = Vec::<u8>::new();
        block.try_reserve_exact(BLOCK).ok().map(|()| block)
    };
    let mut blocks = Vec::with_capacity(4096);
    blocks.extend(std::iter::from_fn(block));
    blocks.len()
}

fn use_stacks() -> Result<(), String> {
    let meeting: &Barrier = leak(Barrier::new(THREADS));
    let body = || {
        black_box([1_u8; BLOCK]);
        meeting.wait();
    };
    let spawn = |_| Builder::new().stack_size(STACK).spawn(body);
    let threads: Result<Vec<_>, _> = (0..THREADS).map(spawn).collect();
    let threads = threads.map_err(|error| error.to_string())?;
    let joined: Result<(), _> = threads.into_iter().try_for_each(JoinHandle::join);
    joined.map_err(|_| "a thread panicked".to_owned())
}
