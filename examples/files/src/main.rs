//! Reads files that travel in its image, and writes others beside them.
//!
//! `/texts` comes from the folder `rootfs` of this package: the program counts
//! its words and notes the counts in `/texts/counts`, which is in memory and ends
//! with the program. What came with the image cannot be changed.

use std::fs::{self, File};
use std::io::{self, Write};

fn main() -> io::Result<()> {
    let mut counts = File::create("/texts/counts")?;
    for entry in fs::read_dir("/texts")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let words = fs::read_to_string(&path)?.split_whitespace().count();
            writeln!(counts, "{}: {words} words", path.display())?;
        }
    }
    drop(counts);
    print!("{}", fs::read_to_string("/texts/counts")?);
    let refused = fs::write("/texts/gate.txt", "open").expect_err("it came with the image");
    println!("/texts/gate.txt stays as it is: {refused}");
    println!("/texts holds {} files", fs::read_dir("/texts")?.count());
    fs::remove_file("/texts/counts")
}
