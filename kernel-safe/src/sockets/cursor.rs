//! Buffers of the application that are filled, or emptied, one behind the other.

use gate::user::UserSlice;
use gate::view::View;

use crate::errno::Errno;

/// How far a transfer has come.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    buffers: &'a [UserSlice],
    /// How much of the first one is done.
    done: usize,
    total: usize,
}

/// How much is copied at once at most.
pub(super) const PIECE: usize = 64 << 10;

impl<'a> Cursor<'a> {
    /// At the start of these buffers.
    pub const fn new(buffers: &'a [UserSlice]) -> Cursor<'a> {
        Cursor {
            buffers,
            done: 0,
            total: 0,
        }
    }

    /// How much was done.
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Whether all is done.
    pub fn is_done(&self) -> bool {
        let mut rest = self.buffers.iter().map(UserSlice::size);
        let first = rest.next().unwrap_or(0);
        first <= self.done && rest.all(|size| size == 0)
    }

    /// Fills buffers from a window; how many bytes.
    ///
    /// # Errors
    ///
    /// The first of them is not the application's.
    pub fn fill(&mut self, source: View) -> Result<usize, Errno> {
        self.each(source, |part, view| {
            part.write_from(view).map_err(Errno::from)
        })
    }

    /// Empties buffers into a window; how many bytes.
    ///
    /// # Errors
    ///
    /// The first of them is not the application's.
    pub fn empty(&mut self, target: View) -> Result<usize, Errno> {
        self.each(target, |part, view| part.read_to(view).map_err(Errno::from))
    }

    fn each(
        &mut self,
        window: View,
        copy: impl Fn(UserSlice, View) -> Result<(), Errno>,
    ) -> Result<usize, Errno> {
        let mut copied = 0;
        while copied < PIECE
            && let Some(buffer) = self.buffers.first()
        {
            let rest = window.from(copied);
            let most = rest.size().min(PIECE.saturating_sub(copied));
            let part = buffer.part(self.done, most);
            if part.size() == 0 && buffer.size() > self.done {
                break;
            }
            if part.size() > 0
                && let Err(errno) = copy(part, rest)
            {
                return if copied > 0 { Ok(copied) } else { Err(errno) };
            }
            copied = copied.saturating_add(part.size());
            self.step(part.size());
        }
        Ok(copied)
    }

    /// So much of the first buffer is done.
    fn step(&mut self, count: usize) {
        self.total = self.total.saturating_add(count);
        self.done = self.done.saturating_add(count);
        if let Some((first, rest)) = self.buffers.split_first()
            && first.size() <= self.done
        {
            (self.buffers, self.done) = (rest, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes that are copied at each step, without memory behind them.
    fn steps(sizes: &[usize], window: usize) -> (alloc::vec::Vec<usize>, usize) {
        let buffers: alloc::vec::Vec<_> =
            sizes.iter().map(|size| UserSlice::new(0, *size)).collect();
        let mut cursor = Cursor::new(&buffers);
        let view = View::net().first(window).expect("it is that large");
        let mut copied = alloc::vec::Vec::new();
        while !cursor.is_done() {
            match cursor.each(view, |_, _| Ok(())) {
                Ok(count) if count > 0 => copied.push(count),
                _ => break,
            }
        }
        (copied, cursor.total())
    }

    #[test]
    fn buffers_are_done_one_behind_the_other() {
        assert_eq!(steps(&[3, 0, 4], 5), ([5, 2].to_vec(), 7));
        assert_eq!(steps(&[5, 5], 5), ([5, 5].to_vec(), 10));
        assert_eq!(steps(&[], 5), ([].to_vec(), 0));
        assert_eq!(steps(&[0, 0], 5), ([].to_vec(), 0));
        assert_eq!(steps(&[7], 0), ([].to_vec(), 0));
        let (copied, total) = steps(&[100_000], PIECE + 4096);
        assert_eq!((copied[0], total), (PIECE, 100_000));
    }

    #[test]
    fn an_error_counts_only_before_the_first_byte() {
        let buffers = [UserSlice::new(0, 3), UserSlice::new(0, 4)];
        let view = View::net().first(100).expect("it is that large");
        let mut cursor = Cursor::new(&buffers);
        let one = |part: UserSlice, _: View| match part.size() {
            3 => Ok(()),
            _ => Err(Errno::BadAddress),
        };
        assert_eq!(cursor.each(view, one), Ok(3));
        assert_eq!(cursor.each(view, one), Err(Errno::BadAddress));
        assert_eq!(cursor.total(), 3);
    }
}
