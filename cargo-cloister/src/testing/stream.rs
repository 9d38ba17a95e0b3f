//! libtest's events among everything else that a test prints.
//!
//! Tests and libtest share standard output. A line of libtest's begins with a
//! mark that no ordinary program prints; what stands around it is the test's.

use serde::Deserialize;

/// How every line of libtest's begins.
const MARK: &[u8] = br#"{ "type": ""#;

/// No event is longer: a test that prints its beginning and no end of line does
/// not fill our memory.
const LINE_MAX: usize = 1 << 20;

/// A piece of standard output.
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    /// What a test printed.
    Text(Vec<u8>),
    /// What libtest says.
    Event(Event),
}

/// One event of libtest's.
#[derive(Clone, PartialEq, Debug, Deserialize)]
pub struct Event {
    /// What it is about: `suite` or `test`.
    #[serde(rename = "type")]
    pub about: String,
    /// What happened.
    #[serde(default)]
    pub event: String,
    /// With which test.
    #[serde(default)]
    pub name: String,
    /// Why, if it failed without a panic.
    #[serde(default)]
    pub message: Option<String>,
}

/// Takes output as it comes and gives it in pieces.
#[derive(Default, Debug)]
pub struct Stream(Vec<u8>);

impl Stream {
    /// Takes bytes and gives the pieces that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        self.0.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let Some(piece) = self.next() {
            pieces.push(piece);
        }
        pieces
    }

    /// What is left when nothing more comes.
    pub fn finish(&mut self) -> Option<Piece> {
        let rest = std::mem::take(&mut self.0);
        (!rest.is_empty()).then_some(Piece::Text(rest))
    }

    fn next(&mut self) -> Option<Piece> {
        match find(&self.0) {
            Some(0) => self.line(),
            Some(place) => Some(self.text(place)),
            None => {
                let place = self.0.len() - begun(&self.0);
                (place > 0).then(|| self.text(place))
            }
        }
    }

    fn text(&mut self, size: usize) -> Piece {
        let rest = self.0.split_off(size);
        Piece::Text(std::mem::replace(&mut self.0, rest))
    }

    /// A line of libtest's, once it is whole. One that is too long is none.
    fn line(&mut self) -> Option<Piece> {
        let Some(end) = self.0.iter().position(|&byte| byte == b'\n') else {
            // DEFENCE: event-size
            return (self.0.len() > LINE_MAX).then(|| self.text(self.0.len()));
        };
        let event = serde_json::from_slice(&self.0[..end]);
        let line = self.text(end + 1);
        Some(event.map_or(line, Piece::Event))
    }
}

fn find(bytes: &[u8]) -> Option<usize> {
    bytes.windows(MARK.len()).position(|window| window == MARK)
}

/// How many bytes at the end may be the beginning of a mark.
fn begun(bytes: &[u8]) -> usize {
    let most = MARK.len().min(bytes.len());
    let fits = |size: &usize| MARK.starts_with(&bytes[bytes.len() - size..]);
    (1..=most).rev().find(fits).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTED: &str = "{ \"type\": \"test\", \"event\": \"started\", \"name\": \"a\" }\n";

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn event(event: &str, name: &str) -> Piece {
        Piece::Event(Event {
            about: "test".into(),
            event: event.into(),
            name: name.into(),
            message: None,
        })
    }

    #[test]
    fn events_are_found_wherever_they_stand() {
        let output = format!("before{STARTED}{STARTED}after");
        let started = || event("started", "a");
        let expected = [text("before"), started(), started(), text("after")];
        assert_eq!(Stream::default().push(output.as_bytes()), expected);
    }

    #[test]
    fn events_may_come_in_any_pieces() {
        for cut in 1..STARTED.len() {
            let mut stream = Stream::default();
            let mut pieces = stream.push(&STARTED.as_bytes()[..cut]);
            pieces.extend(stream.push(&STARTED.as_bytes()[cut..]));
            assert_eq!(pieces, [event("started", "a")], "cut at {cut}");
            assert_eq!(stream.finish(), None);
        }
    }

    #[test]
    fn what_only_looks_like_an_event_is_output() {
        let mut stream = Stream::default();
        let line = "{ \"type\": \"nothing\n";
        assert_eq!(stream.push(line.as_bytes()), [text(line)]);
        let mut long = MARK.to_vec();
        long.resize(LINE_MAX + 1, b'x');
        assert_eq!(stream.push(&long), [Piece::Text(long)]);
        assert_eq!(stream.push(b"{ \"ty"), []);
        assert_eq!(stream.finish(), Some(text("{ \"ty")));
    }
}
