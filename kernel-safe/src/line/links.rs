//! Lists that share their room, in which every place is found at once.
//!
//! A node is put behind a list, is looked at in its front, or is taken out
//! from wherever it is by the ticket that it was given: each in a few steps,
//! however many there are. A ticket that is old names nobody, or another.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;

/// For how many nodes room is kept when there are none.
const KEPT: usize = 8;

/// Where a list ends.
const NONE: u32 = u32::MAX;

/// Where a node is, for as long as it is in a list.
pub type Ticket = u32;

/// One list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct List {
    first: u32,
    last: u32,
}

/// The nodes of some lists.
#[derive(Debug)]
pub struct Links<T> {
    nodes: Vec<Node<T>>,
    /// The first node that is in no list; the next follows it.
    free: u32,
    used: usize,
}

#[derive(Debug)]
struct Node<T> {
    /// None while it is in no list.
    value: Option<T>,
    next: u32,
    previous: u32,
}

impl List {
    /// A list without nodes.
    pub const EMPTY: List = List {
        first: NONE,
        last: NONE,
    };

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.first == NONE
    }

    /// The ticket of the first node.
    pub fn first(&self) -> Option<Ticket> {
        (self.first != NONE).then_some(self.first)
    }
}

impl<T: Copy> Links<T> {
    /// No nodes.
    pub const fn new() -> Links<T> {
        Links {
            nodes: Vec::new(),
            free: NONE,
            used: 0,
        }
    }

    /// Makes room for one node more.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(&mut self) -> Result<(), TryReserveError> {
        if self.free == NONE {
            self.nodes.try_reserve(1)?;
        }
        Ok(())
    }

    /// Puts a node behind `list`; its ticket.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn push(&mut self, list: &mut List, value: T) -> Result<Ticket, TryReserveError> {
        self.reserve()?;
        let node = Node {
            value: Some(value),
            next: NONE,
            previous: list.last,
        };
        let ticket = self.place(node);
        match self.node(list.last) {
            Some(last) => last.next = ticket,
            None => list.first = ticket,
        }
        list.last = ticket;
        self.used = self.used.saturating_add(1);
        Ok(ticket)
    }

    /// What a node holds; none if it is in no list.
    pub fn get(&self, ticket: Ticket) -> Option<T> {
        self.nodes.get(ticket as usize)?.value
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        self.node(ticket)?.value.as_mut()
    }

    /// The node behind another in its list.
    pub fn next(&self, ticket: Ticket) -> Option<Ticket> {
        let next = self.nodes.get(ticket as usize)?.next;
        (next != NONE).then_some(next)
    }

    /// Takes a node out of `list`, in which it is; what it held.
    pub fn remove(&mut self, list: &mut List, ticket: Ticket) -> Option<T> {
        let free = self.free;
        let node = self.node(ticket)?;
        let value = node.value.take()?;
        let (next, previous) = (node.next, node.previous);
        node.next = free;
        self.free = ticket;
        match self.node(previous) {
            Some(node) => node.next = next,
            None => list.first = next,
        }
        match self.node(next) {
            Some(node) => node.previous = previous,
            None => list.last = previous,
        }
        self.used = self.used.saturating_sub(1);
        if self.used == 0 {
            self.forget();
        }
        Some(value)
    }

    /// Writes a node to a place that is free, or behind all, where there is
    /// room.
    fn place(&mut self, node: Node<T>) -> Ticket {
        let free = self.free;
        if let Some(place) = self.node(free) {
            let next = place.next;
            *place = node;
            self.free = next;
            return free;
        }
        self.nodes.push(node);
        // There are fewer threads than numbers.
        u32::try_from(self.nodes.len().saturating_sub(1)).unwrap_or(NONE)
    }

    fn node(&mut self, ticket: Ticket) -> Option<&mut Node<T>> {
        self.nodes.get_mut(ticket as usize)
    }

    /// Forgets the places, of which none is used, and gives much room back.
    fn forget(&mut self) {
        self.free = NONE;
        self.nodes.clear();
        if self.nodes.capacity() > KEPT {
            self.nodes = Vec::new();
        }
    }
}

impl<T: Copy> Default for Links<T> {
    fn default() -> Self {
        Links::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_ticket_names_nobody() {
        let (mut links, mut list) = (Links::new(), List::EMPTY);
        let first = links.push(&mut list, 'a').expect("memory");
        links.push(&mut list, 'b').expect("memory");
        assert_eq!(links.remove(&mut list, first), Some('a'));
        assert_eq!(links.remove(&mut list, first), None);
        assert_eq!(links.get(first), None);
        assert_eq!(links.remove(&mut list, NONE), None);
    }

    #[test]
    fn room_for_many_is_given_back_and_room_for_few_is_kept() {
        let (mut links, mut list) = (Links::new(), List::EMPTY);
        for (count, kept) in [(KEPT / 2, true), (KEPT * 4, false)] {
            for number in 0..count {
                links.push(&mut list, number).expect("memory");
            }
            while let Some(first) = list.first() {
                links.remove(&mut list, first);
            }
            assert_eq!(links.nodes.capacity() > 0, kept);
        }
    }
}
