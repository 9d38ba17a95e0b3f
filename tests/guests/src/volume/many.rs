//! Many files, and many threads.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::thread;

use super::pattern;
use crate::checks::{done, listed, same};

/// Makes, finds, lists and removes `count` files.
pub fn run(folder: &str, count: &str) -> Result<(), String> {
    let count: usize = count.parse().map_err(|error| format!("{error}"))?;
    let at = |number: usize| format!("{folder}/file-{number}");
    for number in 0..count {
        drop(done("make", File::create_new(at(number)))?);
    }
    let expected: BTreeSet<String> =
        (0..count).map(|number| format!("file-{number}")).collect();
    same("all are listed", listed(folder)? == expected, true)?;
    // One stays: the standard library takes an empty list for an error.
    for number in 1..count {
        done("remove", fs::remove_file(at(number)))?;
    }
    same(
        "all are gone",
        done("list", fs::read_dir(folder))?.count(),
        1,
    )?;
    done("remove", fs::remove_file(at(0)))
}

/// More threads than a channel has windows, each with files of its own, and all
/// with one to append to.
pub fn threads(folder: &str) -> Result<(), String> {
    const THREADS: u64 = 10;
    const ROUNDS: u64 = 8;
    let log = format!("{folder}/log");
    let work = |thread: u64| -> Result<(), String> {
        for round in 0..ROUNDS {
            let path = format!("{folder}/{thread}-{round}");
            let bytes = pattern(thread * 100 + round, 70_000);
            done("write", fs::write(&path, &bytes))?;
            same("content", done("read", fs::read(&path))? == bytes, true)?;
            let mut options = File::options();
            let mut file = done("log", options.append(true).create(true).open(&log))?;
            let line = format!("{thread}-{round}\n");
            done("log", std::io::Write::write_all(&mut file, line.as_bytes()))?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().map_err(|_| "a panic".to_owned())?)
    })?;
    let log = done("read", fs::read_to_string(&log))?;
    let lines: BTreeSet<&str> = log.lines().collect();
    same("no line is lost", lines.len() as u64, THREADS * ROUNDS)
}
