//! Calls and a card by chance: what must always hold.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

/// What happens.
#[derive(Clone, Debug)]
enum Event {
    /// A call that gives at most so many buffers and frames.
    Call(usize, usize, u32),
    /// A packet of so many buffers comes; so much is in the last.
    Come(usize, u32),
    /// So many frames are sent.
    Send(usize),
    /// A packet comes when the card next hears of something.
    ComeLate(u32),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        (0..=FRAMES, 0..=FRAMES, 0..=BOTH).prop_map(|(a, b, c)| Event::Call(a, b, c)),
        (1..=3_usize, 12..=2048_u32).prop_map(|(a, b)| Event::Come(a, b)),
        (0..200_usize).prop_map(Event::Send),
        (12..=2048_u32).prop_map(Event::ComeLate),
    ];
    proptest::collection::vec(event, 1..200)
}

/// Who has which buffer, as the safe kernel knows it.
struct Ledger {
    card: Box<Card>,
    free: VecDeque<usize>,
    free_to_send: VecDeque<usize>,
    /// What has come and was not told yet, in order.
    coming: VecDeque<(usize, usize)>,
    sending: VecDeque<usize>,
}

impl Ledger {
    fn happens(&mut self, event: Event) {
        match event {
            Event::Call(posts, sends, arm) => self.call(posts, sends, arm),
            Event::Come(buffers, last) => self.come(buffers, last),
            Event::Send(count) => {
                let sent = (0..count).map_while(|_| with(|world| world.send()));
                self.sending.extend(sent.map(|(buffer, _)| buffer));
            }
            Event::ComeLate(size) => with(|world| world.come_late.push_back(size)),
        }
    }

    fn come(&mut self, buffers: usize, last: u32) {
        if with(|world| world.queues[0].has()) < buffers {
            return;
        }
        for number in 0..buffers {
            let is_last = number + 1 == buffers;
            let size = if is_last { last } else { 2048 };
            let buffer = with(|world| world.receive(size, buffers as u16));
            let buffer = buffer.expect("the card has enough");
            self.coming.push_back((buffer, size as usize));
        }
    }

    fn call(&mut self, posts: usize, sends: usize, arm: u32) {
        let posts: Vec<usize> = self.free.drain(..posts.min(self.free.len())).collect();
        let sends = sends.min(self.free_to_send.len());
        let sends: Vec<_> = self
            .free_to_send
            .drain(..sends)
            .map(|it| (it, 60))
            .collect();
        publishes();
        let brought = exchange(&mut self.card, &posts, &sends, arm);
        assert!(publishes().iter().all(|count| *count <= 1));
        self.coming
            .extend(with(|world| std::mem::take(&mut world.came_late)));
        for (frame, expected) in brought
            .came
            .iter()
            .zip(self.coming.drain(..brought.came.len()))
        {
            assert_eq!(*frame, expected, "in order, and once");
            self.free.push_back(frame.0);
        }
        for (buffer, expected) in brought
            .sent
            .iter()
            .zip(self.sending.drain(..brought.sent.len()))
        {
            assert_eq!(*buffer, expected);
            self.free_to_send.push_back(*buffer);
        }
        self.check(&brought, arm);
    }

    /// Nobody may sleep with something left to take.
    fn check(&self, brought: &Brought, arm: u32) {
        let is_left = !self.coming.is_empty() || !self.sending.is_empty();
        assert!(!(brought.is_armed && brought.is_more));
        assert_eq!(brought.is_armed, arm != 0 && !brought.is_more);
        match arm {
            0 => assert!(is_left || !brought.is_more),
            _ => assert_eq!(brought.is_more, is_left),
        }
        let interrupts = with(|world| [0, 1].map(|queue| world.queues[queue].interrupts));
        for (bit, interrupts) in [WHEN_COME, WHEN_SENT].into_iter().zip(interrupts) {
            assert!(!brought.is_armed || arm & bit == 0 || interrupts);
        }
    }
}

proptest! {
    #[test]
    fn no_buffer_is_lost_or_comes_twice(events in events(), small: bool) {
        let (card, is_open) = card_with(ALL, if small { 200 } else { 256 });
        prop_assert!(is_open);
        let mut ledger = Ledger {
            card,
            // So few that there is always an entry.
            free: (0..60).collect(),
            free_to_send: (256..320).collect(),
            coming: VecDeque::new(),
            sending: VecDeque::new(),
        };
        events.into_iter().for_each(|event| ledger.happens(event));
        // Until all is back.
        (0..3).for_each(|_| ledger.happens(Event::Send(200)));
        with(|world| world.come_late.clear());
        (0..4).for_each(|_| ledger.happens(Event::Call(0, 0, BOTH)));
        let held = with(|world| world.queues[0].has());
        prop_assert!(ledger.free.len() + held <= 60);
        prop_assert_eq!(ledger.free_to_send.len(), 64);
    }
}
