//! One run of a scenario: one thread at a time goes on, and the search says which.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::search::Search;
use crate::{Model, Stores, Thread};

/// A run that takes more steps does not end.
const STEPS_MAX: u32 = 20_000;
/// How many stores a CPU keeps back.
const BUFFER: usize = 4;

/// A word of shared memory.
pub(crate) type Word = Arc<AtomicU64>;

/// A run, which its threads share.
pub(crate) struct Run {
    state: Mutex<State>,
    /// One for each thread: it is its turn.
    turns: Vec<Condvar>,
}

struct State {
    running: usize,
    cpus: Vec<Cpu>,
    steps: u32,
    preemptions: u32,
    stores: Stores,
    search: Search,
    failure: Option<String>,
}

/// A thread, and what it has stored and nobody else sees.
struct Cpu {
    life: Life,
    /// What it has read since it waited last: while all of that is as it was, it would
    /// find nothing new.
    read: Vec<(Word, u64)>,
    buffer: VecDeque<(Word, u64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Ready,
    Waits,
    Ended,
}

/// What ends the other threads of a run that has failed.
struct Abandoned;

thread_local! {
    static OWN: RefCell<Option<(Arc<Run>, usize)>> = const { RefCell::new(None) };
}

/// The run that this thread is in, and its number there.
pub(crate) fn own() -> Option<(Arc<Run>, usize)> {
    OWN.try_with(|own| own.borrow().clone()).ok().flatten()
}

/// Waits until `is_so`, which is asked whenever another thread has changed something.
pub fn wait_until(is_so: impl Fn() -> bool) {
    while !is_so() {
        pause();
    }
}

/// This thread cannot go on before another has changed something.
pub(crate) fn pause() {
    match own() {
        Some((run, number)) => run.pause(number),
        None => thread::yield_now(),
    }
}

impl Run {
    /// Runs the threads as the search says; the search, and what went wrong.
    pub(crate) fn perform(
        threads: Vec<Thread>,
        search: Search,
        model: Model,
    ) -> (Search, Option<String>) {
        let run = Arc::new(Run::new(threads.len(), search, model));
        let first = run.lock().next_of_all();
        run.lock().running = first.unwrap_or(0);
        thread::scope(|scope| {
            for (number, work) in threads.into_iter().enumerate() {
                let run = Arc::clone(&run);
                scope.spawn(move || run.live(number, work));
            }
        });
        let mut state = run.lock();
        let search = std::mem::replace(&mut state.search, Search::new());
        (search, state.failure.take())
    }

    fn new(count: usize, search: Search, model: Model) -> Run {
        let cpu = |_| Cpu {
            life: Life::Ready,
            read: Vec::new(),
            buffer: VecDeque::new(),
        };
        Run {
            state: Mutex::new(State {
                running: 0,
                cpus: (0..count).map(cpu).collect(),
                steps: 0,
                preemptions: model.preemptions,
                stores: model.stores,
                search,
                failure: None,
            }),
            turns: (0..count).map(|_| Condvar::new()).collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The life of thread `number`.
    fn live(self: Arc<Run>, number: usize, work: Thread) {
        OWN.with(|own| *own.borrow_mut() = Some((Arc::clone(&self), number)));
        let result = panic::catch_unwind(AssertUnwindSafe(|| {
            self.await_turn(self.lock(), number);
            work();
            self.end(number);
        }));
        OWN.with(|own| own.borrow_mut().take());
        if let Err(payload) = result
            && !payload.is::<Abandoned>()
        {
            self.fail(self.lock(), words_of(&*payload));
        }
    }

    fn end(&self, number: usize) {
        let Some(mut state) = self.step_behind_stores(number) else {
            return;
        };
        state.empty(number, usize::MAX);
        state.cpus[number].life = Life::Ended;
        match state.next_of_all() {
            Some(next) => self.hand_over(&mut state, next),
            None if state.cpus.iter().all(|cpu| cpu.life == Life::Ended) => {}
            None => self.fail(state, "all others wait for ever".to_owned()),
        }
    }

    /// What has to come before each access: another thread may go on first. None where
    /// the run has failed and is only wound up.
    fn step(&self, number: usize) -> Option<MutexGuard<'_, State>> {
        let mut state = self.lock();
        if abandons(&state) {
            return None;
        }
        state.steps += 1;
        if state.steps > STEPS_MAX {
            self.fail(state, "it does not end".to_owned());
            abandon();
        }
        if state.preemptions == 0 {
            return Some(state);
        }
        let others = state.who_can_go_on(|other| other != number);
        let chosen = state.search.choose(1 + others.len());
        if chosen == 0 {
            return Some(state);
        }
        state.preemptions -= 1;
        let kept = state.cpus[number].buffer.len();
        let kept = state.search.choose(1 + kept);
        state.empty_but(number, kept);
        self.hand_over(&mut state, others[chosen - 1]);
        self.await_turn(state, number)
    }

    fn pause(&self, number: usize) {
        let Some(mut state) = self.step_behind_stores(number) else {
            return thread::yield_now();
        };
        state.empty(number, usize::MAX);
        state.cpus[number].life = Life::Waits;
        let Some(next) = state.next_of_all() else {
            self.fail(state, "all wait for ever".to_owned());
            abandon();
        };
        self.hand_over(&mut state, next);
        if let Some(mut state) = self.await_turn(state, number) {
            let cpu = &mut state.cpus[number];
            cpu.life = Life::Ready;
            cpu.read.clear();
        }
    }

    /// What has to come before a wait, or the end: while stores are not seen yet another
    /// thread may go on first.
    fn step_behind_stores(&self, number: usize) -> Option<MutexGuard<'_, State>> {
        let state = self.lock();
        if abandons(&state) {
            return None;
        }
        if state.cpus[number].buffer.is_empty() {
            return Some(state);
        }
        drop(state);
        self.step(number)
    }

