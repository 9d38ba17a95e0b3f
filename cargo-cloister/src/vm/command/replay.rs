//! A run as one line that a POSIX shell repeats, with nothing else needed.
//!
//! What QEMU reads beside the image is made by the line itself, in a folder of
//! its own that is gone when it ends: an older line does the same as ever,
//! whatever was run since. The program finds the end of its standard input, which
//! travels on the console and waits in a pipe: at the end of a file QEMU would
//! close the console, and the program's output with it. So the pipe is opened to
//! be read *and* written, and has no end.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::{Channels, arguments};
use crate::plain;
use crate::vm::{Error, Spec, VolumeDriver};

/// Stands for the file with the boot options, until the line is put together.
const OPTIONS: &str = "/dev/null/options";

/// The line that runs `spec` with QEMU's `program`.
pub fn replay(spec: &Spec, program: &Path) -> Result<String, Error> {
    if spec.volume_driver == VolumeDriver::Virtiofs && !spec.options.volumes.is_empty() {
        return Err(Error::VirtiofsReplay);
    }
    let channels = Channels::for_a_person(OPTIONS.into());
    let words = arguments(spec, &channels);
    let qemu = [shell_word(program.as_os_str())].into_iter();
    let qemu: Vec<String> = qemu.chain(words.iter().map(word)).collect();
    let options = octal(&spec.boot_file()?);
    Ok(format!(
        "(d=$(mktemp -d) && trap 'rm -r \"$d\"' EXIT && trap exit INT TERM && \
         mkfifo \"$d/stdin\" && printf '{options}' >\"$d/options\" && \
         {{ printf '\\000\\000' >&0 && {}; }} <>\"$d/stdin\")",
        qemu.join(" ")
    ))
}

/// A command as a line that a POSIX shell reads back.
pub fn shell_line(program: &Path, arguments: &[OsString]) -> String {
    let program = [shell_word(program.as_os_str())].into_iter();
    let words = program.chain(arguments.iter().map(|it| shell_word(it)));
    words.collect::<Vec<_>>().join(" ")
}

fn word(word: &OsString) -> String {
    match word == OPTIONS {
        true => "\"$d/options\"".to_owned(),
        false => shell_word(word),
    }
}

/// A word that a shell reads back to the byte, and that steers no terminal.
fn shell_word(word: &OsStr) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-+=.,:/@%".contains(byte);
    let bytes = word.as_bytes();
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return word.to_string_lossy().into_owned();
    }
    let mut quoted = String::from("'");
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\'' => quoted.push_str(r"'\''"),
                '\n' => quoted.push(letter),
                _ if plain::steers(letter) => {
                    printed(&mut quoted, letter.encode_utf8(&mut [0; 4]).as_bytes());
                }
                _ => quoted.push(letter),
            }
        }
        if !chunk.invalid().is_empty() {
            printed(&mut quoted, chunk.invalid());
        }
    }
    quoted.push('\'');
    quoted
}

/// Bytes that cannot stand in a line: the shell has them printed.
fn printed(quoted: &mut String, bytes: &[u8]) {
    quoted.push_str(&format!("'\"$(printf '{}')\"'", octal(bytes)));
}

/// Bytes as `printf` takes them: those that mean nothing to it or to a shell as
/// they are.
fn octal(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        let is_harmless = byte.is_ascii_alphanumeric() || b"_-+=.,:/@ ".contains(&byte);
        match is_harmless {
            true => text.push(char::from(byte)),
            false => write!(text, "\\{byte:03o}").expect("a string takes everything"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_every_word_back_and_sees_no_control_character() {
        for word in [
            &b""[..],
            b"plain",
            b"it's",
            b"a b\n$c `d` \"e\" \\",
            b"\x1b[2J\x7f",
            "\u{9b}\u{202e}\u{20ac}".as_bytes(),
            b"\xff\x00\xfe"[..1].as_ref(),
            b"%s\t",
        ] {
            let quoted = shell_word(&OsString::from_vec(word.to_vec()));
            let steers = |letter| plain::steers(letter) && letter != '\n';
            assert!(!quoted.contains(steers), "{quoted:?}");
            let line = format!("printf '%s' {quoted}");
            let output = Command::new("/bin/sh").args(["-c", &line]).output();
            assert_eq!(output.expect("a shell").stdout, word, "{quoted}");
        }
    }

    #[test]
    fn plain_words_stay_plain() {
        let word = |word: &str| shell_word(OsStr::new(word));
        assert_eq!(word("plain-word=1,x"), "plain-word=1,x");
        assert_eq!(word("two words"), "'two words'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }

    #[test]
    fn volumes_by_virtio_fs_are_no_matter_of_one_command() {
        let mut spec = Spec::new("i".into(), "p".into(), domains::Isolation::Mpk);
        spec.volume_driver = VolumeDriver::Virtiofs;
        assert!(replay(&spec, Path::new("qemu")).is_ok());
        spec.options.volumes = vec!["/:/a".parse().expect("a volume")];
        let refused = replay(&spec, Path::new("qemu"));
        assert!(matches!(refused, Err(Error::VirtiofsReplay)));
    }

    #[test]
    fn bytes_are_printed_as_they_are() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let line = format!("printf '{}'", octal(&bytes));
        let output = Command::new("/bin/sh").args(["-c", &line]).output();
        assert_eq!(output.expect("a shell").stdout, bytes);
    }
}
