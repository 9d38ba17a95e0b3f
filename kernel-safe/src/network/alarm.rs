//! When the network wants to be worked for next.
//!
//! The CPU whose timer is to fire then is its keeper: it looks whenever its timer fires,
//! for whomever. Others need not know. A later time never moves the timer; the keeper
//! finds that out when it looks.

use gate::cpu;
use spin::Mutex;

use crate::schedule;
use crate::schedule::alarm::NEVER;

/// The time, and who keeps it.
#[derive(Debug)]
struct Alarm {
    deadline: u64,
    /// When the keeper looks, at the latest.
    looked_at: u64,
    keeper: usize,
}

static ALARM: Mutex<Alarm> = Mutex::new(Alarm::NEW);

impl Alarm {
    const NEW: Alarm = Alarm {
        deadline: NEVER,
        looked_at: NEVER,
        keeper: 0,
    };

    /// Sets the time. Whether this CPU has to see to it: then it is the keeper.
    fn set(&mut self, deadline: u64, cpu: usize) -> bool {
        self.deadline = deadline;
        let is_earlier = deadline < self.looked_at;
        if is_earlier {
            (self.looked_at, self.keeper) = (deadline, cpu);
        }
        is_earlier
    }

    /// The same, unless the time is earlier as it is.
    fn advance(&mut self, deadline: u64, cpu: usize) -> bool {
        deadline < self.deadline && self.set(deadline, cpu)
    }

    /// The timer of a CPU has fired: the time, if that is the keeper.
    fn look(&mut self, cpu: usize) -> Option<u64> {
        let is_keeper = cpu == self.keeper && self.looked_at != NEVER;
        is_keeper.then(|| {
            self.looked_at = self.deadline;
            self.deadline
        })
    }

    /// When the timer of a CPU has to fire next for the network, but not before `at`.
    fn keep(&mut self, cpu: usize, at: u64) -> u64 {
        if cpu != self.keeper {
            return NEVER;
        }
        self.looked_at = match self.deadline {
            NEVER => NEVER,
            deadline => deadline.max(at),
        };
        self.looked_at
    }
}

/// The network wants to be worked for at `deadline`.
pub(super) fn set(deadline: u64) {
    let is_keeper = ALARM.lock().set(deadline, cpu::number());
    if is_keeper && deadline != NEVER {
        schedule::fire_by(deadline);
    }
}

/// The network wants to be worked for at `deadline` or before.
pub(super) fn advance(deadline: u64) {
    let is_keeper = ALARM.lock().advance(deadline, cpu::number());
    if is_keeper {
        schedule::fire_by(deadline);
    }
}

/// The timer of this CPU has fired: when the network wants to be worked for, if it is
/// this one that sees to that.
pub(super) fn look() -> Option<u64> {
    ALARM.lock().look(cpu::number())
}

/// What this CPU's timer has to fire by for the network, but not before `at`.
pub(super) fn keep(at: u64) -> u64 {
    ALARM.lock().keep(cpu::number(), at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_that_armed_its_timer_looks_and_no_other() {
        let mut alarm = Alarm::NEW;
        assert_eq!(alarm.look(0), None, "there is nothing to be kept");
        assert!(alarm.set(500, 2));
        assert!(!alarm.set(900, 1), "the keeper finds that out");
        assert_eq!(alarm.look(1), None);
        assert_eq!(alarm.look(2), Some(900), "not yet");
        assert_eq!(alarm.keep(2, 600), 900);
        assert!(alarm.set(700, 1), "earlier than the keeper looks");
        assert_eq!((alarm.look(2), alarm.look(1)), (None, Some(700)));
        assert_eq!(alarm.keep(2, 600), NEVER);
    }

    #[test]
    fn an_earlier_time_is_not_put_off() {
        let mut alarm = Alarm::NEW;
        assert!(alarm.advance(500, 1));
        assert!(!alarm.advance(600, 0));
        assert_eq!(alarm.look(1), Some(500));
        assert!(alarm.advance(400, 0));
    }

    #[test]
    fn nothing_is_armed_while_there_is_no_deadline() {
        let mut alarm = Alarm::NEW;
        alarm.set(500, 0);
        alarm.set(NEVER, 0);
        assert_eq!(alarm.look(0), Some(NEVER));
        assert_eq!(alarm.keep(0, 600), NEVER);
        assert_eq!(alarm.look(0), None);
    }

    #[test]
    fn what_is_overdue_does_not_fire_at_once_again() {
        let mut alarm = Alarm::NEW;
        alarm.set(500, 0);
        assert_eq!(alarm.look(0), Some(500));
        assert_eq!(alarm.keep(0, 800), 800);
    }
}
