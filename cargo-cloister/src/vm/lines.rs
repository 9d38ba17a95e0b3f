//! Lines and text out of bytes that arrive in pieces.

/// Collects bytes until a line is whole.
#[derive(Default, Debug)]
pub struct Lines(Vec<u8>);

impl Lines {
    /// A guest that never ends a line does not fill our memory.
    const LIMIT: usize = 64 * 1024;

    /// Takes bytes and gives the lines that they complete, without their ends.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for &byte in bytes {
            if byte == b'\n' || self.0.len() == Lines::LIMIT {
                lines.extend(self.finish());
            }
            if byte != b'\n' {
                self.0.push(byte);
            }
        }
        lines
    }

    /// The line that was begun, if there is one.
    pub fn finish(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&self.0)
            .trim_end_matches('\r')
            .to_owned();
        self.0.clear();
        (!line.is_empty()).then_some(line)
    }
}

/// Text out of pieces that may end inside of a character.
#[derive(Default, Debug)]
pub struct Utf8Pieces(Vec<u8>);

impl Utf8Pieces {
    /// Takes bytes and gives the text up to the last whole character; what is
    /// no text becomes replacement characters.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let rest = self.0.split_off(self.0.len() - unfinished(&self.0));
        let text = String::from_utf8_lossy(&self.0).into_owned();
        self.0 = rest;
        text
    }

    /// What is left at the end.
    pub fn finish(&mut self) -> String {
        let text = String::from_utf8_lossy(&self.0).into_owned();
        self.0.clear();
        text
    }
}

/// How many bytes at the end begin a character that may still be completed.
fn unfinished(bytes: &[u8]) -> usize {
    let tail = bytes
        .utf8_chunks()
        .last()
        .map_or(&[][..], |chunk| chunk.invalid());
    match std::str::from_utf8(tail) {
        Err(error) if error.error_len().is_none() => tail.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_out_whole() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\r\ntw"), ["one"]);
        assert_eq!(lines.push(b"o\n\nthree"), ["two"]);
        assert_eq!(lines.finish().as_deref(), Some("three"));
        assert_eq!(lines.finish(), None);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut lines = Lines::default();
        let cut = lines.push(&vec![b'x'; Lines::LIMIT + 1]);
        assert_eq!(
            cut.iter().map(String::len).collect::<Vec<_>>(),
            [Lines::LIMIT]
        );
    }

    #[test]
    fn characters_are_not_torn() {
        let mut pieces = Utf8Pieces::default();
        let euro = "€".as_bytes();
        assert_eq!(pieces.push(&[b"a", &euro[..2]].concat()), "a");
        assert_eq!(pieces.push(&euro[2..]), "€");
        assert_eq!(pieces.push(b"\xff."), "\u{fffd}.");
        assert_eq!(pieces.push(b"\xff"), "\u{fffd}");
        assert_eq!(pieces.push(&euro[..1]), "");
        assert_eq!(pieces.finish(), "\u{fffd}");
    }
}
