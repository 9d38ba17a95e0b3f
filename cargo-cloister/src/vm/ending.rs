//! How a run went, and with which status that ends.

use domains::report::{Action, Fault, Reason as RefusalReason, Refusal, Registers};
use domains::status;

use super::{Error, NetworkError};

/// The number of the signal that ends a program whose reader went away.
const SIGPIPE: u8 = 13;

/// How a run went.
#[derive(Debug)]
pub struct Ending {
    /// The status that the process ends with.
    pub status: u8,
    /// Whose status it is.
    pub reason: Reason,
    /// What went wrong, unless a fault's report says it.
    pub problem: Option<Error>,
    /// What the program had in its registers, if it was stopped.
    pub registers: Option<Registers>,
}

/// Whose status a run ended with.
///
/// A status alone does not tell a violation from a program that exits with the
/// same number; this does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The program's own.
    Program,
    /// The program crossed a wall, or faulted otherwise.
    Violation,
    /// The time limit passed.
    Timeout,
    /// The machine did not start.
    NotStarted,
    /// The kernel failed.
    KernelFailed,
    /// The user or the system stopped it.
    Interrupted,
}

/// Why we stopped a machine that did not end by itself.
#[derive(Debug)]
pub(super) enum Stop {
    /// The time limit, in seconds, passed.
    Timeout(f64),
    /// This process got a signal.
    Signal(i32),
    /// Output could not be written.
    Output(std::io::Error),
}

/// What was seen of a run.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub(super) started: bool,
    pub(super) exit: Option<u8>,
    pub(super) refusal: Option<Refusal>,
    pub(super) last_fault: Option<Fault>,
    pub(super) registers: Option<Registers>,
    pub(super) stop: Option<Stop>,
    pub(super) qemu_said: Vec<String>,
}

impl Observed {
    /// What it amounts to.
    pub(super) fn judge(self) -> Ending {
        if let Some(refusal) = self.refusal {
            return Ending::problem(Reason::NotStarted, refused(&refusal));
        }
        // Whoever asked for the output shall not believe that it is whole.
        let is_whole = !matches!(self.stop, Some(Stop::Output(_)));
        if let Some(status) = self.exit.filter(|_| is_whole) {
            return Ending {
                status,
                reason: self.reason_of_exit(),
                problem: None,
                registers: self.registers,
            };
        }
        if let Some(stop) = self.stop {
            return Ending::stopped(stop);
        }
        let words = self.qemu_said.join("; ");
        if self.started {
            Ending::problem(Reason::KernelFailed, Error::KernelFailed(words))
        } else {
            Ending::problem(Reason::NotStarted, Error::NotStarted(words))
        }
    }

    fn reason_of_exit(&self) -> Reason {
        match self.last_fault.map(|fault| fault.action) {
            Some(Action::Terminate) => Reason::Violation,
            Some(Action::Halt) => Reason::KernelFailed,
            Some(Action::Rewind) | None if self.started => Reason::Program,
            Some(Action::Rewind) | None => Reason::KernelFailed,
        }
    }
}

impl Ending {
    /// A machine that was never started.
    pub fn not_started(error: Error) -> Ending {
        Ending::problem(Reason::NotStarted, error)
    }

    /// The same with the reason of a machine that did not start put in other words, if
    /// there are any for what QEMU said.
    pub(super) fn blamed(self, words: impl Fn(&str) -> Option<NetworkError>) -> Ending {
        let found = match &self.problem {
            Some(Error::NotStarted(said)) => words(said),
            _ => None,
        };
        found.map_or(self, |error| Ending::not_started(error.into()))
    }

