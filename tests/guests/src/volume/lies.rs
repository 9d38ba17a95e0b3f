//! Drivers that lie about what a server has said.

use std::time::{Duration, Instant};
use std::{fs, thread};

use gate::hooks::{IN_DRIVER, LIE};

use crate::checks::{done, errno, same};
use crate::hooks::hook;

const EIO: i32 = 5;

/// Tells one lie of the list by each channel; the volumes are at `/0`, `/1` and
/// so on.
pub fn run(lies: &str) -> Result<(), String> {
    let lies: Vec<&str> = lies.split(',').collect();
    for (channel, lie) in lies.iter().enumerate() {
        let file = format!("/{channel}/file-{channel}");
        done("write", fs::write(&file, "before the lie"))?;
        let number = lie.parse().map_err(|error| format!("{lie}: {error}"))?;
        hook(IN_DRIVER | LIE, channel, number);
        let what = format!("lie {lie}");
        same(&what, errno(fs::read(&file)), EIO)?;
        // From now on nothing is believed, and nothing waited for.
        same(&what, errno(fs::metadata(&file)), EIO)?;
        same(&what, errno(fs::write(&file, "x")), EIO)?;
    }
    Ok(())
}

/// Changes bytes of each reply by chance. Operations may fail or not; the
/// kernel goes on.
pub fn noise(folder: &str, seed: &str) -> Result<(), String> {
    const NOISE: usize = 10;
    let seed: usize = seed.parse().map_err(|error| format!("{error}"))?;
    for channel in 0..8 {
        hook(IN_DRIVER | LIE, channel, NOISE | (seed + channel) << 8);
        let at = |name: &str| format!("{folder}{channel}/{name}");
        for round in 0..20 {
            let name = at(&format!("f{round}"));
            let _ = fs::write(&name, vec![1; 5000]);
            let _ = fs::read(&name);
            let _ = fs::metadata(&name);
            let _ = fs::read_dir(at("")).map(|entries| entries.take(100).count());
            let _ = fs::remove_file(&name);
        }
    }
    Ok(())
}

/// A driver that makes its device interrupt whenever it is asked: how long no
/// other thread runs. It may take `delay` milliseconds for each look.
pub fn storm(folder: &str, delay: usize) -> Result<(), String> {
    const STORM: usize = 16;
    let file = format!("{folder}/file");
    done("write", fs::write(&file, "before the storm"))?;
    hook(IN_DRIVER | LIE, 0, STORM | delay << 8);
    let name = file.clone();
    let reader = thread::spawn(move || fs::read(name).map(|bytes| bytes.len()));
    let start = Instant::now();
    let (mut last, mut longest, mut turns) = (start, Duration::ZERO, 0_u64);
    while !reader.is_finished() && start.elapsed() < Duration::from_secs(40) {
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
        turns += 1;
        if turns % 1000 == 0 {
            thread::yield_now();
        }
    }
    let passed = start.elapsed();
    let read = reader.is_finished().then(|| reader.join());
    println!("longest {longest:?} of {passed:?}, {turns} turns, {read:?}");
    match longest < Duration::from_secs(1) {
        true => Ok(()),
        false => Err(format!("others did not run for {longest:?}")),
    }
}

/// Drivers that fail while a thread waits for a reply which they do not pass on:
/// it gets its error at once.
pub fn abandoned(folder: &str) -> Result<(), String> {
    const SILENCE: usize = 8;
    let file = format!("{folder}/file");
    done("write", fs::write(&file, "before"))?;
    hook(IN_DRIVER | LIE, 0, SILENCE);
    let reader = thread::spawn(move || fs::read(file).map(|bytes| bytes.len()));
    thread::sleep(Duration::from_millis(500));
    // They are gone.
    let answer = hook(gate::hooks::LOAD | IN_DRIVER, 8, 0);
    println!("the drivers' last answer: {answer}");
    let start = Instant::now();
    while !reader.is_finished() && start.elapsed() < Duration::from_secs(15) {
        thread::sleep(Duration::from_millis(10));
    }
    match reader.is_finished() {
        true => Ok(()),
        false => Err(format!("still waiting after {:?}", start.elapsed())),
    }
}
