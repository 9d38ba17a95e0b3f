//! Who has which buffer.
//!
//! Both cells allege what they do with buffers, so every move is compared with this
//! book: a buffer has one owner, and goes on only from the one who has it. A cell that
//! is started anew has none.
//!
//! ```text
//! to receive   Free ─post▶ Card ─come▶ Arrived ─take▶ Free
//! to send      Free ─spare▶ Stack ─leave▶ Leaving ─send▶ Card ─sent▶ Free
//! ```

use domains::network::packets::{self, COUNT, HEADER, RECEIVE};

/// In whose hands a buffer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// Nobody's.
    Free,
    /// Those of `nic`, or its device.
    Card,
    /// The safe kernel's: there is a frame in it for `net`.
    Arrived,
    /// Those of `net`.
    Stack,
    /// The safe kernel's: there is a frame in it for `nic`.
    Leaving,
}

/// A move that cannot be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lie;

/// The book.
#[derive(Debug)]
pub struct Ledger {
    owners: [Owner; COUNT],
    receive: Stack<RECEIVE>,
    send: Stack<{ COUNT - RECEIVE }>,
    /// Whether large buffers are lent, too.
    lends_large: bool,
}

/// Free buffers.
#[derive(Debug)]
struct Stack<const N: usize> {
    numbers: [u16; N],
    count: usize,
}

impl<const N: usize> Stack<N> {
    const EMPTY: Stack<N> = Stack {
        numbers: [0; N],
        count: 0,
    };

    const fn push(&mut self, number: usize) {
        if self.count < N {
            self.numbers[self.count] = number as u16;
            self.count += 1;
        }
    }

    fn pop(&mut self) -> Option<usize> {
        self.count = self.count.checked_sub(1)?;
        self.numbers
            .get(self.count)
            .map(|number| usize::from(*number))
    }
}

impl Ledger {
    /// All are free.
    pub const fn new() -> Ledger {
        let mut ledger = Ledger {
            owners: [Owner::Free; COUNT],
            receive: Stack::EMPTY,
            send: Stack::EMPTY,
            lends_large: false,
        };
        let mut number = COUNT;
        while number > 0 {
            number -= 1;
            ledger.shelve(number);
        }
        ledger
    }

    /// Puts a free buffer where it is found again. Large ones lie there only while they
    /// are lent.
    const fn shelve(&mut self, buffer: usize) {
        if packets::is_to_receive(buffer) {
            self.receive.push(buffer);
        } else if self.lends_large || !packets::is_large(buffer) {
            self.send.push(buffer);
        }
    }

    /// Lends large buffers as well from now on.
    pub fn lend_large(&mut self) {
        if !self.lends_large {
            self.lends_large = true;
            for buffer in (0..COUNT).filter(|buffer| packets::is_large(*buffer)) {
                if self.owner(buffer) == Some(Owner::Free) {
                    self.shelve(buffer);
                }
            }
        }
    }

    /// Who has a buffer.
    pub fn owner(&self, buffer: usize) -> Option<Owner> {
        self.owners.get(buffer).copied()
    }

    /// How many buffers to receive into are free.
    pub const fn free_to_receive(&self) -> usize {
        self.receive.count
    }

    /// How many buffers to send from are free.
    pub const fn free_to_send(&self) -> usize {
        self.send.count
    }

    /// Gives a free buffer to the card, to receive into.
    pub fn post(&mut self) -> Option<usize> {
        let buffer = self.receive.pop()?;
        self.set(buffer, Owner::Card);
        Some(buffer)
    }

    /// A frame of `size` bytes has come from the card. With none a buffer comes back
    /// empty, and is free.
    ///
    /// # Errors
    ///
    /// The card has no such buffer, or there is no room for so much.
    pub fn come(&mut self, buffer: usize, size: usize) -> Result<(), Lie> {
        // DEFENCE: frame-fits
        // DEFENCE: frame-came-to-receive
        let fits = size <= packets::SIZE && packets::is_to_receive(buffer);
        if !fits || self.owner(buffer) != Some(Owner::Card) {
            return Err(Lie);
        }
        match size {
            0 => self.free(buffer),
            _ => self.set(buffer, Owner::Arrived),
        }
        Ok(())
    }

