//! Takes and gives as many bytes as it is asked to.
//!
//! A request is two numbers of eight bytes, the least byte first: how many bytes
//! follow, and how many are wanted. The answer is the sum of those that came, as
//! such a number, which shows that they came, and then those that were wanted.

use std::io::{Read, Result, Write};

/// How many bytes are read or written at once.
const PIECE: usize = 64 << 10;

/// Answers requests until the input ends.
pub fn serve(mut stream: impl Read + Write) -> Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        let mut numbers = [[0; 8]; 2];
        if stream.read(&mut numbers[0][..1])? == 0 {
            return Ok(());
        }
        stream.read_exact(&mut numbers[0][1..])?;
        stream.read_exact(&mut numbers[1])?;
        let [come, go] = numbers.map(u64::from_le_bytes);
        let sum = take(&mut stream, come, &mut piece)?;
        stream.write_all(&sum.to_le_bytes())?;
        give(&mut stream, go, &mut piece)?;
    }
}

/// Reads so many bytes; their sum.
fn take(stream: &mut impl Read, mut left: u64, piece: &mut [u8]) -> Result<u64> {
    let mut sum = 0;
    while left > 0 {
        let most = left.min(piece.len() as u64) as usize;
        let size = stream.read(&mut piece[..most])?;
        if size == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        sum += piece[..size].iter().copied().map(u64::from).sum::<u64>();
        left -= size as u64;
    }
    Ok(sum)
}

/// Writes so many bytes, each the low byte of its place.
fn give(stream: &mut impl Write, mut left: u64, piece: &mut [u8]) -> Result<()> {
    for (place, byte) in piece.iter_mut().enumerate() {
        *byte = place as u8;
    }
    while left > 0 {
        let size = left.min(piece.len() as u64) as usize;
        stream.write_all(&piece[..size])?;
        left -= size as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::talk::tests::Both;

    #[test]
    fn what_comes_is_summed_and_what_is_wanted_is_given() {
        let numbers = |come: u64, go: u64| [come.to_le_bytes(), go.to_le_bytes()].concat();
        let input = [numbers(3, 0), vec![1, 2, 255], numbers(0, 300)].concat();
        let mut both = Both::of(&input);
        serve(&mut both).expect("memory does not fail");
        assert_eq!(both.output[..8], 258_u64.to_le_bytes());
        assert_eq!(both.output[8..16], [0; 8]);
        let wanted: Vec<u8> = (0..300_u32).map(|place| place as u8).collect();
        assert_eq!(both.output[16..], wanted);
    }

    #[test]
    fn a_peer_that_breaks_off_is_an_error() {
        let mut both = Both::of(&[5; 12]);
        assert!(serve(&mut both).is_err());
    }
}
