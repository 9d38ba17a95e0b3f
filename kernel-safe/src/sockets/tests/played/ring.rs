//! A ring, as `net` has it.

use alloc::vec;

use gate::played;

/// A ring, as `net` has it.
#[derive(Debug, Default)]
pub(super) struct Ring {
    pub(super) start: usize,
    pub(super) capacity: usize,
    pub(super) at: usize,
    pub(super) size: usize,
}

impl Ring {
    pub(super) fn end(&self) -> usize {
        (self.at + self.size) % self.capacity.max(1)
    }

    pub(super) fn put(&mut self, byte: u8) -> bool {
        if self.size >= self.capacity {
            return false;
        }
        if self.size == 0 {
            self.at = 0;
        }
        played::write(self.start + self.end(), &[byte]);
        self.size += 1;
        true
    }

    pub(super) fn get(&mut self) -> Option<u8> {
        let mut byte = [0];
        played::read(self.start + self.at, &mut byte);
        self.size = self.size.checked_sub(1)?;
        self.at = (self.at + 1) % self.capacity;
        Some(byte[0])
    }

    pub(super) fn readable(&self) -> u64 {
        let size = self.size.min(self.capacity - self.at);
        (size as u64) << 32 | self.at as u64
    }

    pub(super) fn writable(&mut self) -> u64 {
        if self.size == 0 {
            self.at = 0;
        }
        let at = self.end();
        let size = (self.capacity - self.size).min(self.capacity - at);
        (size as u64) << 32 | at as u64
    }

    pub(super) fn commit(&mut self, at: usize, size: usize) {
        let mut bytes = vec![0; size];
        played::read(self.start + at, &mut bytes);
        for byte in bytes {
            assert!(self.put(byte), "more was written than there was room");
        }
    }
}
