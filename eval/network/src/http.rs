//! HTTP/1.1 with one page of 13 bytes.

use std::io::{Read, Result, Write};

use crate::talk::{self, Step};

/// The longest head of a request.
const HEAD_MAX: usize = 8 << 10;
const PAGE: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const REFUSED: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Answers requests until the input ends or somebody wants it closed.
pub fn serve(mut stream: impl Read + Write) -> Result<()> {
    talk::until_end(&mut stream, answer)
}

fn answer(waiting: &[u8], output: &mut Vec<u8>) -> Step {
    let Some(size) = head(waiting) else {
        if waiting.len() <= HEAD_MAX {
            return Step::More;
        }
        output.extend_from_slice(REFUSED);
        return Step::Last;
    };
    let mut lines = waiting[..size].split(|byte| *byte == b'\n');
    let request = lines.next().unwrap_or_default();
    let mut words = request.trim_ascii_end().split(|byte| *byte == b' ');
    let page = match (words.next(), words.next(), words.next(), words.next()) {
        (Some(b"GET"), Some(b"/"), Some(b"HTTP/1.1"), None) => PAGE,
        (Some(b"GET"), Some(_), Some(b"HTTP/1.1"), None) => NOT_FOUND,
        _ => {
            output.extend_from_slice(REFUSED);
            return Step::Last;
        }
    };
    output.extend_from_slice(page);
    match lines.any(is_close) {
        true => Step::Last,
        false => Step::Answered(size),
    }
}

/// The size of the head that `waiting` begins with, if it is whole.
fn head(waiting: &[u8]) -> Option<usize> {
    const END: &[u8] = b"\r\n\r\n";
    let start = waiting.windows(END.len()).position(|bytes| bytes == END)?;
    Some(start + END.len())
}

fn is_close(line: &[u8]) -> bool {
    line.trim_ascii_end()
        .eq_ignore_ascii_case(b"connection: close")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::tests::Both;

    fn answers(requests: &str) -> String {
        let mut both = Both::of(requests.as_bytes());
        serve(&mut both).expect("memory does not fail");
        String::from_utf8(both.output).expect("text")
    }

    #[test]
    fn requests_are_answered_until_one_wants_to_close() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let close = "GET /no HTTP/1.1\r\nConnection: close\r\n\r\n";
        let all = answers(&[get, get, close, get].concat());
        assert_eq!(all.matches("\r\n\r\nHello, world!").count(), 2, "{all}");
        assert_eq!(all.matches("404 Not Found").count(), 1, "{all}");
    }

    #[test]
    fn what_is_no_request_is_refused_politely() {
        let long = format!("GET / HTTP/1.1\r\nA: {}", "x".repeat(9000));
        for bad in ["nonsense\r\n\r\n", "PUT / HTTP/1.1\r\n\r\n", &long] {
            assert!(answers(bad).starts_with("HTTP/1.1 400"), "{bad:.20}");
        }
        assert_eq!(answers("GET / HT"), "");
    }
}
