//! Building requests and reading replies, whatever language they are in.
//!
//! Numbers are little-endian. A request has an end that it never passes: what
//! does not fit makes it fail as a whole. A reply is foreign: whatever is
//! missing in it is [`Malformed`].

use alloc::vec::Vec;

use crate::errno::Errno;

/// The most bytes of a request, but for the data behind it.
const REQUEST_MAX: usize = 384;

/// A reply that is not as its language says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

/// Why there is no reply to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The server says so.
    Refused(Errno),
    /// What came is no reply to the request.
    Malformed,
}

impl From<Malformed> for Failure {
    fn from(_: Malformed) -> Failure {
        Failure::Malformed
    }
}

/// A request that is being built.
#[derive(Clone, Debug)]
pub struct Request {
    bytes: [u8; REQUEST_MAX],
    size: usize,
    is_too_long: bool,
}

impl Request {
    /// One without any bytes.
    pub const fn new() -> Request {
        Request {
            bytes: [0; REQUEST_MAX],
            size: 0,
            is_too_long: false,
        }
    }

    /// Adds bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Request {
        let end = self.size.saturating_add(bytes.len());
        match self.bytes.get_mut(self.size..end) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.size = end;
            }
            None => self.is_too_long = true,
        }
        self
    }

    /// Adds one byte.
    #[must_use]
    pub fn u8(self, number: u8) -> Request {
        self.bytes(&[number])
    }

    /// Adds a number of two bytes.
    #[must_use]
    pub fn u16(self, number: u16) -> Request {
        self.bytes(&number.to_le_bytes())
    }

    /// Adds a number of four bytes.
    #[must_use]
    pub fn u32(self, number: u32) -> Request {
        self.bytes(&number.to_le_bytes())
    }

    /// Adds a number of eight bytes.
    #[must_use]
    pub fn u64(self, number: u64) -> Request {
        self.bytes(&number.to_le_bytes())
    }

    /// How many bytes there are.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The whole request, with its size and that of `data` bytes behind it in
    /// its first four bytes.
    ///
    /// # Errors
    ///
    /// It became too long.
    pub fn finish(&mut self, data: usize) -> Result<&[u8], Errno> {
        let size = u32::try_from(self.size.saturating_add(data)).ok();
        let size = size.filter(|_| !self.is_too_long).ok_or(Errno::Invalid)?;
        let (first, _) = self.bytes.split_first_chunk_mut().ok_or(Errno::Invalid)?;
        *first = size.to_le_bytes();
        self.bytes.get(..self.size).ok_or(Errno::Invalid)
    }
}

impl Default for Request {
    fn default() -> Self {
        Request::new()
    }
}

/// What was not read yet of a reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reply<'a>(&'a [u8]);

impl<'a> Reply<'a> {
    /// All of it.
    pub const fn new(bytes: &'a [u8]) -> Reply<'a> {
        Reply(bytes)
    }

    /// The next `size` bytes.
    ///
    /// # Errors
    ///
    /// There are not so many.
    pub fn bytes(&mut self, size: usize) -> Result<&'a [u8], Malformed> {
        let (bytes, rest) = self.0.split_at_checked(size).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next byte.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn u8(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    /// The next two bytes as a number.
    ///
    /// # Errors
    ///
    /// There are not so many.
    pub fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_le_bytes)
    }

    /// The next four bytes as a number.
    ///
    /// # Errors
    ///
    /// There are not so many.
    pub fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    /// The next eight bytes as a number.
    ///
    /// # Errors
    ///
    /// There are not so many.
    pub fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    /// The next four bytes as a number of bytes, at most `most`.
    ///
    /// # Errors
    ///
    /// It says that there are more.
    pub fn count(&mut self, most: usize) -> Result<usize, Malformed> {
        let count = usize::try_from(self.u32()?).map_err(|_| Malformed)?;
        if count <= most {
            Ok(count)
        } else {
            Err(Malformed)
        }
    }

    /// All that is left.
    pub const fn rest(&mut self) -> &'a [u8] {
        let rest = self.0;
        self.0 = &[];
        rest
    }

    /// Whether nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*bytes)
    }
}

/// Room for `size` bytes of a reply.
///
/// # Errors
///
/// Memory is short.
pub fn zeros(size: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size)?;
    bytes.resize(size, 0);
    Ok(bytes)
}

/// Copies a text that a server gives; how long it is.
///
/// # Errors
///
/// It is longer than the place for it.
pub fn copy_text(text: &[u8], place: &mut [u8]) -> Result<usize, Malformed> {
    let place = place.get_mut(..text.len()).ok_or(Malformed)?;
    place.copy_from_slice(text);
    Ok(text.len())
}

/// Whether a name that a server gives may stand in a directory.
pub fn is_name(name: &[u8]) -> bool {
    let fits = (1..=crate::files::system::NAME_MAX).contains(&name.len());
    let is_plain = !name.contains(&b'/') && !name.contains(&0);
    fits && is_plain && name != b"." && name != b".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_its_size() {
        let mut request = Request::new().u32(0).u8(1).u16(2).u64(3);
        let bytes = request.finish(10).expect("it is short");
        assert_eq!(bytes, [25, 0, 0, 0, 1, 2, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_too_long_fails_as_a_whole() {
        let mut request = Request::new().bytes(&[1; REQUEST_MAX + 1]).u32(7);
        assert_eq!(request.finish(0), Err(Errno::Invalid));
        assert_eq!(
            Request::new().u32(0).finish(usize::MAX),
            Err(Errno::Invalid)
        );
    }

    #[test]
    fn a_reply_ends_where_it_ends() {
        let mut reply = Reply::new(&[1, 2, 0, 9]);
        assert_eq!(reply.u8(), Ok(1));
        assert_eq!(reply.u32(), Err(Malformed));
        assert_eq!(reply.u16(), Ok(2));
        assert_eq!(reply.bytes(usize::MAX), Err(Malformed));
        assert_eq!(reply.bytes(1), Ok(&[9][..]));
        assert!(reply.is_empty());
    }

    #[test]
    fn a_count_cannot_pass_what_there_is() {
        let count = |bytes: &[u8]| Reply::new(bytes).count(100);
        assert_eq!(count(&[100, 0, 0, 0]), Ok(100));
        assert_eq!(count(&[101, 0, 0, 0]), Err(Malformed));
        assert_eq!(count(&[0xff; 4]), Err(Malformed));
    }

    #[test]
    fn a_text_fits_its_place_or_is_malformed() {
        let mut place = [0; 3];
        assert_eq!(copy_text(b"ab", &mut place), Ok(2));
        assert_eq!(place, *b"ab\0");
        assert_eq!(copy_text(b"abcd", &mut place), Err(Malformed));
    }

    #[test]
    fn names_that_lead_elsewhere_are_none() {
        for bad in [&b""[..], b".", b"..", b"a/b", b"/", b"a\0b", &[b'a'; 256]] {
            assert!(!is_name(bad), "{bad:?}");
        }
        assert!(is_name(b"...") && is_name(&[b'a'; 255]) && is_name(b"\xff"));
    }
}
