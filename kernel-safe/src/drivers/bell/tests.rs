//! Every order in which writers, a console and its interrupt can meet.
//!
//! A world is all that counts, and a step is what nobody comes between: a look of
//! whoever holds the cell, or one of the device's. All worlds that steps lead
//! to are visited. In none that ends may a writer sleep, or have bytes left.

extern crate std;

use alloc::vec::Vec;
use core::sync::atomic::Ordering;
use std::collections::HashSet;

use domains::Cell;

use super::super::handle::Handle;
use super::super::held::AGAIN;
use super::{Bell, DriverError};
use crate::errno::Errno;

/// What a writer does next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Next {
    Send,
    /// Remember how often it has rung, hold the cell and look,
    Arm,
    /// have the device interrupt,
    Ask {
        rings: u8,
    },
    /// look once more, let go of the cell,
    Look {
        rings: u8,
    },
    /// and fall asleep.
    Sleep {
        rings: u8,
    },
    Asleep,
}

/// How careful the writers are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Care {
    Full,
    /// They look before they arm the queue, and not behind that.
    LooksOnce,
    /// They ring for nobody.
    Silent,
    /// They sleep even if it has rung meanwhile.
    Deaf,
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
    rings: u8,
    is_armed: bool,
}

impl Next {
    /// Whether he holds the cell.
    fn is_holding(self) -> bool {
        matches!(self, Next::Ask { .. } | Next::Look { .. })
    }

    /// Whether nobody else may hold the cell.
    fn holds(self) -> bool {
        matches!(self, Next::Send | Next::Arm) || self.is_holding()
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
            rings: 0,
            is_armed: false,
        }
    }

    /// Takes the window if it has come back; whether the device has it.
    fn poll(&mut self, care: Care) -> bool {
        if self.is_used {
            (self.is_used, self.is_taken, self.wanted[0]) = (false, false, false);
            if core::mem::take(&mut self.is_armed) && care != Care::Silent {
                self.wake();
            }
        }
        self.is_taken
    }

    fn wake(&mut self) {
        self.rings = self.rings.wrapping_add(1);
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

    /// What whoever serves the interrupt can do.
    fn server(&self, care: Care) -> Option<World> {
        let is_held = self.writers.iter().any(|(next, _)| next.is_holding());
        if !self.is_interrupted || is_held {
            return None;
        }
        let mut world = self.clone();
        world.is_interrupted = false;
        if world.is_armed {
            world.poll(care);
        }
        Some(world)
    }

    /// What a writer does, if he does anything.
    fn writer(&self, number: usize, care: Care) -> Option<World> {
        let mut world = self.clone();
        let (next, left) = self.writers[number];
        if self.writers[1 - number].0.is_holding() && next.holds() {
            return None;
        }
        let rings = self.rings;
        let (next, left) = match next {
            Next::Send if left == 0 => return None,
            Next::Send if world.poll(care) => (Next::Arm, left),
            Next::Send => {
                world.is_taken = true;
                world.wanted[1] = world.wanted[0];
                (Next::Send, left - 1)
            }
            Next::Arm if !world.poll(care) => (Next::Send, left),
            Next::Arm => (Next::Ask { rings }, left),
            Next::Ask { rings } => {
                world.wanted = [true; 2];
                (Next::Look { rings }, left)
            }
            Next::Look { .. } if care != Care::LooksOnce && !world.poll(care) => {
                (Next::Send, left)
            }
            Next::Look { rings } => {
                world.is_armed = true;
                (Next::Sleep { rings }, left)
            }
            Next::Sleep { rings } if care != Care::Deaf && rings != self.rings => {
                (Next::Send, left)
            }
            Next::Sleep { .. } => (Next::Asleep, left),
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
        steps.extend(world.server(care));
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
    assert!(!stuck(Care::Deaf).is_empty());
}

#[test]
fn who_takes_what_others_sleep_for_rings_for_them_once() {
    let (bell, handle) = (Bell::new(), Handle::new(Cell::Console));
    let mut held = handle.lock();
    assert_eq!(held.take(0, &bell, |_| Ok(7)), Ok(Some((0, 7))));
    assert_eq!(bell.rings(), 0, "nobody slept");
    bell.is_armed.store(true, Ordering::Relaxed);
    assert_eq!(held.take(0, &bell, |_| Ok(AGAIN)), Ok(None));
    assert!(bell.is_armed(), "the interrupt will come");
    assert_eq!(held.take(0, &bell, |_| Ok(7)), Ok(Some((0, 7))));
    assert_eq!((bell.rings(), bell.is_armed()), (1, false));
    assert_eq!(held.take(0, &bell, |_| Ok(7)), Ok(Some((0, 7))));
    assert_eq!(bell.rings(), 1, "they have heard it");
}

/// There will be no interrupt; everybody is told of the failure.
#[test]
fn who_finds_a_cell_that_failed_takes_nothing() {
    let (bell, handle) = (Bell::new(), Handle::new(Cell::Console));
    let looked = handle.lock().take(0, &bell, |_| Ok(-5));
    assert_eq!(looked, Err(DriverError::Failed));
}

#[test]
fn nobody_sleeps_over_a_ring() {
    let bell = Bell::new();
    let rings = bell.rings();
    assert_eq!(bell.check(rings), Ok(()));
    bell.ring();
    assert_eq!(bell.check(rings), Err(Errno::Again));
    assert_eq!(bell.check(bell.rings()), Ok(()));
}
