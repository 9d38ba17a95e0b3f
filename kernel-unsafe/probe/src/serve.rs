//! The entries of the cell.

use domains::{errno, windows};
use gate::cell::probe::{Serve, digest_of};
use gate::view::View;

/// How many bytes are copied out of the window at once.
const PIECE: usize = 64;

/// Who serves the entries.
#[derive(Debug)]
pub struct Probe;

impl Serve for Probe {
    fn null() -> i64 {
        0
    }

    fn start() -> i64 {
        0
    }

    fn digest(address: usize, size: usize) -> i64 {
        let Some(shown) = shown(address, size) else {
            return -errno::EFAULT;
        };
        digest_of(
            (0..size)
                .step_by(PIECE)
                .flat_map(|start| piece(shown, start)),
        )
    }

    fn hook(kind: u32, address: usize, argument: usize) -> i64 {
        // SAFETY: none is claimed; this cell is for attacks.
        unsafe { gate::hooks::attack(kind, address, argument) }
    }
}

/// These bytes, if they lie in the window.
fn shown(address: usize, size: usize) -> Option<View> {
    let window = windows::probe();
    let is_inside = window.contains_range(address as u64, size as u64);
    let start = address.checked_sub(window.start as usize)?;
    is_inside.then(|| View::probe().from(start))?.first(size)
}

/// The bytes from `start` on, up to a whole piece.
fn piece(shown: View, start: usize) -> impl Iterator<Item = u8> {
    let rest = shown.from(start);
    let size = rest.size().min(PIECE);
    let mut bytes = [0; PIECE];
    rest.read(&mut bytes[..size]);
    bytes.into_iter().take(size)
}
