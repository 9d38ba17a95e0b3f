//! What reading and writing costs, in instructions for a kibibyte.
//!
//! With time counted in instructions, a guest that waits for the host spends
//! none. The copy itself is measured beside it, as the same instruction does it,
//! and taken off.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use gate::clock;

use super::empty;
use crate::checks::done;

const PIECE: usize = 64 << 10;
const PIECES: u64 = 16;
const KIB: u64 = PIECES * PIECE as u64 / 1024;

pub fn run(folder: &str) -> Result<(), String> {
    let path = format!("{folder}/cost");
    let mut file = empty(&path)?;
    let mut buffer = vec![1; PIECE];
    pass(&mut file, |file| file.write_all(&buffer))?;
    let write = pass(&mut file, |file| file.write_all(&buffer))?;
    let read = pass(&mut file, |file| file.read_exact(&mut buffer))?;
    let copy = copies(&mut buffer);
    let beyond = |ticks: u64| ticks.saturating_sub(copy) as f64 / KIB as f64;
    println!("copy  {:8.1}", copy as f64 / KIB as f64);
    println!("write {:8.1} beyond the copy", beyond(write));
    println!("read  {:8.1} beyond the copy", beyond(read));
    done("remove", std::fs::remove_file(&path))
}

fn pass(
    file: &mut File,
    mut step: impl FnMut(&mut File) -> std::io::Result<()>,
) -> Result<u64, String> {
    done("seek", file.seek(SeekFrom::Start(0)))?;
    let start = clock::ticks();
    for _ in 0..PIECES {
        done("transfer", step(file))?;
    }
    Ok(clock::ticks() - start)
}

/// The ticks of as many bytes, copied by the instruction that the kernel uses.
fn copies(buffer: &mut [u8]) -> u64 {
    let mut target = vec![0_u8; buffer.len()];
    let start = clock::ticks();
    for _ in 0..PIECES {
        // SAFETY: both are as long as what is copied, and do not overlap.
        unsafe {
            std::arch::asm!(
                "rep movsb",
                inout("rdi") target.as_mut_ptr() => _,
                inout("rsi") buffer.as_ptr() => _,
                inout("rcx") buffer.len() => _,
                options(nostack, preserves_flags),
            );
        }
    }
    let ticks = clock::ticks() - start;
    buffer.copy_from_slice(&target);
    ticks
}
