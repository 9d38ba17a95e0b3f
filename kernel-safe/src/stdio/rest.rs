//! What of a request to write is not written yet.
//!
//! A console takes so many bytes at once, and a buffer may be longer or shorter
//! than that. What is sent next is decided here, by itself; who sends it goes
//! from the stream to the console without another between them.

use gate::user::UserSlice;

use crate::drivers::SEND_MAX;
use crate::errno::{Answer, Errno, count};

/// The most bytes that one request writes; the caller asks again. It bounds how
/// long other threads wait.
const WRITE_MAX: usize = 4 * SEND_MAX;

/// What of a request is not written yet.
#[derive(Debug)]
pub struct Rest<'a> {
    /// What is left of a buffer; of none only if nothing is left of all.
    next: UserSlice,
    /// The buffers behind it.
    others: &'a [UserSlice],
    /// How many bytes the request may still write.
    room: usize,
}

impl<'a> Rest<'a> {
    /// All of the buffers.
    ///
    /// # Errors
    ///
    /// One of them is not the application's at all.
    #[inline]
    pub fn of(buffers: &'a [UserSlice]) -> Result<Rest<'a>, Errno> {
        let mut full = buffers.iter().filter(|buffer| buffer.size() > 0);
        full.try_for_each(UserSlice::check)?;
        let rest = Rest {
            next: UserSlice::new(0, 0),
            others: buffers,
            room: WRITE_MAX,
        };
        Ok(rest.after(0))
    }

    /// What is to be sent next; none if that was all, or is enough.
    #[inline]
    pub fn next(&self) -> Option<UserSlice> {
        let next = self.next.part(0, self.room.min(SEND_MAX));
        (next.size() > 0).then_some(next)
    }

    /// What is left when `sent` bytes of the next ones are sent.
    #[inline]
    #[must_use]
    pub fn after(mut self, sent: usize) -> Rest<'a> {
        self.next = self.next.part(sent, usize::MAX);
        self.room = self.room.saturating_sub(sent);
        while self.next.size() == 0
            && let Some((first, others)) = self.others.split_first()
        {
            self.next = *first;
            self.others = others;
        }
        self
    }

    /// The answer to the request if no more is written. Who got an error for
    /// what is out would write it once more.
    ///
    /// # Errors
    ///
    /// What `ended` says, if nothing is written.
    #[inline]
    pub fn answer(&self, ended: Result<(), Errno>) -> Answer {
        match (ended, WRITE_MAX.saturating_sub(self.room)) {
            (Err(errno), 0) => Err(errno),
            (_, written) => count(written),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use domains::layout::APP;

    use super::*;

    /// Buffers of these sizes.
    fn buffers(sizes: &[usize]) -> Vec<UserSlice> {
        let start = APP.heap().start as usize;
        sizes
            .iter()
            .map(|size| UserSlice::new(start, *size))
            .collect()
    }

    /// What is sent at a time, and the answer, where `most` bytes go at once.
    fn sent(sizes: &[usize], most: usize) -> (Vec<usize>, Answer) {
        let buffers = buffers(sizes);
        let mut rest = Rest::of(&buffers).expect("they are the application's");
        let mut sent = Vec::new();
        while let Some(next) = rest.next() {
            sent.push(next.size().min(most));
            rest = rest.after(next.size().min(most));
        }
        (sent, rest.answer(Ok(())))
    }

    #[test]
    fn buffers_are_sent_in_order_and_empty_ones_left_out() {
        assert_eq!(sent(&[], 9), (Vec::new(), Ok(0)));
        assert_eq!(sent(&[0, 0], 9), (Vec::new(), Ok(0)));
        assert_eq!(sent(&[0, 3, 0, 0, 4, 0], 9), (Vec::from([3, 4]), Ok(7)));
        assert_eq!(sent(&[5, 2], 3), (Vec::from([3, 2, 2]), Ok(7)));
        let more = SEND_MAX + 1;
        assert_eq!(
            sent(&[more], more),
            (Vec::from([SEND_MAX, 1]), Ok(more as i64))
        );
    }

    #[test]
    fn a_request_writes_only_so_much() {
        let half = WRITE_MAX / 2 + 1;
        for sizes in [
            &[half, half, half] as &[usize],
            &[WRITE_MAX + 1],
            &[9 * WRITE_MAX],
        ] {
            let (sent, answer) = sent(sizes, SEND_MAX);
            assert_eq!(answer, Ok(WRITE_MAX as i64));
            assert_eq!(sent.iter().sum::<usize>(), WRITE_MAX);
        }
    }

    /// What is next stays that while nothing goes.
    #[test]
    fn what_was_not_sent_is_sent_again() {
        let buffers = buffers(&[7]);
        let rest = Rest::of(&buffers)
            .expect("it is the application's")
            .after(3);
        let size = |rest: &Rest<'_>| rest.next().map(|next| next.size());
        assert_eq!(size(&rest), Some(4));
        assert_eq!(size(&rest.after(0)), Some(4));
    }

    #[test]
    fn an_error_counts_only_before_anything_is_out() {
        let buffers = buffers(&[7]);
        let rest = Rest::of(&buffers).expect("it is the application's");
        let failed = Err(Errno::BadAddress);
        assert_eq!(rest.answer(failed), Err(Errno::BadAddress));
        assert_eq!(rest.after(3).answer(failed), Ok(3));
    }

    #[test]
    fn nothing_is_sent_if_a_buffer_is_foreign() {
        let mut buffers = buffers(&[7, 7]);
        buffers[1] = UserSlice::new(8, 7);
        assert_eq!(Rest::of(&buffers).err(), Some(Errno::BadAddress));
        buffers[1] = UserSlice::new(8, 0);
        assert!(Rest::of(&buffers).is_ok(), "nothing is read there");
    }
}
