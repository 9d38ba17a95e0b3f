//! Words of QEMU, of libtest and of guests, and a tar file.

use tar::{Builder, EntryType, Header};

use super::Seed;

pub(super) fn all() -> Vec<Seed> {
    vec![
        ("blame", "a-port", BLAMED[0].into()),
        ("blame", "a-tap", BLAMED[1].into()),
        ("blame", "a-socket", BLAMED[2].into()),
        ("blame", "a-capture", BLAMED[3].into()),
        ("libtest", "two-tests", LIBTEST.into()),
        ("libtest-list", "a-test", LIST.into()),
        (
            "lines",
            "some",
            "one\r\ntw\u{20ac}o\n\nthree\u{1b}[31m".into(),
        ),
        ("tar", "files-and-links", tar()),
        (
            "versions",
            "debian-12",
            b"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)".into(),
        ),
        (
            "versions",
            "a-package",
            b"1:10.0.2+ds-2+deb13u1~bpo12+1".into(),
        ),
    ]
}

const BLAMED: [&str; 4] = [
    "qemu-system-x86_64: -netdev user,id=net: Could not set up host forwarding rule \
     'tcp:127.0.0.1:8080-:80'",
    "could not configure /dev/net/tun (tap0): Device or resource busy; and so on",
    "can't bind unix=/tmp/peer.guest to socket: Permission denied",
    "net dump: can't open /tmp/capture: No such file or directory",
];

const LIBTEST: &str = "before{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": 2 }\n\
    { \"type\": \"test\", \"event\": \"started\", \"name\": \"a::b\" }\n\
    what it prints { \"type\": \"none\n\
    { \"type\": \"test\", \"name\": \"a::b\", \"event\": \"failed\", \"message\": \"why\" }\n";

const LIST: &str = "{ \"type\": \"test\", \"event\": \"discovered\", \"name\": \"a::b\", \
    \"ignore\": true, \"ignore_message\": \"says \"no\"\", \"source_path\": \"src/lib.rs\", \
    \"start_line\": 1, \"start_col\": 2, \"end_line\": 1, \"end_col\": 3 }\n";

/// A folder, a file in it, and a link of either kind to that.
fn tar() -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, content) in [
        ("d/", EntryType::Directory, ""),
        ("d/file", EntryType::Regular, "content"),
        ("hard", EntryType::Link, "d/file"),
        ("soft", EntryType::Symlink, "d/file"),
    ] {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o640);
        header.set_mtime(7);
        let is_link = matches!(kind, EntryType::Link | EntryType::Symlink);
        let (size, target) = if is_link {
            (0, content)
        } else {
            (content.len(), "")
        };
        header.set_size(size as u64);
        header.set_path(name).expect("it is short");
        if is_link {
            header.set_link_name(target).expect("it is short");
        }
        header.set_cksum();
        let appended = builder.append(&header, &content.as_bytes()[..size]);
        appended.expect("it is in memory");
    }
    builder.into_inner().expect("it is in memory")
}
