//! Every order in which few CPUs can take pages away, forget, sleep and wake.
//!
//! A world is all that counts; a step is one look at shared memory, made by the
//! functions that the core itself uses. All worlds that steps lead to are
//! visited. In none of them may a CPU that can go on in ring 3 remember a page
//! whose frame is free.

extern crate std;

use std::collections::HashSet;
use std::vec::Vec;

use super::*;
use crate::memory::quarantine::{Quarantine, Question, When};

/// The CPUs of these numbers take one page away each: that of their number.
const ASKERS: u64 = 2;
const PAGE: u64 = PAGE_SIZE;

/// What CPUs may leave out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    Full,
    /// Who asks does not wait for the answers,
    NoWait,
    /// does not mark sleepers,
    NoMark,
    /// or does not look again who sleeps when they are marked.
    LooksOnce,
    /// Who is asked answers, and forgets then.
    AnswersFirst,
}

/// Where a CPU is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum At {
    Ring3,
    Asleep,
    /// Awake, but has not looked for a mark.
    Woken,
    /// Waits for the turn to ask.
    Turn,
    /// Has the turn, and looks who sleeps.
    Asks,
    Marks(u64),
    LooksAgain(u64),
    Publishes(u64),
    Waits,
    Frees,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Cpu {
    at: At,
    /// What it remembers: a bit for each page.
    known: u64,
    /// Has seen that it is asked, and has forgotten, but not said so.
    is_answering: bool,
    question: Option<Question>,
}

#[derive(Clone)]
struct World {
    cpus: Vec<Cpu>,
    /// The words of the protocol.
    words: [u64; 6],
    quarantine: Quarantine,
    turn: Option<u64>,
    mapped: u64,
    free: u64,
}

type Key = (Vec<Cpu>, [u64; 6], Option<u64>, u64, u64);

impl World {
    fn new(cpus: u64) -> World {
        let cpu = Cpu {
            at: At::Ring3,
            known: 0,
            is_answering: false,
            question: None,
        };
        World {
            cpus: (0..cpus).map(|_| cpu.clone()).collect(),
            words: [(1 << cpus) - 1, 0, 0, 0, 0, 0],
            quarantine: Quarantine::new(),
            turn: None,
            mapped: (1 << ASKERS) - 1,
            free: 0,
        }
    }

    fn key(&self) -> Key {
        let cpus = self.cpus.clone();
        (cpus, self.words, self.turn, self.mapped, self.free)
    }

    /// Does something by the core's functions.
    fn protocol<R>(&mut self, work: impl FnOnce(&Shootdown) -> R) -> R {
        let shootdown = Shootdown::new();
        let cells = [
            &shootdown.running,
            &shootdown.asleep,
            &shootdown.stale,
            &shootdown.asked,
            &shootdown.start,
            &shootdown.count,
        ];
        for (cell, word) in cells.iter().zip(self.words) {
            cell.store(word, SeqCst);
        }
        let result = work(&shootdown);
        self.words = cells.map(|cell| cell.load(SeqCst));
        result
    }

    fn cpu(&mut self, own: u64) -> &mut Cpu {
        &mut self.cpus[own as usize]
    }

    /// Who may run in ring 3 and remembers what is free.
    fn has_traitor(&self) -> bool {
        self.cpus.iter().any(|cpu| {
            let is_out = matches!(cpu.at, At::Asleep | At::Woken);
            !is_out && cpu.known & self.free != 0
        })
    }

    /// All worlds that one step of `own` leads to.
    fn steps(&self, own: u64, care: Care) -> Vec<World> {
        let mut worlds = Vec::new();
        if let Some(world) = self.answer(own, care) {
            worlds.push(world);
        }
        let cpu = &self.cpus[own as usize];
        if !cpu.is_answering {
            worlds.extend(self.go_on(own, care));
        }
        worlds
    }

    /// An answer, where a CPU gives one: in ring 3, asleep, or at a lock.
    fn answer(&self, own: u64, care: Care) -> Option<World> {
        let cpu = &self.cpus[own as usize];
        let may = matches!(cpu.at, At::Ring3 | At::Asleep | At::Turn);
        let is_asked = self.words[3] & bit(own) != 0;
        (may && (is_asked || cpu.is_answering)).then_some(())?;
        let mut world = self.clone();
        if cpu.is_answering != (care == Care::AnswersFirst) {
            world.protocol(|shootdown| shootdown.serve(own, |_| ()));
        } else {
            let pages = Pages {
                start: self.words[4],
                count: self.words[5],
            };
            world.cpu(own).known &= !set_of(pages);
        }
        world.cpu(own).is_answering = !cpu.is_answering;
        Some(world)
    }

