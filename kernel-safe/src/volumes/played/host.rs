//! The files of a played host.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// What Linux numbers so.
pub(in crate::volumes) const NOT_FOUND: u32 = 2;
pub(in crate::volumes) const BAD: u32 = 9;
pub(in crate::volumes) const EXISTS: u32 = 17;
pub(in crate::volumes) const INVALID: u32 = 22;

/// The inode of the root.
pub(in crate::volumes) const ROOT: u64 = 100;

/// Files by inode, and names by path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::volumes) struct Host {
    /// Contents; directories have none.
    pub(in crate::volumes) files: BTreeMap<u64, Option<Vec<u8>>>,
    /// Each directory's names.
    pub(in crate::volumes) names: BTreeMap<(u64, Vec<u8>), u64>,
    /// How often something was made or removed.
    pub(in crate::volumes) changes: usize,
}

impl Host {
    /// With an empty root.
    pub(in crate::volumes) fn new() -> Host {
        Host {
            files: BTreeMap::from([(ROOT, None)]),
            names: BTreeMap::new(),
            changes: 0,
        }
    }

    pub(in crate::volumes) fn find(&self, directory: u64, name: &[u8]) -> Result<u64, u32> {
        let inode = self.names.get(&(directory, name.to_vec()));
        inode.copied().ok_or(NOT_FOUND)
    }

    /// Makes a file: as hosts do, with the first inode that no name and no open
    /// file has.
    pub(in crate::volumes) fn make(
        &mut self,
        directory: u64,
        name: &[u8],
        content: Option<&[u8]>,
        open: &[u64],
    ) -> Result<u64, u32> {
        if self.find(directory, name).is_ok() {
            return Err(EXISTS);
        }
        let is_used = |inode: &u64| self.names.values().any(|used| used == inode);
        let mut inodes = ROOT + 1..;
        let inode = inodes.find(|inode| !is_used(inode) && !open.contains(inode));
        let inode = inode.expect("inodes do not end");
        self.files.insert(inode, content.map(<[u8]>::to_vec));
        self.names.insert((directory, name.to_vec()), inode);
        self.changes += 1;
        Ok(inode)
    }

    pub(in crate::volumes) fn remove(
        &mut self,
        directory: u64,
        name: &[u8],
    ) -> Result<(), u32> {
        self.find(directory, name)?;
        self.names.remove(&(directory, name.to_vec()));
        self.changes += 1;
        Ok(())
    }

    /// Names from the one number `from` on, two at most.
    pub(in crate::volumes) fn list(
        &self,
        directory: u64,
        from: u64,
    ) -> Vec<(u64, Vec<u8>, u64)> {
        let names = self.names.iter().filter(|((of, _), _)| *of == directory);
        let listed = names.map(|((_, name), inode)| (name.clone(), *inode));
        let numbered = (1..).zip(listed).skip(from as usize).take(2);
        let listed = numbered.map(|(next, (name, inode))| (next, name, inode));
        listed.collect()
    }

    pub(in crate::volumes) fn content(&mut self, inode: u64) -> Result<&mut Vec<u8>, u32> {
        let file = self.files.get_mut(&inode).and_then(Option::as_mut);
        file.ok_or(INVALID)
    }

    pub(in crate::volumes) fn read(
        &mut self,
        inode: u64,
        at: u64,
        size: u32,
    ) -> Result<Vec<u8>, u32> {
        let content = self.content(inode)?;
        let rest = content.iter().skip(at as usize);
        Ok(rest.take(size as usize).copied().collect())
    }

    pub(in crate::volumes) fn write(
        &mut self,
        inode: u64,
        at: u64,
        bytes: &[u8],
    ) -> Result<(), u32> {
        let (content, at) = (self.content(inode)?, at as usize);
        let end = at + bytes.len();
        content.resize(content.len().max(end), 0);
        content[at..end].copy_from_slice(bytes);
        Ok(())
    }

    pub(in crate::volumes) fn is_directory(&self, inode: u64) -> bool {
        self.files.get(&inode) == Some(&None)
    }

    pub(in crate::volumes) fn size(&self, inode: u64) -> u64 {
        let file = self.files.get(&inode).and_then(Option::as_ref);
        file.map_or(0, Vec::len) as u64
    }

    pub(in crate::volumes) fn mode(&self, inode: u64) -> u32 {
        match self.is_directory(inode) {
            true => 0o040_755,
            false => 0o100_644,
        }
    }
}
