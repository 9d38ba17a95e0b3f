//! Where a list has been, so that it ends whatever its file system says.

use crate::errno::Errno;

/// The course of one list, through all its portions.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Where it was some portions ago. Coming there again, it goes in a circle.
    mark: u64,
    /// The portions since then.
    steps: u64,
    /// How many portions the mark stays: twice as many each time, so that a
    /// circle of any size is found.
    patience: u64,
}

impl Course {
    /// Of a list that begins at `cookie`.
    pub const fn new(cookie: u64) -> Course {
        Course {
            mark: cookie,
            steps: 0,
            patience: 1,
        }
    }

    /// Notes that the list goes on at `next`.
    ///
    /// # Errors
    ///
    /// It would never end.
    pub fn go_on(&mut self, next: u64) -> Result<(), Errno> {
        // DEFENCE: listing-circle
        if next == self.mark {
            return Err(Errno::Device);
        }
        self.steps = self.steps.saturating_add(1);
        if self.steps >= self.patience {
            self.mark = next;
            self.steps = 0;
            self.patience = self.patience.saturating_mul(2);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a list comes to whose portion number `step` says where to go on.
    fn end(mut steps: impl Iterator<Item = u64>) -> Result<(), Errno> {
        let mut course = Course::new(0);
        steps.try_for_each(|next| course.go_on(next))
    }

    #[test]
    fn a_circle_of_any_size_is_found() {
        for size in [1, 2, 3, 7, 100, 5000] {
            let circle = (0..10 * size).map(|step| 1 + step % size);
            assert_eq!(end(circle), Err(Errno::Device), "{size}");
            // The circle may begin later, and where the list did.
            let late = (0..20 + 10 * size).map(|step| (step + 1).max(20) % (20 + size));
            assert_eq!(end(late), Err(Errno::Device), "{size}");
        }
    }

    #[test]
    fn numbers_of_places_need_not_grow() {
        assert_eq!(end((0..1000).map(|step| u64::MAX - step * 3)), Ok(()));
    }
}
