//! How large the windows of sockets are, by how much memory there is.
//!
//! Windows have at most a quarter of the memory. A new one has a small part of what is
//! left of that, so that many connections find room after a few large ones: at 256 MiB
//! more than a thousand.

use domains::layout::PAGE_SIZE;
use domains::network::window::Pages;

/// The sizes that there are: those of listeners, of datagrams, of streams.
pub const CLASSES: [Pages; 11] = [
    pages(1, 0),
    pages(2, 0),
    pages(5, 0),
    pages(17, 0),
    pages(33, 0),
    pages(2, 2),
    pages(4, 4),
    pages(8, 8),
    pages(16, 16),
    pages(33, 32),
    pages(33, 64),
];

/// For a socket that neither sends nor receives.
pub const LISTENER: usize = 0;
const DATAGRAM: [usize; 4] = [1, 2, 3, 4];
const STREAM: [usize; 6] = [5, 6, 7, 8, 9, 10];
/// From which class on one is large.
const LARGE: usize = 9;

/// What part of the memory that is left a window has at most, and a large one.
const PART: u64 = 256;
const PART_LARGE: u64 = 128;

const fn pages(receive: usize, send: usize) -> Pages {
    Pages { receive, send }
}

/// What a window is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// For a listener.
    Listener,
    /// For datagrams.
    Datagram,
    /// For a connection.
    Stream,
}

/// How many bytes somebody wants to have room for; zero for as many as is usual.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// To receive.
    pub receive: usize,
    /// To send.
    pub send: usize,
}

/// All bytes that windows may have of `memory`.
pub const fn limit(memory: u64) -> u64 {
    // DEFENCE: windows-have-a-limit
    memory / 4
}

/// Bytes of a class.
pub fn bytes(class: usize) -> u64 {
    CLASSES.get(class).map_or(0, |pages| size(*pages))
}

/// Bytes of so many pages.
pub const fn size(pages: Pages) -> u64 {
    (pages.receive as u64).saturating_add(pages.send as u64) * PAGE_SIZE
}

/// The class of a new window, if so many bytes are left for all. The smallest one is
/// always granted; whether there is room for it is seen when it is mapped.
pub fn class(purpose: Purpose, wish: Wish, left: u64) -> usize {
    let among: &[usize] = match purpose {
        Purpose::Listener => &[LISTENER],
        Purpose::Datagram => &DATAGRAM,
        Purpose::Stream => &STREAM,
    };
    let mut fitting = among.iter().rev().filter(|class| is_granted(**class, left));
    let largest = fitting.next().or(among.first());
    let largest = largest.copied().unwrap_or(LISTENER);
    let is_wished = |class: &&usize| wish.is_met_by(**class);
    let wished = among.iter().find(is_wished).copied();
    match wish == Wish::default() {
        true => largest,
        // What is wished for is had as far as it is granted.
        false => wished.map_or(largest, |wished| wished.min(largest)),
    }
}

fn is_granted(class: usize, left: u64) -> bool {
    let part = if class >= LARGE { PART_LARGE } else { PART };
    bytes(class) <= left / part
}

impl Wish {
    fn is_met_by(self, class: usize) -> bool {
        let pages = CLASSES.get(class).copied().unwrap_or(pages(0, 0));
        pages.receive_capacity() >= self.receive && pages.send_capacity() >= self.send
    }
}

/// The class that covers pages which are mapped, exactly.
pub fn class_of(pages: Pages) -> Option<usize> {
    CLASSES.iter().position(|class| *class == pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(left: u64) -> Pages {
        CLASSES[class(Purpose::Stream, Wish::default(), left)]
    }

    #[test]
    fn a_window_is_large_at_ease_and_small_in_need() {
        assert_eq!(limit(400 << 20), 100 << 20, "the rest is for others");
        let pages = stream(limit(1 << 30));
        assert_eq!(pages.receive_capacity(), 131_071);
        assert_eq!(pages.send_capacity(), 262_143);
        assert_eq!(
            stream(0),
            Pages {
                receive: 2,
                send: 2
            }
        );
        assert!(stream(0).receive_capacity() >= 8000);
    }

    #[test]
    fn a_thousand_connections_fit_into_256_mebibytes() {
        let mut left = limit(256 << 20);
        for _ in 0..1000 {
            let more = size(stream(left));
            left = left.checked_sub(more).expect("there is room");
        }
    }

    #[test]
    fn what_is_wished_for_is_had_within_bounds() {
        let of = |receive, send, left| {
            let class = class(Purpose::Stream, Wish { receive, send }, left);
            (CLASSES[class].receive, CLASSES[class].send)
        };
        assert_eq!(of(5000, 0, 1 << 30), (2, 2));
        assert_eq!(of(0, 10_000, 1 << 30), (4, 4));
        assert_eq!(of(usize::MAX, usize::MAX, 1 << 30), (33, 64));
        assert_eq!(of(100_000, 0, 1 << 20), (2, 2));
        let datagram = class(Purpose::Datagram, Wish::default(), 1 << 30);
        assert!(CLASSES[datagram].receive_capacity() > 65_535 + 32);
    }

    #[test]
    fn each_class_is_found_by_its_pages() {
        for (number, pages) in CLASSES.into_iter().enumerate() {
            assert_eq!(class_of(pages), Some(number));
            assert_eq!(Pages::from_word(pages.word()), Some(pages));
        }
        assert_eq!(
            class_of(Pages {
                receive: 3,
                send: 0
            }),
            None
        );
    }
}
