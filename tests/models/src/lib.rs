//! Every order in which a few threads can do a few steps, over the real code.
//!
//! Crates whose code is to be tried take their atomics and locks, in their own unit
//! tests, from [`sync`] instead of from `core` and `spin`. Outside of a model those
//! behave as usual. Inside, [`Model::explore`] runs a [`Scenario`] again and again: each
//! access to shared memory is a step, before each step any other thread may go on, and
//! all the ways to choose are tried, one run each, up to a number of preemptions.
//!
//! Memory is that of an x86 CPU, where it is weaker than one would like: a store waits in
//! its CPU's buffer, which others do not see, until an exchange, a fence or time empties it
//! ([`Stores::Wait`]). What a compiler may reorder beyond that is not tried.
//!
//! A thread that cannot go on says so by [`sync::spin_loop`] or [`wait_until`], and is
//! asked again when another has changed something. Where all wait, somebody was lost,
//! and the run is reported. Why not `loom`: its atomics cannot stand in a `static`, nor
//! be made by a `const fn`, and it takes sequentially consistent accesses for weaker
//! ones, which are what the protocols here are built of.

#![forbid(unsafe_code)]

mod run;
mod search;
pub mod sync;

use std::fmt;

use self::run::Run;
use self::search::Search;

pub use self::run::wait_until;

/// How an x86 CPU's stores become visible.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stores {
    /// At once: each step is seen by all.
    Go,
    /// They wait in a buffer of the CPU.
    Wait,
    /// As before, and what is written as a fence is none: to show that it matters.
    WaitAtFences,
}

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    preemptions: u32,
    stores: Stores,
    runs: usize,
}

/// Some threads, and what must hold when all have ended.
pub struct Scenario {
    threads: Vec<Thread>,
    last: Option<Thread>,
}

type Thread = Box<dyn FnOnce() + Send>;

/// An order in which something goes wrong.
#[derive(Debug)]
pub struct Found {
    /// The number of the run.
    pub run: usize,
    /// What a thread said, or that all wait.
    pub why: String,
}

impl Found {
    /// Checks that this is what was to be found.
    ///
    /// # Panics
    ///
    /// It is something else.
    #[track_caller]
    pub fn says(&self, words: &str) {
        assert!(self.why.contains(words), "it found: {}", self.why);
    }
}

impl Model {
    /// At most so many preemptions a run; a thread that waits or ends is none.
    pub const fn new(preemptions: u32) -> Model {
        Model {
            preemptions,
            stores: Stores::Wait,
            runs: 1_000_000,
        }
    }

    /// The same with one more preemption where `CLOISTER_FULL` asks for all that takes
    /// long.
    #[must_use]
    pub fn deeper_in_full(mut self) -> Model {
        self.preemptions += u32::from(is_full());
        self
    }

    /// The same with other stores.
    #[must_use]
    pub const fn with(mut self, stores: Stores) -> Model {
        self.stores = stores;
        self
    }

    /// Tries all orders of the scenarios that `make` makes, which must all be alike; how
    /// many there are.
    ///
    /// # Errors
    ///
    /// The first one in which a thread panics, or all wait.
    ///
    /// # Panics
    ///
    /// There are more orders than a test has time for.
    pub fn explore(&self, make: impl Fn() -> Scenario) -> Result<usize, Found> {
        let mut search = Search::new();
        for run in 1..=self.runs {
            let scenario = make();
            let (after, failure) = Run::perform(scenario.threads, search, *self);
            let last = || scenario.last.and_then(run::words_of_panic);
            if let Some(why) = failure.or_else(last) {
                return Err(Found { run, why });
            }
            search = after;
            if !search.advance() {
                return Ok(run);
            }
        }
        panic!("more than {} orders", self.runs);
    }
}

/// Whether what takes long is asked for, too.
pub fn is_full() -> bool {
    std::env::var_os("CLOISTER_FULL").is_some()
}

impl Scenario {
    /// Nobody.
    #[expect(clippy::new_without_default, reason = "it is the start of a sentence")]
    pub const fn new() -> Scenario {
        Scenario {
            threads: Vec::new(),
            last: None,
        }
    }

    /// With one more thread.
    #[must_use]
    pub fn thread(mut self, work: impl FnOnce() + Send + 'static) -> Scenario {
        self.threads.push(Box::new(work));
        self
    }

    /// With a look at how it ended.
    #[must_use]
    pub fn last(mut self, look: impl FnOnce() + Send + 'static) -> Scenario {
        self.last = Some(Box::new(look));
        self
    }
}

impl fmt::Debug for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} threads", self.threads.len())
    }
}
