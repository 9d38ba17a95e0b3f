//! Turns, by example and against a model.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const IDLE: char = '.';
const LOW: Priority = Priority::from_kept(1);
const HIGH: Priority = Priority::from_kept(3);

fn running(current: char) -> Turns<char> {
    let mut turns = Turns::new();
    turns.start(current, Priority::NORMAL, IDLE);
    turns
}

fn to(switch: Option<Switch<char>>) -> Option<char> {
    switch.map(|switch| switch.to)
}

#[test]
fn threads_of_a_priority_take_turns() {
    let mut turns = running('a');
    assert_eq!(turns.yield_now(), None, "nobody else");
    turns.make_ready('b', Priority::NORMAL);
    turns.make_ready('c', Priority::NORMAL);
    for next in ['b', 'c', 'a', 'b'] {
        assert_eq!(to(turns.yield_now()), Some(next));
    }
}

#[test]
fn nobody_gives_way_to_a_lower_priority() {
    let mut turns = running('a');
    turns.make_ready('l', LOW);
    assert_eq!(turns.yield_now(), None);
    assert_eq!(turns.give_way(), None);
    assert!(!turns.wants_slice());
    assert_eq!(to(turns.stop()), Some('l'));
    turns.make_ready('a', Priority::NORMAL);
    assert_eq!(to(turns.give_way()), Some('a'));
}

#[test]
fn an_outranked_thread_keeps_its_place() {
    let mut turns = running('a');
    turns.make_ready('b', Priority::NORMAL);
    assert_eq!(turns.give_way(), None, "an equal is no reason");
    turns.make_ready('h', HIGH);
    assert_eq!(to(turns.give_way()), Some('h'));
    assert_eq!(to(turns.stop()), Some('a'), "it goes on before its equals");
}

#[test]
fn the_idle_thread_runs_when_nobody_can_and_never_queues() {
    let mut turns = running('a');
    assert_eq!(to(turns.stop()), Some(IDLE));
    assert!(!turns.wants_slice());
    assert_eq!(turns.give_way(), None);
    turns.make_ready('a', Priority::NORMAL);
    assert_eq!(
        turns.give_way(),
        Some(Switch {
            from: IDLE,
            to: 'a'
        })
    );
    assert_eq!(to(turns.stop()), Some(IDLE));
}

#[test]
fn who_is_woken_before_it_has_stopped_goes_on() {
    let mut turns = running('a');
    turns.make_ready('a', Priority::NORMAL);
    assert_eq!(turns.stop(), None);
    assert_eq!(turns.current(), Some('a'));
}

#[test]
fn a_changed_priority_counts_at_once() {
    let mut turns = running('a');
    turns.make_ready('l', LOW);
    turns.set_priority('l', LOW, HIGH);
    assert_eq!(to(turns.give_way()), Some('l'));
    turns.set_priority('l', HIGH, LOW);
    assert_eq!(to(turns.give_way()), Some('a'));
}

#[test]
fn a_turn_is_timed_only_while_an_equal_waits() {
    let mut turns = running('a');
    assert!(!turns.wants_slice());
    turns.make_ready('b', Priority::NORMAL);
    assert!(turns.wants_slice());
    turns.alarm.start_slice(0);
    assert!(!turns.wants_slice(), "it is timed already");
}

/// The schedule in the simplest words: who runs, and a list of who could.
struct Model {
    current: char,
    ready: Vec<char>,
    blocked: Vec<char>,
    levels: [Priority; THREADS.len()],
}

const THREADS: [char; 5] = ['a', 'b', 'c', 'd', 'e'];

impl Model {
    fn level(&self, thread: char) -> Priority {
        let place = THREADS.iter().position(|other| *other == thread);
        place.map_or(Priority::IDLE, |place| self.levels[place])
    }

    /// Takes the first of the most urgent, if it is at least `least`.
    fn take(&mut self, least: Priority) -> Option<char> {
        let level = |thread: &char| self.level(*thread);
        let highest = self.ready.iter().map(level).max()?;
        let place = self.ready.iter().position(|it| level(it) == highest)?;
        (highest >= least).then(|| self.ready.remove(place))
    }

    fn yield_now(&mut self) {
        let current = self.current;
        if let Some(next) = self.take(self.level(current)) {
            self.current = next;
            self.ready.extend((current != IDLE).then_some(current));
        }
    }

    fn give_way(&mut self) {
        let above = Priority::from_kept(self.level(self.current).level() + 1);
        if let Some(next) = self.take(above) {
            let outranked = core::mem::replace(&mut self.current, next);
            if outranked != IDLE {
                self.ready.insert(0, outranked);
            }
        }
    }

    fn stop(&mut self) {
        if self.current != IDLE {
            self.blocked.push(self.current);
        }
        self.current = self.take(Priority::IDLE).unwrap_or(IDLE);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Yield,
    GiveWay,
    Stop,
    Wake(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Yield),
        Just(Step::GiveWay),
        Just(Step::Stop),
        (0_usize..THREADS.len()).prop_map(Step::Wake),
    ]
}

proptest! {
    #[test]
    fn turns_are_as_in_the_simplest_words(
        levels in proptest::array::uniform5(1_u8..4),
        steps in proptest::collection::vec(step(), 0..100),
    ) {
        let levels = levels.map(Priority::from_kept);
        let mut turns = Turns::new();
        turns.start('a', levels[0], IDLE);
        let mut model = Model {
            current: 'a',
            ready: Vec::new(),
            blocked: THREADS[1..].to_vec(),
            levels,
        };
        for step in steps {
            let before = model.current;
            let switch = match step {
                Step::Yield => {
                    model.yield_now();
                    turns.yield_now()
                }
                Step::GiveWay => {
                    model.give_way();
                    turns.give_way()
                }
                Step::Stop => {
                    model.stop();
                    turns.stop()
                }
                Step::Wake(place) if place < model.blocked.len() => {
                    let thread = model.blocked.swap_remove(place);
                    turns.make_ready(thread, model.level(thread));
                    model.ready.push(thread);
                    None
                }
                Step::Wake(_) => None,
            };
            prop_assert_eq!(turns.current(), Some(model.current));
            let expected = (before != model.current).then_some(Switch {
                from: before,
                to: model.current,
            });
            prop_assert_eq!(switch, expected);
        }
    }
}
