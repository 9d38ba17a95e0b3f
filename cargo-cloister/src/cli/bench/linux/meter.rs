//! Counts of a guest that runs, asked of QEMU's plugin.
//!
//! Asking costs the guest nothing: a thread of QEMU's answers. Both moments of a
//! series are alike, the last request just answered and nothing under way, so what
//! the guest still does after an answer is missing at the end as it is too much at
//! the beginning.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Where the plugin will connect to.
#[derive(Debug)]
pub(super) struct Waiting(UnixListener);

/// A plugin that answers.
#[derive(Debug)]
pub(super) struct Meter(BufReader<UnixStream>);

/// What was counted until a moment, on all CPUs together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(super) struct Reading {
    instructions: Vec<u64>,
    pub(super) halts: u64,
    pub(super) calls_safe: u64,
    pub(super) calls_cells: u64,
    /// How many instructions came before the kernel's first.
    #[serde(default)]
    entered: u64,
}

impl Waiting {
    /// Listens at `path`, before QEMU is started.
    pub(super) fn at(path: &Path) -> io::Result<Waiting> {
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        Ok(Waiting(listener))
    }

    /// The plugin of a QEMU that runs: it has connected before its guest began.
    pub(super) fn meter(&self) -> io::Result<Meter> {
        let (stream, _) = self.0.accept()?;
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Meter(BufReader::new(stream)))
    }
}

impl Meter {
    /// What was counted until now.
    pub(super) fn read(&mut self) -> io::Result<Reading> {
        self.0.get_mut().write_all(b"?")?;
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        serde_json::from_str(&line).map_err(io::Error::other)
    }
}

impl Reading {
    /// Instructions since the kernel's first.
    pub(super) fn since_entry(&self) -> u64 {
        self.instructions().saturating_sub(self.entered)
    }

    /// Instructions of all CPUs.
    pub(super) fn instructions(&self) -> u64 {
        self.instructions.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::thread;

    use super::*;

    const LINE: &str = "{\"instructions\":[100,20],\"calls_safe\":9,\"calls_cells\":4,\
                        \"core_calls\":2,\"core_exits\":5,\"wrpkru\":26,\"string\":30,\
                        \"halts\":7,\"entered\":50,\"bounds\":[0,0]}\n";

    #[test]
    fn the_plugins_answers_are_understood() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ask");
        let waiting = Waiting::at(&path).expect("a socket");
        assert!(waiting.meter().is_err(), "nobody has connected");
        let mut plugin = UnixStream::connect(&path).expect("somebody listens");
        let plugin = thread::spawn(move || {
            let mut question = [0];
            while plugin.read_exact(&mut question).is_ok() {
                plugin.write_all(LINE.as_bytes()).expect("somebody reads");
            }
        });
        let mut meter = waiting.meter().expect("it has connected");
        for _ in 0..2 {
            let reading = meter.read().expect("an answer");
            assert_eq!((reading.instructions(), reading.since_entry()), (120, 70));
            assert_eq!((reading.halts, reading.calls_safe), (7, 9));
        }
        drop(meter);
        plugin.join().expect("it ends with its asker");
    }
}
