//! Taking standard input out of its chunks.
//!
//! The host sends each chunk with its length in front, two bytes
//! little-endian; a chunk of length zero is the end of the file. What arrives
//! is cut anywhere.

/// Where in the stream of chunks the reader stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// Before the first byte of a length.
    Length,
    /// Between the two bytes of a length, of which the first is this.
    LengthRest(u8),
    /// Within a chunk that has so many more bytes.
    Chunk(u16),
    /// Behind the end of the file: what follows is ignored.
    End,
}

impl Framing {
    /// How many bytes of input come next, before another length.
    pub const fn input(self) -> usize {
        match self {
            Framing::Chunk(left) => left as usize,
            Framing::Length | Framing::LengthRest(_) | Framing::End => 0,
        }
    }

    /// Takes a byte that is not input.
    pub const fn take_length(&mut self, byte: u8) {
        *self = match *self {
            Framing::Length => Framing::LengthRest(byte),
            Framing::LengthRest(low) => match u16::from_le_bytes([low, byte]) {
                0 => Framing::End,
                size => Framing::Chunk(size),
            },
            other => other,
        };
    }

    /// Takes `size` bytes of input, at most [`Framing::input`].
    pub fn take_input(&mut self, size: usize) {
        if let Framing::Chunk(left) = *self {
            *self = match usize::from(left).saturating_sub(size) {
                0 => Framing::Length,
                left => Framing::Chunk(u16::try_from(left).unwrap_or(u16::MAX)),
            };
        }
    }

    /// Whether the end of the file was reached.
    pub fn is_at_end(self) -> bool {
        self == Framing::End
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What the host does.
    fn encode(chunks: &[Vec<u8>]) -> Vec<u8> {
        let mut wire = Vec::new();
        for chunk in chunks {
            let size = u16::try_from(chunk.len()).expect("a small chunk");
            wire.extend_from_slice(&size.to_le_bytes());
            wire.extend_from_slice(chunk);
        }
        wire
    }

    /// What a reader does.
    fn decode(framing: &mut Framing, mut wire: &[u8]) -> Vec<u8> {
        let mut input = Vec::new();
        while let Some((first, rest)) = wire.split_first()
            && !framing.is_at_end()
        {
            let size = framing.input().min(wire.len());
            if size == 0 {
                framing.take_length(*first);
                wire = rest;
            } else {
                input.extend_from_slice(&wire[..size]);
                framing.take_input(size);
                wire = &wire[size..];
            }
        }
        input
    }

    proptest! {
        #[test]
        fn chunks_come_out_whole_however_they_are_cut(
            chunks in vec(vec(any::<u8>(), 1..300), 0..10),
            cuts in vec(1_usize..50, 1..10),
            behind in vec(any::<u8>(), 0..10),
        ) {
            let mut wire = encode(&chunks);
            wire.extend_from_slice(&[0, 0]);
            let mut framing = Framing::Length;
            let mut input = Vec::new();
            let mut rest = &wire[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                prop_assert!(!framing.is_at_end());
                let (part, behind) = rest.split_at(rest.len().min(*cut));
                input.extend(decode(&mut framing, part));
                rest = behind;
            }
            prop_assert_eq!(input, chunks.concat());
            prop_assert!(framing.is_at_end());
            prop_assert!(decode(&mut framing, &behind).is_empty());
        }
    }

    #[test]
    fn the_longest_chunk_fits() {
        let chunk = alloc::vec![7; usize::from(u16::MAX)];
        let mut framing = Framing::Length;
        let input = decode(&mut framing, &encode(core::slice::from_ref(&chunk)));
        assert_eq!(input, chunk);
        assert_eq!(framing, Framing::Length);
    }
}
