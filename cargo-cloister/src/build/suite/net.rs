//! The tests of std's network, as a program outside of std.
//!
//! They stand inside std, which cannot be built for a guest with its tests. All but
//! a line of them use only what is public: so they are copied, and where they name
//! the crate that they are in, they name std.

use std::fs;
use std::path::{Path, PathBuf};

use crate::build::BuildError;
use crate::build::folders;

/// The program's name.
const NAME: &str = "net";

/// Its parts: their modules, and their files below the library's source.
const PARTS: [(&str, &str); 6] = [
    ("test", "std/src/net/test.rs"),
    ("tcp", "std/src/net/tcp/tests.rs"),
    ("udp", "std/src/net/udp/tests.rs"),
    ("socket_addr", "std/src/net/socket_addr/tests.rs"),
    ("ip_addr", "std/src/net/ip_addr/tests.rs"),
    ("lookup", "std/src/sys/net/connection/socket/tests.rs"),
];

/// The features of std that they use.
const FEATURES: &str = "borrowed_buf_init, can_vector, core_io_borrowed_buf, \
    io_error_uncategorized, ip, read_buf, tcp_linger";

/// What has to be said otherwise outside of std, in this order.
const CHANGES: [(&str, &str); 6] = [
    ("crate::net::test::", "super::test::"),
    // The guest is no Unix, but has its descriptors.
    (
        "#[cfg(any(unix, target_os = \"wasi\"))]",
        "#[cfg(not(windows))]",
    ),
    (
        "udpsock.0.socket().as_raw()",
        "std::os::fd::AsRawFd::as_raw_fd(&udpsock)",
    ),
    ("use super::*;\n", ""),
    (
        "lookup_host(\"localhost\", 0)",
        "std::net::ToSocketAddrs::to_socket_addrs(&(\"localhost\", 0))",
    ),
    ("crate::", "std::"),
];

/// Writes the program to `folder`; its name and its file.
pub(super) fn program(library: &Path, folder: &Path) -> Result<(String, PathBuf), BuildError> {
    let mut text = format!("#![allow(warnings)]\n#![feature({FEATURES})]\n");
    for (module, file) in PARTS {
        let path = library.join(file);
        let part = fs::read_to_string(&path).map_err(BuildError::io("read", &path))?;
        text.push_str(&format!("\nmod {module} {{\n{}}}\n", outside(&part)));
    }
    let path = folder.join(format!("{NAME}.rs"));
    if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
        folders::install(&path, text.as_bytes())?;
    }
    Ok((NAME.into(), path))
}

/// A part as it is outside of std.
fn outside(part: &str) -> String {
    let mut text = part.replace("#![allow(warnings)]", "");
    for (inside, outside) in CHANGES {
        text = text.replace(inside, outside);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_std_is_said_from_outside() {
        let part = "use crate::net::test::sa4;\nuse crate::net::*;\nuse super::*;\nfn f() {}\n";
        let text = "use super::test::sa4;\nuse std::net::*;\nfn f() {}\n";
        assert_eq!(outside(part), text);
    }

    #[test]
    fn the_parts_become_one_program() {
        let library = tempfile::tempdir().expect("a folder");
        for (module, file) in PARTS {
            let path = library.path().join(file);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(path, format!("// {module}\n")).expect("a file");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (name, path) = program(library.path(), folder.path()).expect("they are there");
        let text = fs::read_to_string(path).expect("it was written");
        assert_eq!(name, NAME);
        for (module, _) in PARTS {
            assert!(text.contains(&format!("mod {module} {{\n// {module}\n}}\n")));
        }
    }
}
