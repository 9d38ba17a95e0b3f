//! Names inside a message, where one may lead on to a part of an earlier one.

use super::super::host::Host;

/// The message is not as the standard has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

/// The most bytes of a name, but for the one of the root.
const NAME_MAX: usize = 254;
/// How often a name may lead on to another: it has no more labels than that.
const JUMPS_MAX: usize = 127;
/// The upper bits of a byte that leads on, and the rest of it.
const POINTER: u8 = 0b11;
const OFFSET: usize = 0x3fff;

/// The number of two bytes at a place.
pub(super) fn word(message: &[u8], at: usize) -> Result<u16, Malformed> {
    let bytes = message.get(at..).and_then(<[u8]>::first_chunk);
    bytes.copied().map(u16::from_be_bytes).ok_or(Malformed)
}

/// The number of four bytes at a place.
pub(super) fn double_word(message: &[u8], at: usize) -> Result<u32, Malformed> {
    let bytes = message.get(at..).and_then(<[u8]>::first_chunk);
    bytes.copied().map(u32::from_be_bytes).ok_or(Malformed)
}

/// A name in a message, which may be none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct WireName<'m> {
    message: &'m [u8],
    at: usize,
}

impl<'m> WireName<'m> {
    /// The name that begins at a place.
    pub(super) fn new(message: &'m [u8], at: usize) -> WireName<'m> {
        WireName { message, at }
    }

    /// Where what stands behind it begins; all of it is looked at.
    pub(super) fn end(&self) -> Result<usize, Malformed> {
        let mut labels = self.labels();
        while labels.next()?.is_some() {}
        Ok(labels.end)
    }

    /// Whether it is the name of `host`.
    pub(super) fn is(&self, host: &Host) -> bool {
        let mut labels = self.labels();
        host.labels().all(|label| {
            let found = labels.next();
            matches!(found, Ok(Some(found)) if found.eq_ignore_ascii_case(label.as_bytes()))
        }) && labels.next() == Ok(None)
    }

    /// Whether it is the same name as another.
    pub(super) fn is_same(&self, other: &WireName<'_>) -> bool {
        let (mut labels, mut others) = (self.labels(), other.labels());
        loop {
            match (labels.next(), others.next()) {
                (Ok(None), Ok(None)) => return true,
                (Ok(Some(one)), Ok(Some(other))) if one.eq_ignore_ascii_case(other) => (),
                _ => return false,
            }
        }
    }

    fn labels(&self) -> Labels<'m> {
        Labels {
            message: self.message,
            at: self.at,
            end: self.at,
            bound: self.at,
            left: NAME_MAX,
            jumps: 0,
        }
    }
}

/// The labels of a name, one after the other.
#[derive(Debug)]
struct Labels<'m> {
    message: &'m [u8],
    at: usize,
    /// Where what stands behind the name begins, as far as it was read.
    end: usize,
    /// What the name may lead on to begins below this.
    bound: usize,
    /// How many bytes it may still have.
    left: usize,
    jumps: usize,
}

impl<'m> Labels<'m> {
    /// The next label; none for the root's, which is the last.
    fn next(&mut self) -> Result<Option<&'m [u8]>, Malformed> {
        loop {
            let head = *self.message.get(self.at).ok_or(Malformed)?;
            match head >> 6 {
                0 => return self.label(usize::from(head)),
                POINTER => self.jump()?,
                _ => return Err(Malformed),
            }
        }
    }

    fn label(&mut self, size: usize) -> Result<Option<&'m [u8]>, Malformed> {
        let rest = self.message.get(self.at..).and_then(|rest| rest.get(1..));
        let label = rest.and_then(|rest| rest.get(..size)).ok_or(Malformed)?;
        self.read(1 + size);
        if label.is_empty() {
            return Ok(None);
        }
        self.left = self.left.checked_sub(1 + size).ok_or(Malformed)?;
        Ok(Some(label))
    }

    /// Goes on where two bytes lead: further to the front each time, so there is an end.
    fn jump(&mut self) -> Result<(), Malformed> {
        let target = usize::from(word(self.message, self.at)?) & OFFSET;
        if target >= self.bound || self.jumps == JUMPS_MAX {
            return Err(Malformed);
        }
        self.read(2);
        self.jumps += 1;
        (self.at, self.bound) = (target, target);
        Ok(())
    }

    /// Passes bytes that are in the message.
    fn read(&mut self, size: usize) {
        self.at += size;
        if self.jumps == 0 {
            self.end = self.at;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn host(name: &str) -> Host {
        Host::new(name).expect("a name")
    }

    #[test]
    fn a_name_is_labels_and_ends_at_the_root() {
        let message = b"..\x01a\x07Example\0rest";
        let name = WireName::new(message, 2);
        assert_eq!(name.end(), Ok(13));
        assert!(name.is(&host("A.example")));
        assert!(!name.is(&host("a.example.org")) && !name.is(&host("a")));
        assert!(!name.is(&host("a.examplf")));
    }

    #[test]
    fn a_name_may_lead_to_the_front() {
        let message = b"\x03org\0\x01a\xc0\0\x01b\xc0\x05...";
        let name = WireName::new(message, 9);
        assert_eq!(name.end(), Ok(13));
        assert!(name.is(&host("b.a.org")));
        assert!(name.is_same(&name) && !name.is_same(&WireName::new(message, 5)));
    }

    #[test]
    fn a_name_never_leads_on_or_in_a_circle() {
        for (bad, at) in [
            (&b"\xc0\0"[..], 0),
            (b"\xc0\x02\x01a\0", 0),
            (b"\x01a\xc0\0", 0),
            (b"\0\xc0\x03\xc0\x01", 1),
            (b"\0\xc0\x03\xc0\x01", 3),
            (b"\x01b\xc0\0\x01a\xc0\0", 4),
        ] {
            assert_eq!(WireName::new(bad, at).end(), Err(Malformed), "{bad:?}");
        }
    }

    #[test]
    fn a_name_that_is_cut_off_or_of_an_unknown_form_is_none() {
        for bad in [
            &b""[..],
            b"\x01",
            b"\x01a",
            b"\xc0",
            b"\x40\0",
            b"\x80\0",
            b"\x05abc\0",
        ] {
            assert_eq!(WireName::new(bad, 0).end(), Err(Malformed), "{bad:?}");
            assert!(!WireName::new(bad, 0).is_same(&WireName::new(bad, 0)));
        }
        assert_eq!(WireName::new(b"\0", usize::MAX).end(), Err(Malformed));
    }

    #[test]
    fn a_name_is_bounded_in_bytes_and_in_jumps() {
        let labels = |count: usize| -> Vec<u8> {
            let labels = [3, b'a', b'b', b'c'].repeat(count);
            labels.into_iter().chain([0]).collect()
        };
        assert!(WireName::new(&labels(63), 0).end().is_ok());
        assert!(WireName::new(&labels(64), 0).end().is_err());
        // Each pair of bytes leads to the one before it, the first to a root.
        let chain = |count: u8| -> Vec<u8> {
            let targets = (0..count).map(|number| (2 * number).saturating_sub(1));
            let pairs = targets.flat_map(|target| [0xc0, target]);
            [0].into_iter().chain(pairs).collect()
        };
        let good = chain(127);
        assert_eq!(WireName::new(&good, good.len() - 2).end(), Ok(good.len()));
        let bad = chain(128);
        assert!(WireName::new(&bad, bad.len() - 2).end().is_err());
    }
}
