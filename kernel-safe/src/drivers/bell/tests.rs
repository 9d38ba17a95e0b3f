//! Every order in which writers, a console and its interrupt can meet.
//!
//! A world is all that counts, and a step is what nobody comes between: a look
//! under the cell's lock, or one of the device's. All worlds that steps lead
//! to are visited. In none that ends may a writer sleep, or have bytes left.

extern crate std;

use alloc::vec::Vec;
use std::collections::HashSet;

use domains::Cell;

use super::super::handle::AGAIN;
use super::{Bell, DriverError, Held, Promise};

/// What a writer does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Next {
    Send,
    /// Tell the others, and go on if the window was free, or sleep.
    Tell {
        has_sent: bool,
    },
    /// Look under the locks of the place and of the cell,
    Arm,
    /// have the device interrupt,
    Ask,
    /// look once more, and fall asleep.
    Look,
    Asleep,
}

/// How careful the writers are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Care {
    Full,
    /// They look before they arm the queue, and not behind that.
    LooksOnce,
    /// They tell nobody.
    Silent,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct World {
    writers: [(Next, u8); 2],
    /// The window is given, it has come back, and the device has yet to look
    /// whether it shall interrupt.
    is_taken: bool,
    is_used: bool,
    is_looking: bool,
    /// Whether it shall, as the driver says and as the device sees it.
    wanted: [bool; 2],
    is_interrupted: bool,
    /// Who serves the interrupt has looked, and is to tell.
    is_served: bool,
    promise: Promise,
}

impl Next {
    /// Whether nobody else may take a step in between.
    fn is_locked(self) -> bool {
        matches!(self, Next::Ask | Next::Look)
    }
}

impl World {
    fn new() -> World {
        World {
            writers: [(Next::Send, 2), (Next::Send, 1)],
            is_taken: false,
            is_used: false,
            is_looking: false,
            wanted: [false; 2],
            is_interrupted: false,
            is_served: false,
            promise: Promise::NONE,
        }
    }

    /// Takes the window if it has come back; whether the device has it.
    fn poll(&mut self) -> bool {
        if self.is_used {
            (self.is_used, self.is_taken, self.wanted[0]) = (false, false, false);
            self.promise.take();
        }
        self.is_taken
    }

    fn tell(&mut self) {
        if self.promise.is_due() {
            self.wake();
        }
    }

    fn wake(&mut self) {
        for (next, _) in &mut self.writers {
            if *next == Next::Asleep {
                *next = Next::Send;
            }
        }
    }

    /// What the device can do.
    fn device(&self) -> Vec<World> {
        let mut worlds = Vec::new();
        let mut world = self.clone();
        if self.is_looking {
            world.is_looking = false;
            world.is_interrupted |= self.wanted[1];
            worlds.push(world);
        } else if self.is_taken && !self.is_used {
            (world.is_used, world.is_looking) = (true, true);
            worlds.push(world);
        }
        worlds
    }

    /// What who serves the interrupt can do.
    fn server(&self) -> Option<World> {
        if self.writers.iter().any(|(next, _)| next.is_locked()) {
            return None;
        }
        let mut world = self.clone();
        if self.is_served {
            world.is_served = false;
            world.tell();
        } else if self.is_interrupted {
            (world.is_interrupted, world.is_served) = (false, true);
            if world.promise.is_armed {
                world.poll();
            }
        } else {
            return None;
        }
        Some(world)
    }

    /// What a writer does, if he does anything.
    fn writer(&self, number: usize, care: Care) -> Option<World> {
        let mut world = self.clone();
        let (next, left) = self.writers[number];
        if self.writers[1 - number].0.is_locked() {
            return None;
        }
        let (next, left) = match next {
            Next::Send if left == 0 => return None,
            Next::Send if world.poll() => (Next::Tell { has_sent: false }, left),
            Next::Send => {
                world.is_taken = true;
                world.wanted[1] = world.wanted[0];
                (Next::Tell { has_sent: true }, left - 1)
            }
            Next::Tell { has_sent } => {
                if care != Care::Silent {
                    world.tell();
                }
                (if has_sent { Next::Send } else { Next::Arm }, left)
            }
            Next::Arm if !world.poll() => (Next::Send, left),
            Next::Arm => (Next::Ask, left),
            Next::Ask => {
                world.wanted = [true; 2];
                (Next::Look, left)
            }
            Next::Look if care != Care::LooksOnce && !world.poll() => (Next::Send, left),
            Next::Look => {
                world.promise.make();
                (Next::Asleep, left)
            }
            Next::Asleep => return None,
        };
        world.writers[number] = (next, left);
        Some(world)
    }

    fn is_done(&self) -> bool {
        self.writers == [(Next::Send, 0); 2]
    }
}

/// Visits all worlds; those that end with work left.
fn stuck(care: Care) -> Vec<World> {
    let mut seen = HashSet::from([World::new()]);
    let mut open = Vec::from([World::new()]);
    let mut stuck = Vec::new();
    while let Some(world) = open.pop() {
        let mut steps = world.device();
        steps.extend(world.server());
        steps.extend((0..2).filter_map(|number| world.writer(number, care)));
        if steps.is_empty() && !world.is_done() {
            stuck.push(world);
        }
        let new = steps.into_iter().filter(|step| seen.insert(step.clone()));
        open.extend(new);
    }
    stuck
}

#[test]
fn nobody_sleeps_for_ever() {
    assert_eq!(stuck(Care::Full), []);
}

#[test]
fn who_leaves_a_step_out_may_sleep_for_ever() {
    assert!(!stuck(Care::LooksOnce).is_empty());
    assert!(!stuck(Care::Silent).is_empty());
}

const HELD: Held = Held::new(Cell::Console);
const GOOD: Result<(), DriverError> = Ok(());

#[test]
fn who_takes_what_others_sleep_for_tells_them_once() {
    let (bell, mut held) = (Bell::new(), HELD);
    assert_eq!(held.take(0, &bell, |_| Ok(7)), Ok(Some((0, 7))));
    assert!(!bell.is_owed(&GOOD), "nobody slept");
    bell.promise.lock().make();
    assert!(held.has_armed(&bell));
    assert_eq!(held.take(0, &bell, |_| Ok(AGAIN)), Ok(None));
    assert!(!bell.is_owed(&GOOD), "the interrupt will come");
    assert_eq!(held.take(0, &bell, |_| Ok(7)), Ok(Some((0, 7))));
    assert!(!held.has_armed(&bell));
    assert!(bell.is_owed(&GOOD));
    assert!(!bell.is_owed(&GOOD), "they were told");
}

/// There will be no interrupt, and everybody gets the error.
#[test]
fn who_finds_a_driver_that_failed_tells_the_others() {
    let (bell, mut held) = (Bell::new(), HELD);
    bell.promise.lock().make();
    let looked = held.take(0, &bell, |_| Ok(-5));
    assert_eq!(looked, Err(DriverError::Failed));
    assert!(bell.is_owed(&looked));
}
