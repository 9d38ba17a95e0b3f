//! Cells that lie about what a server has said.

use std::fs;

use gate::hooks::LIE;

use super::EIO;
use crate::checks::{done, errno, same};
use crate::hooks::{HOSTFS, hook};

/// Tells one lie of the list by each channel; the volumes are at `/0`, `/1` and
/// so on. The cell is started anew, and nobody sees it.
pub fn found_out(lies: &str) -> Result<(), String> {
    for_each(lies, |lie, file| {
        same(lie, done(lie, fs::read_to_string(file))?, CONTENT.into())?;
        done(lie, fs::write(file, "after the lie"))
    })
}

/// Messages by the first channel that mean nothing, again and again: the cell is
/// started anew for the first of them, and then the server is given up. Another one
/// is not.
pub fn for_ever() -> Result<(), String> {
    const KIND: usize = 6;
    let read = |place: &str| errno(fs::read(place));
    for file in ["/0/file", "/1/file"] {
        done(file, fs::write(file, CONTENT))?;
    }
    let mut lies = 0;
    while read("/0/file") == 0 && lies < 100 {
        hook(HOSTFS | LIE, 0, KIND);
        lies += 1;
    }
    println!("believed until lie {lies}");
    same("the liar", read("/0/file"), EIO)?;
    same("the other", read("/1/file"), 0)
}

/// The same lies, which nobody can find out, or whose cell is not started anew.
pub fn run(lies: &str) -> Result<(), String> {
    for_each(lies, |lie, file| {
        same(lie, errno(fs::read(file)), EIO)?;
        // From now on nothing is believed, and nothing waited for.
        same(lie, errno(fs::metadata(file)), EIO)?;
        same(lie, errno(fs::write(file, "x")), EIO)
    })
}

const CONTENT: &str = "before the lie";

/// Runs `test` with each lie that is told, and a file of the volume that it is about.
fn for_each(lies: &str, test: impl Fn(&str, &str) -> Result<(), String>) -> Result<(), String> {
    for (channel, lie) in lies.split(',').enumerate() {
        let file = format!("/{channel}/file-{channel}");
        done("write", fs::write(&file, CONTENT))?;
        let number = lie.parse().map_err(|error| format!("{lie}: {error}"))?;
        hook(HOSTFS | LIE, channel, number);
        test(&format!("lie {lie}"), &file)?;
    }
    Ok(())
}

/// Changes bytes of each reply by chance, again and again: what is found out ends it.
/// Operations may fail or not; the kernel goes on.
pub fn noise(folder: &str, seed: &str) -> Result<(), String> {
    const NOISE: usize = 10;
    let seed: usize = seed.parse().map_err(|error| format!("{error}"))?;
    for channel in 0..8 {
        let at = |name: &str| format!("{folder}{channel}/{name}");
        for round in 0..20 {
            hook(
                HOSTFS | LIE,
                channel,
                NOISE | (seed + 8 * round + channel) << 8,
            );
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
