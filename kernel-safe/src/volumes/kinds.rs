//! What servers call kinds of files, in Linux' numbers.

use crate::files::system::Kind;

/// What a mode says that its file is.
pub fn of_mode(mode: u32) -> Kind {
    match mode >> 12 & 0xf {
        0o04 => Kind::Directory,
        0o10 => Kind::File,
        0o12 => Kind::Link,
        0o02 => Kind::Device,
        _ => Kind::Other,
    }
}

/// What an entry of a directory says that its file is, if it does.
pub fn of_entry(kind: u32) -> Option<Kind> {
    match kind {
        0 => None,
        _ => Some(of_mode(kind.saturating_mul(1 << 12))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_and_entries_have_the_same_numbers() {
        assert_eq!(of_mode(0o100_644), Kind::File);
        assert_eq!(of_mode(0o040_755), Kind::Directory);
        assert_eq!(of_mode(0o120_777), Kind::Link);
        assert_eq!(of_mode(0o020_666), Kind::Device);
        assert_eq!(of_mode(0o010_644), Kind::Other);
        assert_eq!(of_entry(0), None);
        assert_eq!(of_entry(4), Some(Kind::Directory));
        assert_eq!(of_entry(8), Some(Kind::File));
        assert_eq!(of_entry(10), Some(Kind::Link));
        assert_eq!(of_entry(u32::MAX), Some(Kind::Other));
    }
}
