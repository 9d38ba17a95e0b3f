//! Drivers that lie about what a server has said.

use std::fs;

use gate::hooks::LIE;

use super::EIO;
use crate::checks::{done, errno, same};
use crate::hooks::{HOSTFS, hook};

/// Tells one lie of the list by each channel; the volumes are at `/0`, `/1` and
/// so on.
pub fn run(lies: &str) -> Result<(), String> {
    let lies: Vec<&str> = lies.split(',').collect();
    for (channel, lie) in lies.iter().enumerate() {
        let file = format!("/{channel}/file-{channel}");
        done("write", fs::write(&file, "before the lie"))?;
        let number = lie.parse().map_err(|error| format!("{lie}: {error}"))?;
        hook(HOSTFS | LIE, channel, number);
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
        hook(HOSTFS | LIE, channel, NOISE | (seed + channel) << 8);
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