    /// The stack has looked at a frame that has come.
    pub fn take(&mut self, buffer: usize) {
        if self.owner(buffer) == Some(Owner::Arrived) {
            self.free(buffer);
        }
    }

    /// Gives a free buffer to the stack, to send from.
    pub fn spare(&mut self) -> Option<usize> {
        let buffer = self.send.pop()?;
        self.set(buffer, Owner::Stack);
        Some(buffer)
    }

    /// The stack wants `size` bytes of a buffer to be sent.
    ///
    /// # Errors
    ///
    /// It has no such buffer, or the frame is none.
    pub fn leave(&mut self, buffer: usize, size: usize) -> Result<(), Lie> {
        let room = match packets::is_large(buffer) {
            true => packets::LARGE_SIZE,
            false => packets::SIZE,
        };
        // DEFENCE: owner-compared
        let is_own = self.owner(buffer) == Some(Owner::Stack);
        if !is_own || size <= HEADER || size > room {
            return Err(Lie);
        }
        self.set(buffer, Owner::Leaving);
        Ok(())
    }

    /// Gives a frame that leaves to the card.
    pub fn send(&mut self, buffer: usize) {
        if self.owner(buffer) == Some(Owner::Leaving) {
            self.set(buffer, Owner::Card);
        }
    }

    /// Nobody sends a frame that leaves.
    pub fn drop_leaving(&mut self, buffer: usize) {
        if self.owner(buffer) == Some(Owner::Leaving) {
            self.free(buffer);
        }
    }

    /// The card has sent a buffer.
    ///
    /// # Errors
    ///
    /// It had no such buffer to send.
    pub fn sent(&mut self, buffer: usize) -> Result<(), Lie> {
        let is_sent = !packets::is_to_receive(buffer);
        // DEFENCE: sent-once
        if !is_sent || self.owner(buffer) != Some(Owner::Card) {
            return Err(Lie);
        }
        self.free(buffer);
        Ok(())
    }

    /// The card has nothing any more.
    // DEFENCE: buffers-come-back
    pub fn lose_card(&mut self) {
        self.free_all_of(Owner::Card);
    }

    /// The stack has nothing any more.
    pub fn lose_stack(&mut self) {
        self.free_all_of(Owner::Stack);
    }

    fn free_all_of(&mut self, owner: Owner) {
        for buffer in 0..COUNT {
            if self.owner(buffer) == Some(owner) {
                self.free(buffer);
            }
        }
    }

    fn free(&mut self, buffer: usize) {
        self.set(buffer, Owner::Free);
        self.shelve(buffer);
    }

    fn set(&mut self, buffer: usize, owner: Owner) {
        if let Some(place) = self.owners.get_mut(buffer) {
            *place = owner;
        }
    }
}

impl Default for Ledger {
    fn default() -> Self {
        Ledger::new()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Post,
        Come(usize, usize),
        Take(usize),
        Spare,
        Leave(usize, usize),
        Send(usize),
        Sent(usize),
        Drop(usize),
        LoseCard,
        LoseStack,
        LendLarge,
    }

    fn step() -> impl Strategy<Value = Step> {
        let buffer = || prop_oneof![0..COUNT + 3, 0..6_usize, RECEIVE..RECEIVE + 6];
        let size = || prop_oneof![Just(100_usize), 0..80_000_usize];
        prop_oneof![
            6 => Just(Step::Post),
            4 => (buffer(), size()).prop_map(|(buffer, size)| Step::Come(buffer, size)),
            4 => buffer().prop_map(Step::Take),
            6 => Just(Step::Spare),
            4 => (buffer(), size()).prop_map(|(buffer, size)| Step::Leave(buffer, size)),
            4 => buffer().prop_map(Step::Send),
            4 => buffer().prop_map(Step::Sent),
            2 => buffer().prop_map(Step::Drop),
            1 => Just(Step::LoseCard),
            2 => prop_oneof![Just(Step::LoseStack), Just(Step::LendLarge)],
        ]
    }

