//! Drivers, core and devices that do whatever they may, in any order.
//!
//! Every request comes back once, with the answer to its own bytes, and no
//! descriptor that the device may still read is ever rewritten.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::wants_bell;
use super::device::Device;
use super::driver::{Driver, Wants};
use super::*;

/// More than it takes for the indexes to wrap.
const ACTS_MAX: usize = 2_000_000;

struct World<const SIZE: usize> {
    driver: Driver<SIZE>,
    device: Device,
    /// What the device may read, by heads.
    live: BTreeMap<u16, Vec<(u16, [u64; 2])>>,
    wants: Wants,
}

impl<const SIZE: usize> World<SIZE> {
    fn new() -> World<SIZE> {
        World {
            driver: Driver::new(),
            device: Device::default(),
            live: BTreeMap::new(),
            wants: Wants::Interrupts,
        }
    }

    fn bench(&self) -> &Bench {
        &self.driver.line.bench
    }

    /// Does what `number` says.
    fn act(&mut self, number: u32) {
        let seed = (number / 16) as usize;
        match number % 16 {
            0..=3 => self.driver.ask(seed),
            4 | 5 => self.publish(),
            6..=9 => self.steps(seed % 16),
            10 | 11 => self.use_one(seed),
            12 | 13 => _ = self.driver.take(),
            14 => self.device.be_quiet(&self.driver.line.bench),
            _ => self.change_wants(),
        }
    }

    fn change_wants(&mut self) {
        self.wants = match self.wants {
            Wants::Interrupts => Wants::Silence,
            Wants::Silence => Wants::Interrupts,
        };
        self.driver.want_interrupts(self.wants);
    }

    fn steps(&mut self, count: usize) {
        (0..count).for_each(|_| self.device.step(&self.driver.line.bench));
    }

    fn use_one(&mut self, pick: usize) {
        if let Some(head) = self.device.use_one(pick, &self.driver.line.bench) {
            let was_live = self.live.remove(&head);
            assert!(was_live.is_some(), "what the device had was given to it");
        }
    }

    /// Publishes, and rings if the device wants it.
    fn publish(&mut self) {
        let before = self.bench().index();
        self.driver.publish();
        self.check_live();
        let mut index = before;
        while index != self.bench().index() {
            self.add_live(self.bench().slot(index));
            index = index.wrapping_add(1);
        }
        assert_eq!(self.bench().flags(), (self.wants == Wants::Silence).into());
        if wants_bell(self.bench().queue.rings.shared, self.bench().map) {
            self.device.wake();
        }
    }

    /// Nothing that the device may read was rewritten.
    fn check_live(&self) {
        for (number, entry) in self.live.values().flatten() {
            assert_eq!(self.bench().entry(*number), *entry);
        }
    }

    fn add_live(&mut self, head: u16) {
        let mut entries = Vec::new();
        let mut next = Some(head);
        while let Some(number) = next {
            let entry = self.bench().entry(number);
            entries.push((number, entry));
            assert!(entries.len() <= SIZE, "a chain has an end");
            let has_next = (entry[1] >> 32) as u16 & NEXT != 0;
            next = has_next.then_some((entry[1] >> 48) as u16);
        }
        assert!(self.live.insert(head, entries).is_none());
    }

    /// Lets everyone do what is left to do.
    fn finish(&mut self) {
        self.publish();
        self.steps(10 * SIZE);
        (0..SIZE).for_each(|pick| self.use_one(pick));
        while self.driver.take() {}
        assert_eq!(self.driver.answered, self.driver.asked);
        self.publish();
        let queue = self.bench().queue;
        assert!((0..queue.size).all(|entry| !queue.is_in_flight(entry)));
    }
}

fn run<const SIZE: usize>(numbers: &[u32]) {
    let mut world = World::<SIZE>::new();
    numbers.iter().for_each(|number| world.act(*number));
    world.finish();
}

proptest! {
    #[test]
    fn every_request_comes_back_once(numbers in vec(any::<u32>(), 0..800)) {
        run::<8>(&numbers);
        run::<16>(&numbers);
        run::<32>(&numbers);
        run::<64>(&numbers);
        run::<128>(&numbers);
        run::<256>(&numbers);
    }
}

/// Acts until indexes have wrapped.
fn run_long<const SIZE: usize>() {
    let mut world = World::<SIZE>::new();
    let mut seed = SIZE as u64;
    let has_wrapped = (0..ACTS_MAX).any(|_| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        world.act((seed >> 32) as u32);
        world.driver.answered > 70_000
    });
    assert!(has_wrapped, "somebody is stuck");
    world.finish();
}

#[test]
fn every_request_comes_back_once_when_indexes_wrap() {
    run_long::<8>();
    run_long::<256>();
}
