//! What became of a run, compared with one in which nothing went wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::client::Said;
use crate::vm::Reason;

/// What whoever uses the program sees of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The program's status; none if it was ended because its client had.
    pub(super) status: Option<u8>,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// What is in its folders.
    pub(super) files: String,
    pub(super) client: Option<Said>,
}

/// How a run went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Run {
    pub(super) seen: Seen,
    pub(super) end: End,
    /// Whether anything went wrong: the program may have ended before.
    pub(super) was_done: bool,
    /// Whether the domain that goes wrong is the application.
    pub(super) is_app: bool,
    /// How often cells were started anew.
    pub(super) restarts: u64,
    /// How often the domain wrote where it may not, and was not stopped.
    pub(super) strays: u64,
}

/// How the machine ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    /// The program ended.
    Program,
    /// It was ended, because its client had done all it wanted.
    Served,
    /// The program was stopped: it crossed a wall, or faulted otherwise.
    Stopped,
    /// It took too long.
    Late,
    /// The kernel failed, and all with it.
    Failed,
}

/// As it is told of a run without a fault.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Program | End::Served => "it ended",
            End::Stopped => "it was stopped",
            End::Late => "it did not end in time",
            End::Failed => "the machine failed",
        })
    }
}

impl End {
    /// What the reason of a run's ending means, of one that a client used.
    pub(super) fn of(reason: Reason, is_served: bool) -> End {
        match reason {
            Reason::Timeout if is_served => End::Served,
            Reason::Timeout => End::Late,
            Reason::Program => End::Program,
            Reason::Violation => End::Stopped,
            Reason::NotStarted | Reason::KernelFailed | Reason::Interrupted => End::Failed,
        }
    }
}

/// What a run amounts to, the worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// The kernel failed, and the program with it.
    KernelFailed,
    /// Another domain's memory was changed, and nobody stopped that.
    Corrupted,
    /// The program did not end.
    Hung,
    /// The program said something else, or left something else behind.
    Wrong,
    /// The program was stopped, and it was said where.
    Stopped,
    /// A cell was started anew, and the program went on as if nothing was.
    Restarted,
    /// Nobody noticed anything.
    NoEffect,
    /// The program had ended before anything could go wrong.
    NotReached,
}

impl Outcome {
    pub(super) const ALL: [Outcome; 8] = [
        Outcome::NoEffect,
        Outcome::Restarted,
        Outcome::Stopped,
        Outcome::Wrong,
        Outcome::Hung,
        Outcome::Corrupted,
        Outcome::KernelFailed,
        Outcome::NotReached,
    ];

    /// In a few words.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Outcome::KernelFailed => "kernel failed",
            Outcome::Corrupted => "silent corruption",
            Outcome::Hung => "hung",
            Outcome::Wrong => "wrong output",
            Outcome::Stopped => "stopped and named",
            Outcome::Restarted => "cell restarted",
            Outcome::NoEffect => "no effect",
            Outcome::NotReached => "not reached",
        }
    }

    /// Judges a run by one in which nothing went wrong.
    pub(super) fn of(run: &Run, golden: &Seen) -> Outcome {
        let is_alike = run.seen == *golden;
        match run.end {
            _ if !run.was_done => Outcome::NotReached,
            End::Failed => Outcome::KernelFailed,
            // Being stopped later takes nothing of it back, and a cell that is
            // started anew mends its own memory, and nobody else's.
            _ if run.strays > 0 => Outcome::Corrupted,
            End::Stopped => Outcome::Stopped,
            End::Late => Outcome::Hung,
            // It found out itself, and said so.
            End::Program if run.is_app && !is_alike && run.seen.is_abort() => Outcome::Stopped,
            End::Program | End::Served if !is_alike => Outcome::Wrong,
            End::Program | End::Served if run.restarts > 0 => Outcome::Restarted,
            End::Program | End::Served => Outcome::NoEffect,
        }
    }
}

impl Seen {
    fn is_abort(&self) -> bool {
        self.status == Some(domains::status::ABORT)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.title())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> Seen {
        Seen {
            status: Some(0),
            stdout: b"42\n".to_vec(),
            stderr: Vec::new(),
            files: String::new(),
            client: None,
        }
    }

    fn run(end: End) -> Run {
        Run {
            seen: golden(),
            end,
            was_done: true,
            is_app: false,
            restarts: 0,
            strays: 0,
        }
    }

    fn wrong(end: End) -> Run {
        let seen = Seen {
            stdout: b"43\n".to_vec(),
            ..golden()
        };
        Run { seen, ..run(end) }
    }

    #[test]
    fn a_run_is_judged_by_what_was_seen() {
        let strays = |run| Run { strays: 3, ..run };
        let restarted = |run| Run { restarts: 1, ..run };
        let aborted = |is_app| Run {
            is_app,
            seen: Seen {
                status: Some(134),
                ..golden()
            },
            ..run(End::Program)
        };
        let never = Run {
            was_done: false,
            ..wrong(End::Program)
        };
        for (run, outcome) in [
            (run(End::Program), Outcome::NoEffect),
            (run(End::Served), Outcome::NoEffect),
            (restarted(run(End::Program)), Outcome::Restarted),
            (restarted(wrong(End::Program)), Outcome::Wrong),
            (wrong(End::Program), Outcome::Wrong),
            (run(End::Stopped), Outcome::Stopped),
            (aborted(true), Outcome::Stopped),
            (aborted(false), Outcome::Wrong),
            (run(End::Late), Outcome::Hung),
            (run(End::Failed), Outcome::KernelFailed),
            (strays(run(End::Program)), Outcome::Corrupted),
            (strays(restarted(run(End::Program))), Outcome::Corrupted),
            (strays(run(End::Failed)), Outcome::KernelFailed),
            (strays(run(End::Stopped)), Outcome::Corrupted),
            (never, Outcome::NotReached),
        ] {
            assert_eq!(Outcome::of(&run, &golden()), outcome, "{run:?}");
        }
    }

    #[test]
    fn a_panic_that_comes_without_a_fault_as_well_is_no_effect_of_one() {
        let panics = Seen {
            status: Some(134),
            ..golden()
        };
        let run = Run {
            is_app: true,
            seen: panics.clone(),
            ..run(End::Program)
        };
        assert_eq!(Outcome::of(&run, &panics), Outcome::NoEffect);
    }
}
