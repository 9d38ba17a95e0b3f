//! HTTP/1.1 with one page.
//!
//! The page has 612 bytes, as the one that nginx comes with, which is what
//! others measure servers with.

use std::io::{BufReader, Read, Result, Write};

use crate::stream::{flush_if_waiting, read_line};

/// The most bytes of a request's head.
const HEAD_MAX: u64 = 8 << 10;
const HEADERS_MAX: usize = 32;
/// The size of the page.
const PAGE: usize = 612;

/// What becomes of the connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum After {
    KeepAlive,
    Close,
}

/// Answers requests until the input ends or somebody wants it closed.
pub fn serve(input: &mut BufReader<impl Read>, output: &mut impl Write) -> Result<()> {
    let page = page();
    let mut head = Vec::new();
    while read_head(input, &mut head)? {
        let after = answer(&head, &page, output)?;
        if after == After::Close {
            break;
        }
        flush_if_waiting(input, output)?;
        head.clear();
    }
    output.flush()
}

/// Reads up to the empty line; false if the input ends before it.
fn read_head(input: &mut BufReader<impl Read>, head: &mut Vec<u8>) -> Result<bool> {
    while read_line(input, head, HEAD_MAX)? {
        if head.ends_with(b"\r\n\r\n") || head.len() as u64 >= HEAD_MAX {
            return Ok(true);
        }
    }
    // What was begun and not ended is answered as what it is: no request.
    Ok(!head.is_empty())
}

fn answer(head: &[u8], page: &[u8], output: &mut impl Write) -> Result<After> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut headers);
    let is_whole = request.parse(head).is_ok_and(|status| status.is_complete());
    if !is_whole {
        respond(output, "400 Bad Request", b"", After::Close)?;
        return Ok(After::Close);
    }
    let wants_close = request.headers.iter().any(|header| {
        header.name.eq_ignore_ascii_case("connection")
            && header.value.eq_ignore_ascii_case(b"close")
    });
    let after = match wants_close || request.version == Some(0) {
        true => After::Close,
        false => After::KeepAlive,
    };
    match (request.method, request.path) {
        (Some("GET"), Some("/" | "/index.html")) => respond(output, "200 OK", page, after)?,
        (Some("GET"), _) => respond(output, "404 Not Found", b"", after)?,
        _ => respond(output, "405 Method Not Allowed", b"", After::Close)?,
    }
    Ok(match request.method {
        Some("GET") => after,
        _ => After::Close,
    })
}

fn respond(output: &mut impl Write, status: &str, body: &[u8], after: After) -> Result<()> {
    let connection = match after {
        After::KeepAlive => "keep-alive",
        After::Close => "close",
    };
    write!(
        output,
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\
         Connection: {connection}\r\n\r\n",
        body.len()
    )?;
    output.write_all(body)
}

/// The page: its first words, and dots to its end.
fn page() -> Vec<u8> {
    let mut page = b"<!DOCTYPE html><title>Cloister</title><p>".to_vec();
    page.resize(PAGE - 1, b'.');
    page.push(b'\n');
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(requests: &str) -> String {
        let mut output = Vec::new();
        serve(&mut BufReader::new(requests.as_bytes()), &mut output).expect("memory");
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn requests_are_answered_until_one_wants_to_close() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let close = "GET /no HTTP/1.1\r\nConnection: close\r\n\r\n";
        let all = answers(&[get, get, close, get].concat());
        assert_eq!(all.matches("200 OK").count(), 2);
        assert_eq!(all.matches("404 Not Found").count(), 1);
        assert_eq!(all.matches("Content-Length: 612").count(), 2);
    }

    #[test]
    fn what_is_no_request_is_refused_politely() {
        let long = format!("GET / HTTP/1.1\r\nA: {}\r\n", "x".repeat(9000));
        for bad in ["nonsense\r\n\r\n", "GET / HT", "\u{0}\r\n\r\n", &long] {
            assert!(answers(bad).starts_with("HTTP/1.1 400"), "{bad:.20}");
        }
        assert!(answers("PUT / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
        assert_eq!(answers(""), "");
    }
}
