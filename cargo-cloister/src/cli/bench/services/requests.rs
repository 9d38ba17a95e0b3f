//! What is asked, and what must be answered.

use std::ops::Range;

/// A kind of request.
pub(in crate::cli::bench) struct Kind {
    pub(in crate::cli::bench) name: &'static str,
    /// What the server is called that serves it.
    pub(in crate::cli::bench) service: &'static str,
    /// How many are sent before an answer is waited for.
    pub(super) depth: u32,
    /// Request number `n`.
    request: fn(n: u32) -> String,
    /// Its answer.
    answer: fn(n: u32) -> String,
}

/// Every kind. Sizes and depths are those that others measure Redis and nginx
/// with: values of 3 bytes, 16 commands at once, a page of 612 bytes.
pub(in crate::cli::bench) const KINDS: [Kind; 5] = [
    Kind {
        name: "HTTP GET of 612 bytes",
        service: "http",
        depth: 1,
        request: |_| "GET /index.html HTTP/1.1\r\nHost: cloister\r\n\r\n".to_owned(),
        answer: |_| page(),
    },
    Kind {
        name: "SET of 3 bytes",
        service: "kv",
        depth: 1,
        request: |n| words(&["SET", &key(n), "xyz"]),
        answer: |_| "+OK\r\n".to_owned(),
    },
    Kind {
        name: "GET of 3 bytes",
        service: "kv",
        depth: 1,
        request: |n| match n {
            0 => words(&["SET", &key(0), "xyz"]),
            _ => words(&["GET", &key(0)]),
        },
        answer: |n| match n {
            0 => "+OK\r\n".to_owned(),
            _ => "$3\r\nxyz\r\n".to_owned(),
        },
    },
    Kind {
        name: "SET, 16 at once",
        service: "kv",
        depth: 16,
        request: |n| words(&["SET", &key(n), "xyz"]),
        answer: |_| "+OK\r\n".to_owned(),
    },
    Kind {
        name: "SET and GET, 16 at once: both",
        service: "kv",
        depth: 8,
        request: |n| words(&["SET", &key(n), "xyz"]) + &words(&["GET", &key(n)]),
        answer: |_| "+OK\r\n$3\r\nxyz\r\n".to_owned(),
    },
];

impl Kind {
    /// These requests, one behind the other.
    pub(super) fn requests(&self, numbers: Range<u32>) -> Vec<u8> {
        numbers.map(self.request).collect::<String>().into_bytes()
    }

    /// What must be answered to them.
    pub(super) fn answers(&self, numbers: Range<u32>) -> Vec<u8> {
        numbers.map(self.answer).collect::<String>().into_bytes()
    }
}

fn page() -> String {
    const SIZE: usize = 612;
    let start = "<!DOCTYPE html><title>Cloister</title><p>";
    let dots = ".".repeat(SIZE - 1 - start.len());
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {SIZE}\r\n\
         Connection: keep-alive\r\n\r\n{start}{dots}\n"
    )
}

fn key(number: u32) -> String {
    format!("key:{number:06}")
}

/// A command of the Redis protocol.
fn words(words: &[&str]) -> String {
    let bulk = |word: &&str| format!("${}\r\n{word}\r\n", word.len());
    let bulks: String = words.iter().map(bulk).collect();
    format!("*{}\r\n{bulks}", words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_such_as_clients_send() {
        let [http, set, ..] = &KINDS;
        assert!(http.requests(0..2).ends_with(b"\r\n\r\n"));
        assert!(http.answers(0..1).len() > 612);
        let expected = b"*3\r\n$3\r\nSET\r\n$10\r\nkey:000000\r\n$3\r\nxyz\r\n";
        assert_eq!(set.requests(0..1), expected);
    }
}
