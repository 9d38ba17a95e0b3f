//! The seed that makes `smoltcp` choose the sequence number that we want.
//!
//! An initial sequence number has to be ours: it follows a clock and a secret (RFC 6528),
//! it carries a cookie when there is no room for a record, and a handshake that was
//! answered before there was a socket has had it already. `smoltcp` takes it from a
//! generator of its own, which is seeded for each interface: a congruential one of 64
//! bits whose step can be undone. A test fails when it changes, and a connection whose
//! number is not the expected one is given up.

/// The generator's step: `state * FACTOR + ADDEND`.
const FACTOR: u64 = 0xbb2e_fcec_3c39_611d;
const ADDEND: u64 = 0x7590_ef39;

/// The inverse of the factor, by Newton's method: each round doubles the right bits.
const INVERSE: u64 = {
    let mut inverse = FACTOR;
    let mut round = 0;
    while round < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(FACTOR.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
};

/// The seed of an interface whose first socket begins with `sequence`.
///
/// The first number that is drawn identifies packets and may not be zero, or another is
/// drawn: of the states that give the sequence number one is taken that does not.
pub(super) fn of_sequence(sequence: u32) -> u64 {
    let mut fill = 0;
    loop {
        let first = before(state_of(sequence, fill));
        if identity(first) != 0 || fill == 0xff {
            return before(first);
        }
        fill += 1;
    }
}

/// A state that gives this number: with all three of the highest bits set, those from
/// the 22nd on are taken. The others do not count.
fn state_of(sequence: u32, fill: u64) -> u64 {
    7 << 61 | u64::from(sequence) << 22 | fill
}

fn before(state: u64) -> u64 {
    state.wrapping_sub(ADDEND).wrapping_mul(INVERSE)
}

/// The number of 16 bits that a state gives.
fn identity(state: u64) -> u16 {
    let drawn = (state >> (29 - (state >> 61))) as u32;
    (drawn ^ drawn >> 16) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_can_be_undone() {
        for state in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
            let next = u64::wrapping_add(u64::wrapping_mul(state, FACTOR), ADDEND);
            assert_eq!(before(next), state);
        }
    }
}
