//! Counts the words of texts: those that travel in its image, or those in the
//! folder that it is given.
//!
//! `/texts` comes from the folder `rootfs` of this package: the program notes its
//! counts in `/texts/counts`, which is in memory and ends with the program. What
//! came with the image cannot be changed.

use std::fs::{self, File};
use std::io::{self, Write};

fn main() -> io::Result<()> {
    match std::env::args().nth(1) {
        Some(folder) => count_words(&folder, &mut io::stdout()),
        None => texts_of_image(),
    }
}

fn texts_of_image() -> io::Result<()> {
    count_words("/texts", &mut File::create("/texts/counts")?)?;
    print!("{}", fs::read_to_string("/texts/counts")?);
    let refused = fs::write("/texts/gate.txt", "open").expect_err("it came with the image");
    println!("/texts/gate.txt stays as it is: {refused}");
    println!("/texts holds {} files", fs::read_dir("/texts")?.count());
    fs::remove_file("/texts/counts")
}

/// Writes how many words each text of `folder` has.
fn count_words(folder: &str, counts: &mut impl Write) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_text = |extension| extension == "txt" || extension == "md";
        if path.extension().is_some_and(is_text) {
            let words = fs::read_to_string(&path)?.split_whitespace().count();
            writeln!(counts, "{}: {words} words", path.display())?;
        }
    }
    Ok(())
}
