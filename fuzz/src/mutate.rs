//! New inputs from old ones, as a seed decides.
//!
//! Nothing here knows any format: bits, bytes and numbers change, pieces move, vanish,
//! come twice or from another input, and ends are cut off. Numbers are often lengths, so
//! most of those that are put in are at an edge, or beside what stands there.

use fastrand::Rng;

/// No input becomes longer, unless a seed was.
pub const SIZE_MAX: usize = 1 << 16;

/// Numbers at which something often ends, by the lower bytes that fit.
const EDGES: [u64; 20] = [
    0,
    1,
    2,
    7,
    8,
    15,
    16,
    0x7f,
    0x80,
    0xff,
    0x100,
    0xfff,
    0x1000,
    0x7fff,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 63,
    u64::MAX,
];

/// One of `pool`, changed in some places; of an empty one, bytes at random.
pub fn next(pool: &[Vec<u8>], random: &mut Rng) -> Vec<u8> {
    let mut input = random.choice(pool).cloned().unwrap_or_default();
    let most = input.len().max(SIZE_MAX);
    // Mostly a few changes, as each may be the one for which it is thrown away.
    for _ in 0..1 << random.u32(0..5) {
        change(&mut input, pool, random);
    }
    input.truncate(most);
    input
}

/// One change.
fn change(input: &mut Vec<u8>, pool: &[Vec<u8>], random: &mut Rng) {
    match random.u32(0..16) {
        0..=2 => flip(input, random),
        3..=4 => set_byte(input, random),
        5..=8 => set_number(input, random),
        9 => drop(input.drain(piece(input.len(), random))),
        10 => repeat(input, random),
        11 => swap(input, random),
        12 => insert(input, random),
        13..=14 => splice(input, pool, random),
        _ => input.truncate(place(input.len(), random)),
    }
}

/// A place in so many bytes; half of the time one of the first.
fn place(size: usize, random: &mut Rng) -> usize {
    let near = if random.bool() { size.min(64) } else { size };
    if near == 0 { 0 } else { random.usize(0..near) }
}

/// A piece of so many bytes, mostly a short one.
fn piece(size: usize, random: &mut Rng) -> std::ops::Range<usize> {
    let start = place(size, random);
    let most = 1_usize << random.u32(0..12);
    let length = random.usize(0..=most.min(size - start));
    start..start + length
}

fn flip(input: &mut [u8], random: &mut Rng) {
    let at = place(input.len(), random);
    if let Some(byte) = input.get_mut(at) {
        *byte ^= 1 << random.u32(0..8);
    }
}

fn set_byte(input: &mut [u8], random: &mut Rng) {
    let at = place(input.len(), random);
    if let Some(byte) = input.get_mut(at) {
        *byte = match random.u32(0..4) {
            0 => 0,
            1 => 0xff,
            2 => byte.wrapping_add(random.u8(0..4)).wrapping_sub(2),
            _ => random.u8(..),
        };
    }
}

/// Has one, two, four or eight bytes be a number at an edge, or a little more or less than
/// they were, in either order.
fn set_number(input: &mut [u8], random: &mut Rng) {
    let width = 1 << random.u32(0..4);
    let at = place(input.len(), random);
    let Some(place) = input.get_mut(at..at + width) else {
        return;
    };
    let is_big = random.bool();
    if is_big {
        place.reverse();
    }
    let mut bytes = [0; 8];
    bytes[..width].copy_from_slice(place);
    let near = u64::from_le_bytes(bytes)
        .wrapping_add(random.u64(0..17))
        .wrapping_sub(8);
    let edge = EDGES[random.usize(0..EDGES.len())];
    let beside = edge.wrapping_add(random.u64(0..3)).wrapping_sub(1);
    let number = [near, near, edge, beside][random.usize(0..4)];
    place.copy_from_slice(&number.to_le_bytes()[..width]);
    if is_big {
        place.reverse();
    }
}

fn repeat(input: &mut Vec<u8>, random: &mut Rng) {
    let piece = input[piece(input.len(), random)].to_vec();
    let at = place(input.len() + 1, random);
    let times = random.usize(1..8);
    if input.len() + piece.len() * times <= SIZE_MAX {
        input.splice(at..at, piece.repeat(times));
    }
}

/// Puts a piece over another.
fn swap(input: &mut [u8], random: &mut Rng) {
    let piece = piece(input.len(), random);
    let at = place(input.len() - piece.len() + 1, random);
    input.copy_within(piece, at);
}

fn insert(input: &mut Vec<u8>, random: &mut Rng) {
    let at = place(input.len() + 1, random);
    let bytes: Vec<u8> = match random.u32(0..3) {
        0 => vec![random.u8(..); random.usize(1..300)],
        1 => EDGES[random.usize(0..EDGES.len())].to_le_bytes().to_vec(),
        _ => (0..random.usize(1..16)).map(|_| random.u8(..)).collect(),
    };
    input.splice(at..at, bytes);
}

/// Takes a piece of another input.
fn splice(input: &mut Vec<u8>, pool: &[Vec<u8>], random: &mut Rng) {
    let Some(other) = random.choice(pool) else {
        return;
    };
    let piece = &other[piece(other.len(), random)];
    let at = place(input.len() + 1, random).min(input.len());
    let end = match random.bool() {
        true => (at + piece.len()).min(input.len()),
        false => at,
    };
    input.splice(at..end, piece.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_which_inputs_there_are() {
        let pool = [b"some bytes".to_vec(), Vec::new(), vec![0; 500]];
        let all = |seed| {
            let mut random = Rng::with_seed(seed);
            (0..2000)
                .map(|_| next(&pool, &mut random))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(1), all(1));
        assert_ne!(all(1), all(2));
        assert!(all(3).iter().all(|input| input.len() <= SIZE_MAX));
        let kinds: std::collections::HashSet<_> = all(4).into_iter().collect();
        assert!(kinds.len() > 1500, "{} different ones", kinds.len());
    }

    #[test]
    fn something_is_made_of_nothing() {
        let mut random = Rng::with_seed(1);
        let made = (0..100).map(|_| next(&[], &mut random));
        assert!(made.filter(|input| !input.is_empty()).count() > 10);
    }
}
