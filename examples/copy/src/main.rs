//! Copies a folder with all that is in it, and says how much that was.
//!
//! `cargo cloister run examples/copy --volume docs:/in:ro --volume out:/out:rw -- /in /out`

use std::error::Error;
use std::fs;
use std::io;
use std::path::Path;

/// How much was copied.
#[derive(Default)]
struct Copied {
    files: u64,
    bytes: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = &words[..] else {
        return Err("usage: copy FROM TO".into());
    };
    let mut copied = Copied::default();
    copy(from.as_ref(), to.as_ref(), &mut copied)?;
    println!("{} files, {} bytes", copied.files, copied.bytes);
    Ok(())
}

fn copy(from: &Path, to: &Path, copied: &mut Copied) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target, copied)?;
        } else {
            copied.bytes += fs::copy(entry.path(), target)?;
            copied.files += 1;
        }
    }
    Ok(())
}
