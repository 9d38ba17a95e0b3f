//! What servers of the host's files answer.

use kernel_safe::errno::Errno;
use kernel_safe::files::system::{Dirent, Entries, NAME_MAX};
use kernel_safe::volumes::bytes::{Failure, Reply};
use kernel_safe::volumes::fuse::message as fuse_message;
use kernel_safe::volumes::listing::Listed;
use kernel_safe::volumes::ninep::message as ninep_message;

use super::{about, seen};
use crate::target::Seen;

/// Entries of a directory, as they are passed on: each has a name that can be one.
#[derive(Default)]
struct Passed(usize);

impl Entries for Passed {
    fn add(&mut self, entry: &Dirent<'_>) -> Result<(), Errno> {
        let name = entry.name;
        assert!((1..=NAME_MAX).contains(&name.len()));
        assert!(!name.contains(&b'/') && !name.contains(&0));
        assert!(name != b"." && name != b"..");
        self.0 += 1;
        Ok(())
    }
}

/// How many entries a list has that are passed on; none if it is malformed.
fn passed(listed: Listed<'_>, size: usize) -> Option<usize> {
    let mut passed = Passed::default();
    let next = listed.give_to(&mut passed).ok()?;
    next.expect("there is room for all");
    assert!(passed.0 <= size, "each takes some bytes");
    Some(passed.0)
}

/// The first byte says to which kind of request the rest is the reply.
pub fn ninep(bytes: &[u8]) -> Seen {
    use ninep_message::{agreed, body, listed, metadata, opened, read_text, walked};
    let Some((kind, bytes)) = bytes.split_first() else {
        return seen(0);
    };
    let reply = match body(bytes, bytes.len(), *kind, 7) {
        Ok(reply) => reply,
        Err(Failure::Malformed) => return seen(1),
        Err(Failure::Refused(errno)) => return seen((2, errno as i64)),
    };
    let rest = { reply }.rest();
    let counted = { reply }.count(rest.len());
    assert!(counted.is_err() || counted.is_ok_and(|count| count <= rest.len()));
    let text = read_text(&mut { reply });
    assert!(text.is_err() || text.is_ok_and(|text| text.len() <= rest.len()));
    seen((
        *kind,
        agreed(reply).is_ok(),
        walked(reply).is_ok(),
        opened(reply).map(|qid| qid.kind as u8).ok(),
        metadata(reply, 1)
            .map(|found| (found.kind as u8, found.mode <= 0o7777))
            .ok(),
        passed(listed(rest), rest.len()).map(about),
        text.is_ok(),
    ))
}

/// A reply of FUSE, read as the answer to whatever may have been asked.
pub fn fuse(bytes: &[u8]) -> Seen {
    use fuse_message::{agreed, body, found, listed, metadata, opened};
    let reply: Reply<'_> = match body(bytes, bytes.len(), 2) {
        Ok(reply) => reply,
        Err(Failure::Malformed) => return seen(1),
        Err(Failure::Refused(errno)) => return seen((2, errno as i64)),
    };
    let size = { reply }.rest().len();
    let counted = { reply }.count(size);
    assert!(counted.is_err() || counted.is_ok_and(|count| count <= size));
    seen((
        agreed(reply).is_ok(),
        found(&mut { reply })
            .map(|(_, identity)| identity.kind as u8)
            .ok(),
        opened(&mut { reply }).is_ok(),
        metadata(reply, 1)
            .map(|found| (found.kind as u8, found.mode <= 0o7777))
            .ok(),
        passed(listed(reply), size).map(about),
    ))
}