    fn hand_over(&self, state: &mut State, next: usize) {
        state.running = next;
        self.turns[next].notify_one();
    }

    /// Waits for the turn of thread `number`; none if the run fails before, and this
    /// thread is being wound up.
    fn await_turn<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        number: usize,
    ) -> Option<MutexGuard<'a, State>> {
        while state.running != number || state.failure.is_some() {
            if abandons(&state) {
                return None;
            }
            let waited = self.turns[number].wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        Some(state)
    }

    fn fail(&self, mut state: MutexGuard<'_, State>, why: String) {
        state.failure.get_or_insert(why);
        self.turns.iter().for_each(Condvar::notify_all);
    }

    /// Reads a word.
    pub(crate) fn load(&self, number: usize, word: &Word) -> u64 {
        match self.step(number) {
            Some(mut state) => state.cpus[number].read(word),
            None => word.load(Ordering::SeqCst),
        }
    }

    /// Stores a word; it `is_seen` by all at once, or when the buffer is emptied.
    pub(crate) fn store(&self, number: usize, word: &Word, value: u64, is_seen: bool) {
        let Some(mut state) = self.step(number) else {
            return word.store(value, Ordering::SeqCst);
        };
        state.cpus[number]
            .buffer
            .push_back((Arc::clone(word), value));
        let kept = match state.stores {
            Stores::Wait | Stores::WaitAtFences if !is_seen => BUFFER,
            _ => 0,
        };
        state.empty_but(number, kept);
    }

    /// Changes a word at once; what it was, and whether `change` agreed.
    pub(crate) fn change(
        &self,
        number: usize,
        word: &Word,
        change: impl Fn(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        let mut state = self.step(number);
        if let Some(state) = &mut state {
            state.empty(number, usize::MAX);
        }
        let result = word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, &change);
        if let Some(state) = &mut state {
            state.cpus[number].read(word);
        }
        result
    }

    /// Lets nothing pass.
    pub(crate) fn fence(&self, number: usize) {
        if let Some(mut state) = self.step(number)
            && state.stores != Stores::WaitAtFences
        {
            state.empty(number, usize::MAX);
        }
    }
}

impl Cpu {
    /// What the thread sees in a word: what it stored last, or memory.
    fn read(&mut self, word: &Word) -> u64 {
        let is_it = |place: &&(Word, u64)| Arc::ptr_eq(word, &place.0);
        let stored = self.buffer.iter().rev().find(is_it);
        let memory = word.load(Ordering::SeqCst);
        let value = stored.map_or(memory, |(_, value)| *value);
        self.read.retain(|place| !is_it(&place));
        self.read.push((Arc::clone(word), memory));
        value
    }

    /// Whether something has changed that it has read.
    fn finds_something(&self) -> bool {
        let mut read = self.read.iter();
        read.any(|(word, value)| word.load(Ordering::SeqCst) != *value)
    }
}

impl State {
    /// Has the oldest stores of a thread be seen, until `kept` are left.
    fn empty_but(&mut self, number: usize, kept: usize) {
        let count = self.cpus[number].buffer.len().saturating_sub(kept);
        self.empty(number, count);
    }

    fn empty(&mut self, number: usize, count: usize) {
        for _ in 0..count {
            let Some((word, value)) = self.cpus[number].buffer.pop_front() else {
                return;
            };
            word.store(value, Ordering::SeqCst);
        }
    }

    /// Those who can go on: first who has something to do, then who waits and may find
    /// something new.
    fn who_can_go_on(&self, is_meant: impl Fn(usize) -> bool) -> Vec<usize> {
        let of = |wanted: Life| {
            let cpus = self.cpus.iter().enumerate();
            cpus.filter(move |(_, cpu)| cpu.life == wanted)
                .filter(|(_, cpu)| cpu.life == Life::Ready || cpu.finds_something())
                .map(|(number, _)| number)
        };
        let all = of(Life::Ready).chain(of(Life::Waits));
        all.filter(|number| is_meant(*number)).collect()
    }

    /// Chooses who goes on, where the running thread cannot.
    fn next_of_all(&mut self) -> Option<usize> {
        let all = self.who_can_go_on(|_| true);
        let chosen = (!all.is_empty()).then(|| self.search.choose(all.len()));
        chosen.map(|chosen| all[chosen])
    }
}

/// Whether the run has failed. Then this does not return, unless the thread is unwinding:
/// what it does as it goes is done without order.
fn abandons(state: &MutexGuard<'_, State>) -> bool {
    let has_failed = state.failure.is_some();
    if has_failed && !thread::panicking() {
        abandon();
    }
    has_failed
}

fn abandon() -> ! {
    panic::resume_unwind(Box::new(Abandoned))
}

/// What the work says as it panics; none if it does not.
pub(crate) fn words_of_panic(work: Thread) -> Option<String> {
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    result.err().map(|payload| words_of(&*payload))
}

fn words_of(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|it| (*it).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}
