//! Every order in which writers, a console and its interrupt can meet.
//!
//! A world is all that counts, and a step is what nobody comes between: a look
//! under the drivers' lock, or one of the device's. All worlds that steps lead
//! to are visited. In none that ends may a writer sleep, or have bytes left.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Promise;

/// What a writer does next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Next {
    Send,
    /// Tell the others, and go on if the window was free, or sleep.
    Tell {
        has_sent: bool,
    },
    /// Look under the locks of the place and of the drivers,
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

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
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
    promise: (bool, bool),
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
            promise: (false, false),
        }
    }

    fn promise<T>(&mut self, act: impl FnOnce(&mut Promise) -> T) -> T {
        let (is_armed, is_broken) = self.promise;
        let mut promise = Promise {
            is_armed,
            is_broken,
        };
        let result = act(&mut promise);
        self.promise = (promise.is_armed, promise.is_broken);
        result
    }

    /// Takes the window if it has come back; whether the device has it.
    fn poll(&mut self) -> bool {
        if self.is_used {
            (self.is_used, self.is_taken, self.wanted[0]) = (false, false, false);
            self.promise(Promise::take);
        }
        self.is_taken
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
        if self.is_interrupted && !self.writers.iter().any(|(next, _)| next.is_locked()) {
            let mut world = self.clone();
            world.is_interrupted = false;
            world.wake();
            worlds.push(world);
        }
        worlds
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
                if world.promise(Promise::is_due) && care != Care::Silent {
                    world.wake();
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
                world.promise(Promise::make);
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
    let mut seen = BTreeSet::from([World::new()]);
    let mut open = Vec::from([World::new()]);
    let mut stuck = Vec::new();
    while let Some(world) = open.pop() {
        let mut steps = world.device();
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
