//! Paths: text of the application, and how it falls into names.

use alloc::vec::Vec;

use domains::layout::PAGE_SIZE;
use gate::user::UserSlice;

use super::system::NAME_MAX;
use crate::errno::Errno;

/// The most bytes of a path, the zero byte at its end included.
pub const PATH_MAX: usize = 4096;

/// How much is copied at once: most paths are short.
const PIECE: usize = 64;

/// Copies the path that the application alleges to have at `address`.
///
/// # Errors
///
/// It is not there, empty, or too long.
pub fn copy(address: usize) -> Result<Vec<u8>, Errno> {
    let mut path = Vec::new();
    let mut at = address;
    loop {
        let mut piece = [0; PIECE];
        // Behind the end of the text there may be a page that is not mapped.
        let to_page_end = PAGE_SIZE as usize - at % PAGE_SIZE as usize;
        let piece = piece
            .get_mut(..PIECE.min(to_page_end))
            .ok_or(Errno::Invalid)?;
        UserSlice::new(at, piece.len()).read(piece)?;
        let end = piece.iter().position(|byte| *byte == 0);
        append(
            &mut path,
            piece.get(..end.unwrap_or(piece.len())).unwrap_or(&[]),
        )?;
        if end.is_some() {
            break;
        }
        at = at.checked_add(piece.len()).ok_or(Errno::BadAddress)?;
    }
    if path.is_empty() {
        Err(Errno::NotFound)
    } else {
        Ok(path)
    }
}

/// Appends `bytes` to a path.
///
/// # Errors
///
/// It becomes too long, or memory is short.
pub fn append(path: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Errno> {
    if path.len().saturating_add(bytes.len()) >= PATH_MAX {
        return Err(Errno::NameTooLong);
    }
    path.try_reserve(bytes.len())?;
    path.extend_from_slice(bytes);
    Ok(())
}

/// The first name of `path` and what is behind it; none if there is none.
pub fn first(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = path.iter().position(|byte| *byte != b'/')?;
    let path = path.get(start..)?;
    let end = path.iter().position(|byte| *byte == b'/');
    path.split_at_checked(end.unwrap_or(path.len()))
}

/// Whether a path says, by a slash at its end, that it is a directory's.
pub fn is_of_directory(path: &[u8]) -> bool {
    path.last() == Some(&b'/')
}

/// A path, taken apart before its last name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Split<'a> {
    /// What is before the last name.
    pub directory: &'a [u8],
    /// The last name; none if the path is the root's.
    pub name: Option<&'a [u8]>,
}

/// Takes a path apart before its last name.
pub fn split(path: &[u8]) -> Split<'_> {
    let end = path.iter().rposition(|byte| *byte != b'/');
    let Some((path, _)) = end.and_then(|end| path.split_at_checked(end.checked_add(1)?)) else {
        return Split {
            directory: path,
            name: None,
        };
    };
    let start = path.iter().rposition(|byte| *byte == b'/');
    let start = start.map_or(0, |slash| slash.saturating_add(1));
    let (directory, name) = path.split_at_checked(start).unwrap_or((&[], path));
    Split {
        directory,
        name: Some(name),
    }
}

/// Refuses a name that is too long.
///
/// # Errors
///
/// It is.
pub fn check_name(name: &[u8]) -> Result<(), Errno> {
    if name.len() <= NAME_MAX {
        Ok(())
    } else {
        Err(Errno::NameTooLong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(mut path: &[u8]) -> Vec<&[u8]> {
        let mut names = Vec::new();
        while let Some((name, rest)) = first(path) {
            names.push(name);
            path = rest;
        }
        names
    }

    #[test]
    fn slashes_only_separate() {
        assert_eq!(names(b"/a//bc/d/"), [&b"a"[..], b"bc", b"d"]);
        assert_eq!(names(b"a"), [b"a"]);
        assert!(names(b"///").is_empty());
        assert!(names(b"").is_empty());
    }

    #[test]
    fn the_last_name_is_split_off() {
        for (path, directory, name) in [
            (&b"/a/b"[..], &b"/a/"[..], Some(&b"b"[..])),
            (b"b", b"", Some(b"b")),
            (b"/b//", b"/", Some(b"b")),
            (b"//", b"//", None),
            (b"a/..", b"a/", Some(b"..")),
        ] {
            assert_eq!(split(path), Split { directory, name });
        }
    }

    #[test]
    fn a_path_has_an_end() {
        let mut path = Vec::new();
        assert_eq!(append(&mut path, &[b'x'; PATH_MAX - 1]), Ok(()));
        assert_eq!(append(&mut path, b"x"), Err(Errno::NameTooLong));
        assert_eq!(check_name(&[b'x'; 256]), Err(Errno::NameTooLong));
        assert_eq!(copy(8), Err(Errno::BadAddress));
    }
}