    fn go_on(&self, own: u64, care: Care) -> Vec<World> {
        match self.cpus[own as usize].at {
            At::Ring3 => self.in_ring_3(own),
            at => self.in_core(own, at, care).into_iter().collect(),
        }
    }

    fn in_ring_3(&self, own: u64) -> Vec<World> {
        let mut worlds = Vec::new();
        let mut touched = self.clone();
        touched.cpu(own).known |= self.mapped;
        worlds.push(touched);
        let mut asleep = self.clone();
        asleep.protocol(|shootdown| shootdown.begin_sleep(own));
        asleep.cpu(own).at = At::Asleep;
        worlds.push(asleep);
        if own < ASKERS && self.mapped & bit(own) != 0 {
            worlds.push(self.withdraw(own));
        }
        worlds
    }

    /// One call under the core's lock.
    fn withdraw(&self, own: u64) -> World {
        let mut world = self.clone();
        world.mapped &= !bit(own);
        let start = own * PAGE;
        world.quarantine.add(Pages { start, count: 1 }, When::Now);
        let question = world.quarantine.ask().expect("a range was added");
        let cpu = world.cpu(own);
        cpu.known &= !set_of(question.pages);
        cpu.question = Some(question);
        cpu.at = At::Turn;
        world
    }

    fn in_core(&self, own: u64, at: At, care: Care) -> Option<World> {
        let mut world = self.clone();
        let next = match at {
            At::Ring3 => return None,
            At::Asleep => {
                world.protocol(|shootdown| shootdown.end_sleep(own));
                At::Woken
            }
            At::Woken => {
                if world.protocol(|shootdown| shootdown.has_missed(own)) {
                    world.cpu(own).known = 0;
                }
                At::Ring3
            }
            At::Turn => {
                world.turn.is_none().then(|| world.turn = Some(own))?;
                At::Asks
            }
            At::Asks => At::Marks(world.protocol(|shootdown| shootdown.sleepers(own))),
            At::Marks(sleepers) => {
                if care != Care::NoMark {
                    world.protocol(|shootdown| shootdown.mark(sleepers));
                }
                At::LooksAgain(sleepers)
            }
            At::LooksAgain(sleepers) => At::Publishes(world.protocol(|shootdown| {
                if care == Care::LooksOnce {
                    return shootdown.others(own) & !sleepers;
                }
                shootdown.awake(own, sleepers)
            })),
            At::Publishes(asked) => {
                let pages = world.cpu(own).question?.pages;
                world.protocol(|shootdown| shootdown.publish(asked, pages));
                At::Waits
            }
            At::Waits => {
                let is_answered = world.protocol(|shootdown| shootdown.is_answered());
                (is_answered || care == Care::NoWait).then(|| world.turn = None)?;
                At::Frees
            }
            At::Frees => {
                let question = world.cpu(own).question.take()?;
                while let Some(pages) = world.quarantine.take(question) {
                    world.free |= set_of(pages);
                }
                At::Ring3
            }
        };
        world.cpu(own).at = next;
        Some(world)
    }
}

/// The pages of the model among `pages`, as bits.
fn set_of(pages: Pages) -> u64 {
    let is_in = |page: &u64| {
        pages.overlaps(Pages {
            start: page * PAGE,
            count: 1,
        })
    };
    (0..ASKERS).filter(is_in).map(bit).sum()
}

/// Visits all worlds; how many, or none if one of them is bad.
fn explore(cpus: u64, care: Care) -> Option<usize> {
    let first = World::new(cpus);
    let mut seen = HashSet::from([first.key()]);
    let mut open = std::vec![first];
    while let Some(world) = open.pop() {
        for next in (0..cpus).flat_map(|own| world.steps(own, care)) {
            if next.has_traitor() {
                return None;
            }
            if seen.insert(next.key()) {
                open.push(next);
            }
        }
    }
    Some(seen.len())
}

#[test]
fn no_order_of_two_cpus_frees_what_one_remembers() {
    assert!(explore(2, Care::Full).is_some_and(|worlds| worlds > 100));
}

#[test]
fn no_order_of_three_cpus_frees_what_one_remembers() {
    assert!(explore(3, Care::Full).is_some_and(|worlds| worlds > 10_000));
}

#[test]
fn who_does_not_wait_for_answers_is_caught() {
    assert_eq!(explore(2, Care::NoWait), None);
}

#[test]
fn who_does_not_look_again_is_caught() {
    assert_eq!(explore(2, Care::LooksOnce), None);
}

#[test]
fn who_answers_before_it_forgets_is_caught() {
    assert_eq!(explore(2, Care::AnswersFirst), None);
}

#[test]
fn who_does_not_mark_sleepers_is_caught() {
    assert_eq!(explore(2, Care::NoMark), None);
}