    /// A run that we stopped.
    pub(super) fn stopped(stop: Stop) -> Ending {
        let interrupted = |signal: u8, problem| Ending {
            status: 128 + signal,
            reason: Reason::Interrupted,
            problem,
            registers: None,
        };
        match stop {
            Stop::Timeout(seconds) => {
                Ending::problem(Reason::Timeout, Error::TimedOut(seconds))
            }
            Stop::Signal(signal) => interrupted(u8::try_from(signal & 0x7f).unwrap_or(0), None),
            Stop::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                interrupted(SIGPIPE, None)
            }
            Stop::Output(error) => Ending {
                status: status::KERNEL_FAILED,
                reason: Reason::Interrupted,
                problem: Some(Error::Output(error)),
                registers: None,
            },
        }
    }

    fn problem(reason: Reason, problem: Error) -> Ending {
        Ending {
            status: problem.status(),
            reason,
            problem: Some(problem),
            registers: None,
        }
    }
}

fn refused(refusal: &Refusal) -> Error {
    match refusal.reason {
        RefusalReason::Cpu => Error::Cpu(refusal.need),
        RefusalReason::Memory => Error::Memory {
            need: refusal.need,
            have: refusal.have,
        },
        RefusalReason::Image => Error::Image,
    }
}

#[cfg(test)]
mod tests {
    use domains::report::{Cause, Page, feature};

    use super::*;

    fn judged(observed: Observed) -> (u8, Reason) {
        let ending = observed.judge();
        (ending.status, ending.reason)
    }

    fn fault(action: Action) -> Option<Fault> {
        Some(Fault {
            domain: None,
            vector: 14,
            error: 0,
            address: 0,
            rip: 0,
            rsp: 0,
            pkru: 0,
            page: Page::Nothing,
            cause: Cause::Unmapped,
            action,
            entry: None,
        })
    }

    #[test]
    fn a_programs_status_is_its_own_whatever_it_is() {
        for status in [0, 1, 120, 134, 255] {
            let observed = Observed {
                started: true,
                exit: Some(status),
                ..Observed::default()
            };
            assert_eq!(judged(observed), (status, Reason::Program));
        }
    }

    #[test]
    fn output_that_was_lost_counts_more_than_how_the_program_ended() {
        for (kind, status) in [
            (std::io::ErrorKind::StorageFull, status::KERNEL_FAILED),
            (std::io::ErrorKind::BrokenPipe, 128 + SIGPIPE),
        ] {
            let observed = Observed {
                started: true,
                exit: Some(0),
                stop: Some(Stop::Output(kind.into())),
                ..Observed::default()
            };
            assert_eq!(judged(observed), (status, Reason::Interrupted));
        }
        let ended = Observed {
            started: true,
            exit: Some(0),
            stop: Some(Stop::Timeout(1.0)),
            ..Observed::default()
        };
        assert_eq!(judged(ended), (0, Reason::Program), "it was just in time");
    }

    #[test]
    fn a_violation_is_told_from_a_program_that_exits_alike() {
        let exit = |action| Observed {
            started: true,
            exit: Some(120),
            last_fault: fault(action),
            ..Observed::default()
        };
        assert_eq!(judged(exit(Action::Terminate)), (120, Reason::Violation));
        assert_eq!(judged(exit(Action::Rewind)), (120, Reason::Program));
    }

    #[test]
    fn a_machine_that_dies_is_blamed_on_how_far_it_came() {
        assert_eq!(judged(Observed::default()), (122, Reason::NotStarted));
        let started = Observed {
            started: true,
            ..Observed::default()
        };
        assert_eq!(judged(started), (123, Reason::KernelFailed));
    }

    #[test]
    fn stops_have_the_statuses_of_local_programs() {
        let stop = |stop| Observed {
            started: true,
            stop: Some(stop),
            ..Observed::default()
        };
        assert_eq!(judged(stop(Stop::Timeout(2.0))), (121, Reason::Timeout));
        assert_eq!(judged(stop(Stop::Signal(2))), (130, Reason::Interrupted));
        let pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(judged(stop(Stop::Output(pipe))), (141, Reason::Interrupted));
    }

    #[test]
    fn a_refusal_counts_more_than_the_exit_behind_it() {
        let refusal = Refusal {
            reason: RefusalReason::Cpu,
            need: feature::PKU,
            have: 0,
        };
        let observed = Observed {
            refusal: Some(refusal),
            exit: Some(122),
            ..Observed::default()
        };
        assert_eq!(judged(observed), (122, Reason::NotStarted));
    }
}
