//! What cells say, as the safe kernel reads it.

use domains::network::window::{Pages, SOCKETS_MAX, record};
use gate::view::View;
use kernel_safe::network::side::{Outside, Piece, Reading, Writing, record_size};
use kernel_safe::stdio::framing::Framing;

use super::{about, seen, words};
use crate::target::Seen;

/// Words that cells answer with: what is believed is within its bounds.
pub fn answers(bytes: &[u8]) -> Seen {
    let mut kinds = [0; 3];
    for word in words(bytes) {
        let word = word.cast_signed();
        kinds[0] += usize::from(kernel_safe::fuzzed::pumped(word));
        kinds[1] += usize::from(kernel_safe::fuzzed::exchanged(word));
        for most in [0, SOCKETS_MAX as u64 - 1, i32::MAX as u64] {
            kinds[2] += kernel_safe::fuzzed::answer(word, most);
        }
    }
    seen(kinds.map(about))
}

/// What is told of a socket's window: no piece is outside of its ring, and a record of a
/// datagram is in its piece.
pub fn sides(bytes: &[u8]) -> Seen {
    let mut all = words(bytes);
    let capacity = all.next().unwrap_or(0) as usize % (1 << 20);
    let (mut reading, mut writing) = (Reading::new(capacity), Writing::new(capacity));
    let mut kinds = [0; 3];
    let is_inside =
        |piece: Piece| u64::from(piece.at) + u64::from(piece.size) <= capacity as u64;
    while let (Some(word), Some(count)) = (all.next(), all.next()) {
        let (rest, room) = (reading.rest(word), writing.room(word));
        kinds[0] += usize::from(rest == Err(Outside));
        for piece in rest.into_iter().chain(room) {
            assert!(is_inside(piece), "{piece:?} of {capacity}");
        }
        if let Ok(piece) = rest {
            if let Ok(size) = record_size(count as u32, piece) {
                assert!(size <= piece.size && size as usize >= record::BYTES_AT);
                kinds[1] += 1;
            }
            reading.take((count as u32).min(piece.size));
        }
        if let Ok(piece) = room {
            writing.write((count >> 32) as u32 % piece.size.saturating_add(1));
        }
        if count % 3 == 0 {
            assert!(is_inside(writing.tell()));
            let _told = reading.tell();
            kinds[2] += usize::from(reading.settle()) + usize::from(writing.settle());
        }
    }
    seen(kinds.map(about))
}

/// Parts of windows by any numbers: each is in its window, or there is none.
pub fn views(bytes: &[u8]) -> Seen {
    let mut kinds = [0; 3];
    let all: Vec<u64> = words(bytes).collect();
    for three in all.windows(3) {
        let number = three[0] as usize;
        let pages = Pages::from_word(three[1] as u32);
        let pages = pages.unwrap_or(Pages {
            receive: 1,
            send: 0,
        });
        for whole in [
            View::output(number),
            View::input(number),
            View::request(number, three[1] as usize),
            View::received(number, pages),
            View::sent(number, pages),
            View::net(),
        ] {
            part_of(&whole, three[1] as usize, three[2] as usize, &mut kinds);
        }
    }
    seen(kinds.map(about))
}

fn part_of(whole: &View, start: usize, size: usize, kinds: &mut [usize; 3]) {
    let end = whole.address() + whole.size();
    let is_inside =
        |view: &View| view.address() >= whole.address() && view.address() + view.size() <= end;
    assert!(is_inside(&whole.from(start)));
    if let Some(part) = whole.first(size) {
        assert!(is_inside(&part) && part.size() == size);
        kinds[0] += 1;
    }
    if let Some(part) = whole.part(start, size) {
        assert!(is_inside(&part) && part.size() == size);
        kinds[1] += 1;
    } else {
        kinds[2] += 1;
    }
}

/// Standard input in chunks: no more comes out than went in, however it is cut.
pub fn framing(bytes: &[u8]) -> Seen {
    let whole = unframed(bytes, usize::MAX);
    for cut in [1, 7, 64] {
        assert_eq!(unframed(bytes, cut), whole, "cut into {cut}");
    }
    assert!(whole.0.len() <= bytes.len());
    seen((about(whole.0.len()), std::mem::discriminant(&whole.1)))
}

/// What is input of these bytes if they come in such pieces, and where it ends.
fn unframed(bytes: &[u8], cut: usize) -> (Vec<u8>, Framing) {
    let (mut framing, mut input) = (Framing::Length, Vec::new());
    for piece in bytes.chunks(cut.min(bytes.len().max(1))) {
        let mut rest = piece;
        while let Some((first, behind)) = rest.split_first()
            && !framing.is_at_end()
        {
            let size = framing.input().min(rest.len());
            if size == 0 {
                framing.take_length(*first);
                rest = behind;
            } else {
                input.extend_from_slice(&rest[..size]);
                framing.take_input(size);
                rest = &rest[size..];
            }
        }
    }
    (input, framing)
}