    fn apply(ledger: &mut Ledger, step: Step) {
        match step {
            Step::Post => _ = ledger.post(),
            Step::Come(buffer, size) => _ = ledger.come(buffer, size),
            Step::Take(buffer) => ledger.take(buffer),
            Step::Spare => _ = ledger.spare(),
            Step::Leave(buffer, size) => _ = ledger.leave(buffer, size),
            Step::Send(buffer) => ledger.send(buffer),
            Step::Sent(buffer) => _ = ledger.sent(buffer),
            Step::Drop(buffer) => ledger.drop_leaving(buffer),
            Step::LoseCard => ledger.lose_card(),
            Step::LoseStack => ledger.lose_stack(),
            Step::LendLarge => ledger.lend_large(),
        }
    }

    /// Free buffers are on a shelf once, and no others are.
    fn check(ledger: &Ledger) {
        let receive = ledger.receive.numbers[..ledger.receive.count].iter();
        let send = ledger.send.numbers[..ledger.send.count].iter();
        let mut shelved: Vec<usize> = receive
            .chain(send)
            .map(|number| usize::from(*number))
            .collect();
        shelved.sort_unstable();
        let is_shelved = |buffer: &usize| {
            let is_lent = ledger.lends_large || !packets::is_large(*buffer);
            ledger.owner(*buffer) == Some(Owner::Free) && is_lent
        };
        assert!((0..COUNT).filter(is_shelved).eq(shelved));
        for buffer in 0..RECEIVE {
            let owner = ledger.owner(buffer).expect("it is there");
            assert!(!matches!(owner, Owner::Stack | Owner::Leaving));
        }
        for buffer in RECEIVE..COUNT {
            assert_ne!(ledger.owner(buffer), Some(Owner::Arrived));
        }
    }

    proptest! {
        #[test]
        fn nothing_leaks_and_nothing_is_in_two_hands(
            steps in proptest::collection::vec(step(), 0..120),
        ) {
            let mut ledger = Ledger::new();
            for step in steps {
                apply(&mut ledger, step);
                check(&ledger);
            }
            ledger.lose_card();
            ledger.lose_stack();
            for buffer in 0..COUNT {
                ledger.take(buffer);
                ledger.drop_leaving(buffer);
            }
            prop_assert_eq!(ledger.free_to_receive(), RECEIVE);
            ledger.lend_large();
            prop_assert_eq!(ledger.free_to_send(), COUNT - RECEIVE);
        }
    }

    #[test]
    fn a_buffer_goes_on_from_whoever_has_it() {
        let mut ledger = Ledger::new();
        let posted = ledger.post().expect("one is free");
        assert_eq!(ledger.come(posted + 1, 60), Err(Lie), "it was not posted");
        assert_eq!(ledger.sent(posted), Err(Lie), "it was not to be sent");
        assert_eq!(ledger.come(posted, packets::SIZE + 1), Err(Lie));
        assert_eq!(ledger.come(posted, 60), Ok(()));
        assert_eq!(ledger.come(posted, 60), Err(Lie), "it came already");
        let empty = ledger.post().expect("one is free");
        assert_eq!(ledger.come(empty, 0), Ok(()));
        assert_eq!(ledger.owner(empty), Some(Owner::Free));
        let spare = ledger.spare().expect("one is free");
        assert_eq!(ledger.leave(posted, 60), Err(Lie), "it is not the stack's");
        assert_eq!(ledger.leave(spare, HEADER), Err(Lie), "it is empty");
        assert_eq!(ledger.leave(spare, packets::SIZE + 1), Err(Lie));
        assert_eq!(ledger.leave(spare, 60), Ok(()));
        assert_eq!(ledger.leave(spare, 60), Err(Lie), "it left already");
        assert_eq!(
            ledger.sent(spare),
            Err(Lie),
            "the card does not have it yet"
        );
        ledger.send(spare);
        assert_eq!(ledger.come(spare, 60), Err(Lie), "it is there to send from");
        assert_eq!(ledger.sent(spare), Ok(()));
        assert_eq!(ledger.sent(spare), Err(Lie), "it was sent already");
        for none in [COUNT, usize::MAX] {
            assert_eq!(ledger.come(none, 60), Err(Lie));
            assert_eq!(ledger.leave(none, 60), Err(Lie));
            assert_eq!(ledger.sent(none), Err(Lie));
        }
    }
}
