//! The two sides of a socket's window: what was taken, and what was written.
//!
//! `net` tells a piece that can be read, or where there is room to write. What is done
//! with it here `net` learns at the next pump. While that runs, and nobody knows whether
//! what stands in the window is told before or after it has heard of it, the piece that
//! was there before counts: its bytes stay where they are.

use core::mem;

use domains::network::window::record;

/// A piece of a ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Piece {
    /// Where it begins.
    pub at: u32,
    /// How many bytes it has.
    pub size: u32,
}

/// A piece that is not in the ring.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Outside;

impl Piece {
    /// No bytes.
    pub const NONE: Piece = Piece { at: 0, size: 0 };

    /// The piece that a word tells, of a ring of `capacity` bytes.
    ///
    /// # Errors
    ///
    /// Not all of it is in the ring.
    pub fn read(word: u64, capacity: usize) -> Result<Piece, Outside> {
        let piece = Piece {
            at: word as u32,
            size: (word >> 32) as u32,
        };
        let end = u64::from(piece.at).saturating_add(piece.size.into());
        // DEFENCE: piece-in-ring
        match end <= capacity as u64 {
            true => Ok(piece),
            false => Err(Outside),
        }
    }

    /// What of it is behind its first `count` bytes.
    const fn behind(self, count: u32) -> Piece {
        let count = if count < self.size { count } else { self.size };
        Piece {
            at: self.at.saturating_add(count),
            size: self.size.saturating_sub(count),
        }
    }

    /// Where it ends.
    pub const fn end(self) -> u32 {
        self.at.saturating_add(self.size)
    }
}

/// The reading side.
#[derive(Debug, Default)]
pub struct Reading {
    /// How many bytes the ring has.
    capacity: usize,
    piece: Piece,
    /// What of it a pump that runs tells `net` of.
    told: u32,
    /// What was taken that `net` has not been told of.
    untold: u32,
}

impl Reading {
    /// Nothing was taken from a ring of `capacity` bytes.
    pub const fn new(capacity: usize) -> Reading {
        Reading {
            capacity,
            piece: Piece::NONE,
            told: 0,
            untold: 0,
        }
    }

    /// What can be read, if `word` is told.
    ///
    /// # Errors
    ///
    /// Not all of it is in the ring.
    pub fn rest(&mut self, word: u64) -> Result<Piece, Outside> {
        // DEFENCE: piece-before-pump
        if self.told == 0 {
            self.piece = Piece::read(word, self.capacity)?;
        }
        Ok(self.piece.behind(self.told.saturating_add(self.untold)))
    }

    /// So many of them were taken.
    pub fn take(&mut self, count: u32) {
        self.untold = self.untold.saturating_add(count);
    }

    /// Whether `net` has to be told before more can be read, or more may come: the
    /// piece is used up and goes to the end of the ring, or half of the ring was taken.
    pub fn is_due(&self) -> bool {
        let (capacity, untold) = (self.capacity as u64, u64::from(self.untold));
        let is_used_up = self.untold >= self.piece.size;
        let is_at_end = u64::from(self.piece.end()) >= capacity;
        untold > 0 && (is_used_up && is_at_end || untold >= capacity.div_ceil(2))
    }

    /// What `net` is told now.
    pub fn tell(&mut self) -> u32 {
        self.told = mem::take(&mut self.untold);
        self.told
    }

    /// `net` has heard of it. Whether nothing was left to be read by then: whoever looked
    /// found nothing.
    pub fn settle(&mut self) -> bool {
        let told = mem::take(&mut self.told);
        self.piece = self.piece.behind(told);
        told > 0 && self.piece.size <= self.untold
    }
}

/// The writing side.
#[derive(Debug, Default)]
pub struct Writing {
    /// How many bytes the ring has.
    capacity: usize,
    /// Where there was room, when there was nothing that `net` had not heard of.
    piece: Piece,
    told: u32,
    untold: u32,
}

impl Writing {
    /// Nothing was written to a ring of `capacity` bytes.
    pub const fn new(capacity: usize) -> Writing {
        Writing {
            capacity,
            piece: Piece::NONE,
            told: 0,
            untold: 0,
        }
    }

    /// Where there is room, if `word` is told.
    ///
    /// # Errors
    ///
    /// Not all of it is in the ring.
    pub fn room(&mut self, word: u64) -> Result<Piece, Outside> {
        let written = self.told.saturating_add(self.untold);
        if written == 0 {
            self.piece = Piece::read(word, self.capacity)?;
        }
        Ok(self.piece.behind(written))
    }

    /// So many bytes were written there.
    pub fn write(&mut self, count: u32) {
        self.untold = self.untold.saturating_add(count);
    }

    /// Where was written what `net` is told of now, and how much.
    pub fn tell(&mut self) -> Piece {
        self.told = mem::take(&mut self.untold);
        Piece {
            at: self.piece.at,
            size: self.told,
        }
    }

    /// `net` has heard of it. Whether no room was left by then.
    pub fn settle(&mut self) -> bool {
        let told = mem::take(&mut self.told);
        self.piece = self.piece.behind(told);
        told > 0 && self.piece.size <= self.untold
    }
}

/// How many bytes a whole record of a datagram of `size` bytes takes of `rest`.
///
/// # Errors
///
/// There are not so many.
pub fn record_size(size: u32, rest: Piece) -> Result<u32, Outside> {
    let size = record::size(size as usize);
    // DEFENCE: record-in-piece
    match u32::try_from(size) {
        Ok(size) if size <= rest.size => Ok(size),
        _ => Err(Outside),
    }
}

#[cfg(test)]
mod tests;
