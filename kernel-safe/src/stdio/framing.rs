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
    /// Takes `bytes` as they arrived, and passes on what is input.
    pub fn decode<'a>(&mut self, mut bytes: &'a [u8], mut pass: impl FnMut(&'a [u8])) {
        while let Some((first, rest)) = bytes.split_first() {
            match *self {
                Framing::Length => {
                    *self = Framing::LengthRest(*first);
                    bytes = rest;
                }
                Framing::LengthRest(low) => {
                    *self = Framing::chunk(u16::from_le_bytes([low, *first]));
                    bytes = rest;
                }
                Framing::Chunk(missing) => bytes = self.take(missing, bytes, &mut pass),
                Framing::End => return,
            }
        }
    }

    /// Whether the end of the file was reached.
    pub fn is_at_end(self) -> bool {
        self == Framing::End
    }

    fn chunk(size: u16) -> Framing {
        if size == 0 {
            Framing::End
        } else {
            Framing::Chunk(size)
        }
    }

    /// Passes on what there is of a chunk; the bytes behind it.
    fn take<'a>(
        &mut self,
        missing: u16,
        bytes: &'a [u8],
        pass: &mut impl FnMut(&'a [u8]),
    ) -> &'a [u8] {
        let size = bytes.len().min(usize::from(missing));
        let Some((input, rest)) = bytes.split_at_checked(size) else {
            return &[];
        };
        pass(input);
        let left = usize::from(missing).saturating_sub(size);
        *self = match u16::try_from(left) {
            Ok(left @ 1..) => Framing::Chunk(left),
            _ => Framing::Length,
        };
        rest
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

    fn decode(framing: &mut Framing, wire: &[u8]) -> Vec<u8> {
        let mut input = Vec::new();
        framing.decode(wire, |part| input.extend_from_slice(part));
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
