//! The files that a Linux finds, as an archive of the kind `newc`.
//!
//! The kernel's own documentation has the form: a head of 110 letters, the name,
//! the content, both filled up to a multiple of four. Owners and times are all
//! zero, so that the same files give the same archive.

use std::fs;
use std::io;

use super::kernel::Kernel;
use crate::build::LinuxPrograms;

/// What everything is filled up to.
const ALIGNMENT: usize = 4;
/// Kinds and rights: a folder, a program, a file.
const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;
/// The name that ends an archive.
const END: &str = "TRAILER!!!";

/// An archive that is being written.
#[derive(Debug, Default)]
struct Archive {
    bytes: Vec<u8>,
    count: u32,
}

/// The first program, the servers, and the modules in their order.
pub(super) fn of(programs: &LinuxPrograms, kernel: &Kernel) -> io::Result<Vec<u8>> {
    let mut archive = Archive::default();
    archive.add("init", PROGRAM, &fs::read(&programs.init)?);
    archive.add("server", PROGRAM, &fs::read(&programs.server)?);
    archive.add("modules", FOLDER, &[]);
    for (number, module) in kernel.modules.iter().enumerate() {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let content = fs::read(module)?;
        archive.add(&format!("modules/{number}-{name}"), FILE, &content);
    }
    Ok(archive.finish())
}

impl Archive {
    fn add(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.count += 1;
        // Its number, kind, owner, group, links, time, size, device, device, the
        // size of its name with a zero, and a sum that this kind has not.
        let size = content.len() as u32;
        let name_size = name.len() as u32 + 1;
        let head = [self.count, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0];
        self.bytes.extend_from_slice(b"070701");
        for number in head {
            self.bytes.extend(format!("{number:08X}").bytes());
        }
        self.bytes.extend(name.bytes().chain([0]));
        self.fill();
        self.bytes.extend_from_slice(content);
        self.fill();
    }

    fn fill(&mut self) {
        let size = self.bytes.len().next_multiple_of(ALIGNMENT);
        self.bytes.resize(size, 0);
    }

    fn finish(mut self) -> Vec<u8> {
        self.add(END, 0, &[]);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, kind and content of each entry.
    fn read(mut bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut found = Vec::new();
        loop {
            assert!(bytes.starts_with(b"070701"));
            let number = |index: usize| {
                let digits = &bytes[6 + 8 * index..][..8];
                let digits = str::from_utf8(digits).expect("digits");
                u32::from_str_radix(digits, 16).expect("a number") as usize
            };
            let (mode, size, name_size) = (number(1), number(6), number(11));
            let name = &bytes[110..][..name_size - 1];
            assert_eq!(bytes[110 + name_size - 1], 0);
            let start = (110 + name_size).next_multiple_of(4);
            let content = bytes[start..][..size].to_vec();
            let name = String::from_utf8(name.to_vec()).expect("text");
            bytes = &bytes[(start + size).next_multiple_of(4)..];
            if name == END {
                assert!(bytes.is_empty());
                return found;
            }
            found.push((name, mode as u32, content));
        }
    }

    #[test]
    fn what_is_put_in_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).expect("a file");
            path
        };
        let programs = LinuxPrograms {
            init: file("first", "12345"),
            server: file("second", ""),
            target: "any",
        };
        let kernel = Kernel {
            package: String::new(),
            image: "vmlinuz".into(),
            modules: vec![file("b.ko", "b"), file("a.ko.xz", "aaaa")],
        };
        let bytes = of(&programs, &kernel).expect("all files are there");
        let entry = |name: &str, mode, content: &str| (name.to_owned(), mode, content.into());
        let expected = [
            entry("init", PROGRAM, "12345"),
            entry("server", PROGRAM, ""),
            entry("modules", FOLDER, ""),
            entry("modules/0-b.ko", FILE, "b"),
            entry("modules/1-a.ko.xz", FILE, "aaaa"),
        ];
        assert_eq!(read(&bytes), expected);
    }
}
