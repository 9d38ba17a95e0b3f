//! What is asked, and what must be answered, to the byte.

use super::guest::Service;

/// A kind of request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// So many bytes, said back.
    Echo(u32),
    /// The page.
    Http,
    /// What a key holds.
    Get,
    /// A value for a key.
    Set,
    /// So many GET sent before the first answer is waited for.
    Gets(u32),
}

/// A message, and what must come back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Message {
    pub(super) request: Vec<u8>,
    pub(super) answer: Vec<u8>,
}

/// Sizes are those that others measure Redis with: values of 3 bytes.
const KEY: &str = "key:000042";
const VALUE: &str = "xyz";
const PAGE: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, world!";

impl Kind {
    /// Which service it asks.
    pub(super) fn service(self) -> Service {
        match self {
            Kind::Echo(_) => Service::Echo,
            Kind::Http => Service::Http,
            Kind::Get | Kind::Set | Kind::Gets(_) => Service::Kv,
        }
    }

    /// What it is called.
    pub(super) fn name(self) -> String {
        match self {
            Kind::Echo(size) if size.is_multiple_of(1024) => {
                format!("echo of {} KiB", size / 1024)
            }
            Kind::Echo(size) => format!("echo of {size} B"),
            Kind::Http => "HTTP GET of 13 bytes".to_owned(),
            Kind::Get => "Redis GET".to_owned(),
            Kind::Set => "Redis SET".to_owned(),
            Kind::Gets(count) => format!("Redis GET, {count} at once"),
        }
    }

    /// What it is called where there is little room.
    pub(super) fn short_name(self) -> String {
        match self {
            Kind::Echo(size) if size.is_multiple_of(1024) => format!("{} KiB", size / 1024),
            Kind::Echo(size) => format!("{size} B"),
            Kind::Http => "HTTP".to_owned(),
            Kind::Get => "GET".to_owned(),
            Kind::Set => "SET".to_owned(),
            Kind::Gets(count) => format!("{count} GETs"),
        }
    }

    /// How many requests are in a message.
    pub(super) fn requests(self) -> u32 {
        match self {
            Kind::Gets(count) => count,
            _ => 1,
        }
    }

    /// How many messages are enough to measure by.
    pub(super) fn messages(self) -> u32 {
        match self {
            Kind::Echo(65_536..) => 192,
            Kind::Echo(16_384..) => 384,
            Kind::Echo(4096..) => 768,
            Kind::Gets(_) => 256,
            _ => 1024,
        }
    }

    /// What is sent first on a connection: the store must have the key.
    pub(super) fn opening(self) -> Message {
        match self.service() {
            Service::Kv => Kind::Set.message(0),
            _ => self.message(0),
        }
    }

    /// Message number `n`.
    pub(super) fn message(self, n: u32) -> Message {
        let both = |request: &str, answer: &str| Message {
            request: request.as_bytes().to_vec(),
            answer: answer.as_bytes().to_vec(),
        };
        let value = format!("${}\r\n{VALUE}\r\n", VALUE.len());
        match self {
            Kind::Echo(size) => {
                let request: Vec<u8> = (0..size).map(|place| (n + place) as u8).collect();
                let answer = request.clone();
                Message { request, answer }
            }
            Kind::Http => both("GET / HTTP/1.1\r\nHost: cloister\r\n\r\n", PAGE),
            Kind::Set => both(&words(&["SET", KEY, VALUE]), "+OK\r\n"),
            Kind::Get => both(&words(&["GET", KEY]), &value),
            Kind::Gets(count) => {
                let count = count as usize;
                both(&words(&["GET", KEY]).repeat(count), &value.repeat(count))
            }
        }
    }
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
    fn messages_are_such_as_clients_send() {
        let get = Kind::Get.message(7);
        assert_eq!(get.request, b"*2\r\n$3\r\nGET\r\n$10\r\nkey:000042\r\n");
        assert_eq!(get.answer, b"$3\r\nxyz\r\n");
        let many = Kind::Gets(16).message(0);
        assert_eq!(many.request, get.request.repeat(16));
        assert_eq!(
            Kind::Echo(300).message(250).answer[..8],
            [250, 251, 252, 253, 254, 255, 0, 1]
        );
        assert_eq!(Kind::Echo(4096).name(), "echo of 4 KiB");
    }
}
