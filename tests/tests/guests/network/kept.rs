//! What the store keeps in a folder of this machine.
//!
//! Its machine ends as one does whose power fails: by a signal, and here also with an
//! entry of the file not written whole. What was told before is there the next time.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use domains::Isolation;
use libtest_mimic::{Failed, Trial};

use super::served::Served;
use super::servers::connect;
use crate::images::TOOL;
use crate::{Verdict, above_all_with_walls, ensure, trial};

/// An entry whose value never came, of the key that is set again behind it. It is
/// longer than what is then written over it.
const TORN: [&[u8]; 3] = [&[3, 0, 0, 0], &[0, 1, 0, 0], b"two, and more than is there"];

pub(super) fn trials() -> Vec<Trial> {
    let of_mode = |mode| {
        let name = format!("network::{mode}::kv_keeps_what_it_was_told");
        above_all_with_walls(mode, trial(name, move || kept(mode)))
    };
    Isolation::ALL.into_iter().map(of_mode).collect()
}

fn kept(mode: Isolation) -> Verdict {
    let folder = TOOL.scratch_file(&format!("kept-{mode}"));
    // It may be left from an earlier run, or not be there at all.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    says(
        mode,
        &folder,
        "SET one 1\r\nSET gone 0\r\n",
        "+OK\r\n+OK\r\n",
    )?;
    let mut file = OpenOptions::new()
        .append(true)
        .open(folder.join("kv.log"))?;
    file.write_all(&TORN.concat())?;
    says(
        mode,
        &folder,
        "GET one\r\nSET two 2\r\n",
        "$1\r\n1\r\n+OK\r\n",
    )?;
    says(
        mode,
        &folder,
        "GET one\r\nDEL gone\r\n",
        "$1\r\n1\r\n:1\r\n",
    )?;
    says(
        mode,
        &folder,
        "GET one\r\nGET two\r\nGET gone\r\n",
        "$1\r\n1\r\n$1\r\n2\r\n$-1\r\n",
    )
}

/// Starts the store, tells it `commands`, and ends it when it has replied.
fn says(mode: Isolation, folder: &Path, commands: &str, expected: &str) -> Verdict {
    let volume = format!("{}:/data:rw", folder.display());
    let served = Served::start("examples/kv", mode, 6379, &["--volume", &volume])?;
    let replies = told(connect(served.address)?, commands, expected.len())?;
    ensure(replies == expected, expected, &replies)?;
    served.end_well()
}

/// So many bytes of what it replies.
fn told(mut stream: TcpStream, commands: &str, size: usize) -> Result<String, Failed> {
    stream.write_all(commands.as_bytes())?;
    let mut replies = vec![0; size];
    stream.read_exact(&mut replies)?;
    Ok(String::from_utf8(replies)?)
}
