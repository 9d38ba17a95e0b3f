//! Standard streams that several threads use at once, past std's locks.

use std::io::{Read, stdin};
use std::thread;

use hermit_abi::{STDERR_FILENO, STDOUT_FILENO, write};

/// The threads that write, and where to.
const WRITERS: [i32; 4] = [STDOUT_FILENO, STDERR_FILENO, STDOUT_FILENO, STDOUT_FILENO];
/// How often each writes, and how many lines a time.
const BLOCKS: usize = 80;
const LINES: usize = 100;

/// Writes numbered lines from several threads, while another reads all input.
pub fn run() -> Result<(), String> {
    let reader = thread::spawn(|| stdin().lock().read_to_end(&mut Vec::new()));
    let writers = WRITERS.into_iter().enumerate();
    let writers = writers.map(|(name, target)| thread::spawn(move || pour(name, target)));
    let writers: Vec<_> = writers.collect();
    for writer in writers {
        writer.join().map_err(|_| "a writer has panicked")??;
    }
    let read = reader.join().map_err(|_| "the reader has panicked")?;
    let size = read.map_err(|error| error.to_string())?;
    println!("{size} bytes were read");
    Ok(())
}

/// Writes all lines of the thread called `name`.
fn pour(name: usize, target: i32) -> Result<(), String> {
    for block in 0..BLOCKS {
        let lines = block * LINES..(block + 1) * LINES;
        let lines: String = lines
            .map(|line| format!("{name} {line} {:.>40}\n", "."))
            .collect();
        // SAFETY: the bytes are there, and as many.
        let written = unsafe { write(target, lines.as_ptr(), lines.len()) };
        if usize::try_from(written) != Ok(lines.len()) {
            return Err(format!("{written} of {} bytes were written", lines.len()));
        }
    }
    Ok(())
}
