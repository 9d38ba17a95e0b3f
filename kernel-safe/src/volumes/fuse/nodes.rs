//! Which of a server's nodes we know, and what we hold open.
//!
//! A server counts how often it told us of a node and keeps the node until all
//! of that is forgotten. Several of our files may be one node; the last one
//! given back forgets for all.

use alloc::vec::Vec;

use super::client::Known;
use crate::errno::Errno;

/// What the server gave for opening something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handle {
    /// Its number.
    pub number: u64,
    /// Whether it is open to a directory.
    pub is_directory: bool,
}

/// A file that we know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct File {
    /// The server's node, and the generation in which it knows that and what else is
    /// of the server here.
    pub node: Known,
    /// How often we were told of it.
    pub told: u64,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// What it is open by.
    pub handle: Option<Handle>,
}

/// All files that we know, by number.
#[derive(Debug)]
pub struct Nodes {
    files: Vec<Option<File>>,
    free: Vec<usize>,
}

impl Nodes {
    /// None.
    pub const fn new() -> Nodes {
        Nodes {
            files: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Makes sure that the next [`Nodes::add`] has room.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn reserve(&mut self) -> Result<(), Errno> {
        if self.free.is_empty() {
            self.files.try_reserve(1)?;
            let all = self.files.len().saturating_add(1);
            self.free.try_reserve(all)?;
        }
        Ok(())
    }

    /// Adds a file; its number.
    ///
    /// # Errors
    ///
    /// Memory is short.
    pub fn add(&mut self, file: File) -> Result<u64, Errno> {
        self.reserve()?;
        let place = self.free.pop().unwrap_or(self.files.len());
        match self.files.get_mut(place) {
            Some(slot) => *slot = Some(file),
            None => self.files.push(Some(file)),
        }
        Ok(place as u64)
    }

    /// The file with a number.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn get(&self, number: u64) -> Result<File, Errno> {
        let place = usize::try_from(number).ok();
        let slot = place.and_then(|place| self.files.get(place));
        slot.copied().flatten().ok_or(Errno::Invalid)
    }

    /// Notes that the server knows a file as something else now.
    pub fn replace(&mut self, number: u64, file: File) {
        let place = usize::try_from(number).ok();
        let slot = place.and_then(|place| self.files.get_mut(place));
        if let Some(slot @ Some(_)) = slot {
            *slot = Some(file);
        }
    }

    /// Takes a file's number back: the file, with what the server must now
    /// forget of it.
    pub fn take(&mut self, number: u64) -> Option<File> {
        let place = usize::try_from(number).ok()?;
        let file = self.files.get_mut(place)?.take()?;
        // There is room: one was reserved for each file.
        if self.free.len() < self.free.capacity() {
            self.free.push(place);
        }
        let mut others = self.files.iter_mut().flatten();
        match others.find(|other| other.node == file.node) {
            Some(other) => {
                other.told = other.told.saturating_add(file.told);
                Some(File { told: 0, ..file })
            }
            None => Some(file),
        }
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Nodes::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn known(node: u64) -> Known {
        Known {
            generation: 0,
            node,
        }
    }

    const FILE: File = File {
        node: known(7),
        told: 1,
        is_directory: false,
        handle: None,
    };

    #[test]
    fn the_last_one_forgets_for_all() {
        let mut nodes = Nodes::new();
        let first = nodes.add(FILE).expect("memory");
        let second = nodes.add(FILE).expect("memory");
        let open = nodes.add(File { told: 0, ..FILE }).expect("memory");
        let told = |file: Option<File>| file.map(|file| file.told);
        assert_eq!(told(nodes.take(first)), Some(0));
        assert_eq!(told(nodes.take(second)), Some(0));
        assert_eq!(told(nodes.take(open)), Some(2));
        assert_eq!(nodes.take(open), None);
    }

    #[test]
    fn nobody_forgets_for_an_earlier_session() {
        let mut nodes = Nodes::new();
        let first = nodes.add(FILE).expect("memory");
        let later = Known {
            generation: 1,
            ..FILE.node
        };
        let second = nodes
            .add(File {
                node: later,
                ..FILE
            })
            .expect("memory");
        let told = |file: Option<File>| file.map(|file| file.told);
        assert_eq!(told(nodes.take(first)), Some(1));
        assert_eq!(told(nodes.take(second)), Some(1));
    }

    #[test]
    fn numbers_are_used_again() {
        let mut nodes = Nodes::new();
        for _ in 0..1000 {
            let number = nodes.add(FILE).expect("memory");
            assert_eq!(nodes.get(number), Ok(FILE));
            assert_eq!(nodes.take(number), Some(FILE));
            assert_eq!(nodes.get(number), Err(Errno::Invalid));
        }
        assert_eq!(nodes.files.len(), 1);
    }

    #[test]
    fn all_numbers_can_come_back() {
        let mut nodes = Nodes::new();
        let numbers: Vec<u64> = (0..100)
            .map(|node| {
                nodes
                    .add(File {
                        node: known(node),
                        ..FILE
                    })
                    .expect("memory")
            })
            .collect();
        for number in numbers {
            assert!(nodes.take(number).is_some());
        }
        assert_eq!(nodes.free.len(), 100);
    }
}
