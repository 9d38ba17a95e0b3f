//! Trying until there is something: a request that may wait.
//!
//! What a window tells says whether there is something to look for, and an entry of `net`
//! may say that there is nothing. A `net` that tells the one and says the other keeps
//! nobody in the kernel: such rounds let others run and end at the deadline, and after a
//! few the thread sleeps for a while, whatever it was told.

use gate::clock;

use super::{Patience, Socket};
use crate::errno::Errno;
use crate::thread::Outcome;
use crate::{events, network, wait};

/// After how many rounds in vain a thread sleeps all the same, and how long.
const VAIN_MAX: u32 = 16;
const REST_NS: u64 = 1_000_000;

/// Rounds in a row that found nothing, and no reason to sleep either.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rounds(u32);

impl Rounds {
    /// None yet.
    pub(super) const NONE: Rounds = Rounds(0);

    /// Whether there were so many that the next has to wait.
    const fn are_many(self) -> bool {
        // DEFENCE: vain-rounds-rest
        self.0 >= VAIN_MAX
    }

    const fn count(&mut self) {
        self.0 = self.0.saturating_add(1);
    }
}

impl Socket {
    /// Does `attempt` until it says something else than [`Errno::Again`], or the caller's
    /// patience is over. `is_idle` says whether it would say just that, which costs less
    /// to find out.
    pub(super) fn repeat<T>(
        self,
        patience: Patience,
        mut attempt: impl FnMut() -> Result<T, Errno>,
        is_idle: impl Fn() -> bool,
    ) -> Result<T, Errno> {
        let (mut deadline, mut rounds) = (None, Rounds::NONE);
        let mut attempt = |is_vain| match is_vain {
            true => Err(Errno::Again),
            false => attempt(),
        };
        let mut is_vain = is_idle();
        loop {
            match attempt(is_vain) {
                Err(Errno::Again) => {}
                done => return done,
            }
            match attempt(!network::attend() || is_idle()) {
                Err(Errno::Again) => {}
                done => return done,
            }
            // Whoever is woken finds something, as a rule.
            is_vain = false;
            let Patience::ByOption(option) = patience else {
                return Err(Errno::Again);
            };
            let deadline = *deadline.get_or_insert_with(|| self.deadline(option));
            self.sleep(deadline, &is_idle, &mut rounds)?;
        }
    }

    /// Sleeps until there may be something to look for.
    ///
    /// # Errors
    ///
    /// The deadline has come ([`Errno::Again`]), or memory is short.
    pub(super) fn sleep(
        self,
        deadline: u64,
        is_idle: &impl Fn() -> bool,
        rounds: &mut Rounds,
    ) -> Result<(), Errno> {
        if rounds.are_many() {
            *rounds = Rounds::NONE;
            return self.rest(deadline);
        }
        let check = || match is_idle() {
            true => Ok(()),
            false => Err(Errno::Again),
        };
        let outcome = match self.0.place().wait(deadline, check) {
            Err(Errno::Again) => return self.go_on(deadline, rounds),
            outcome => outcome?,
        };
        network::arrive();
        *rounds = Rounds::NONE;
        match outcome {
            Outcome::TimedOut => Err(Errno::Again),
            Outcome::Woken => Ok(()),
        }
    }

    /// Does not sleep, since there is something to look for, or seems to be.
    ///
    /// # Errors
    ///
    /// The deadline has come ([`Errno::Again`]).
    fn go_on(self, deadline: u64, rounds: &mut Rounds) -> Result<(), Errno> {
        rounds.count();
        events::let_others_run();
        // DEFENCE: vain-rounds-end
        match wait::is_over(deadline) {
            true => Err(Errno::Again),
            false => Ok(()),
        }
    }

    /// Sleeps for a while, though there seems to be something.
    ///
    /// # Errors
    ///
    /// As [`Socket::sleep`].
    fn rest(self, deadline: u64) -> Result<(), Errno> {
        let end = clock::monotonic_ns().saturating_add(REST_NS);
        self.0.place().wait(end.min(deadline), || Ok(()))?;
        network::arrive();
        match wait::is_over(deadline) {
            true => Err(Errno::Again),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_rounds_in_vain_are_a_few() {
        let mut rounds = Rounds::NONE;
        assert!(!rounds.are_many());
        (0..99).for_each(|_| rounds.count());
        assert!(rounds.are_many());
    }
}
