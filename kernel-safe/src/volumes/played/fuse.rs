//! A played host that speaks FUSE.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::Speaker;
use super::host::{self, BAD, Host, INVALID};
use crate::volumes::bytes::Reply;
use crate::volumes::fuse::message::{REQUEST_HEADER, code};

/// A server. Each session numbers nodes and handles from the start, so that an old
/// number is another file.
#[derive(Debug)]
pub(in crate::volumes) struct Server {
    pub(in crate::volumes) host: Host,
    /// The inode of each node, and how often it was told of.
    pub(in crate::volumes) nodes: BTreeMap<u64, (u64, u64)>,
    /// The inode of each handle.
    pub(in crate::volumes) handles: BTreeMap<u64, u64>,
    next: u64,
}

impl Server {
    pub(in crate::volumes) fn new(host: Host) -> Server {
        Server {
            host,
            nodes: BTreeMap::new(),
            handles: BTreeMap::new(),
            next: 2,
        }
    }

    fn inode(&self, node: u64) -> Result<u64, u32> {
        self.nodes.get(&node).map(|(inode, _)| *inode).ok_or(BAD)
    }

    fn new_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn tell(&mut self, inode: u64) -> Vec<u8> {
        let known = self.nodes.iter().find(|(_, (known, _))| *known == inode);
        let known = known.map(|(node, _)| *node);
        let node = known.unwrap_or_else(|| self.new_number());
        self.nodes.entry(node).or_insert((inode, 0)).1 += 1;
        let entry = [node.to_le_bytes(), 5_u64.to_le_bytes()].concat();
        [entry, vec![0; 24], self.attributes(inode)].concat()
    }

    fn attributes(&self, inode: u64) -> Vec<u8> {
        let mut bytes = [inode.to_le_bytes(), self.host.size(inode).to_le_bytes()].concat();
        bytes.extend([0; 8 + 24 + 12]);
        bytes.extend(self.host.mode(inode).to_le_bytes());
        bytes.extend([0; 24]);
        bytes
    }

    fn open(&mut self, inode: u64) -> Vec<u8> {
        let handle = self.new_number();
        self.handles.insert(handle, inode);
        [handle.to_le_bytes(), [0; 8]].concat()
    }

    fn do_it(&mut self, code: u32, node: u64, body: &mut Reply<'_>) -> Result<Vec<u8>, u32> {
        let place = |body: &mut Reply<'_>| body.u64().map_err(|_| INVALID);
        let skip =
            |body: &mut Reply<'_>, size| body.bytes(size).map(|_| ()).map_err(|_| INVALID);
        if code == code::BEGIN {
            self.reset();
            self.nodes.insert(1, (host::ROOT, 1));
            let words = [7, 31, 0, 0, 0, 1 << 20, 0, 0].map(u32::to_le_bytes);
            return Ok(words.concat());
        }
        let inode = self.inode(node)?;
        match code {
            code::LOOKUP => {
                let found = self.host.find(inode, name(body)?)?;
                Ok(self.tell(found))
            }
            code::GET_ATTRIBUTES => Ok([vec![0; 16], self.attributes(inode)].concat()),
            code::SET_ATTRIBUTES => {
                skip(body, 8)?;
                let (handle, size) = (place(body)?, place(body)?);
                let inode = *self.handles.get(&handle).ok_or(BAD)?;
                self.host.content(inode)?.resize(size as usize, 0);
                Ok([vec![0; 16], self.attributes(inode)].concat())
            }
            code::MAKE_DIRECTORY => {
                skip(body, 8)?;
                let made = self.host.make(inode, name(body)?, None, &[])?;
                Ok(self.tell(made))
            }
            code::CREATE => {
                skip(body, 16)?;
                let open: Vec<u64> = self.handles.values().copied().collect();
                let made = self.host.make(inode, name(body)?, Some(b""), &open)?;
                Ok([self.tell(made), self.open(made)].concat())
            }
            code::REMOVE_FILE | code::REMOVE_DIRECTORY => {
                self.host.remove(inode, name(body)?)?;
                Ok(Vec::new())
            }
            code::OPEN | code::OPEN_DIRECTORY => Ok(self.open(inode)),
            code::RELEASE | code::RELEASE_DIRECTORY => {
                let handle = place(body)?;
                self.handles.remove(&handle).map(|_| Vec::new()).ok_or(BAD)
            }
            code::FORGET => {
                let times = place(body)?;
                let told = &mut self.nodes.get_mut(&node).ok_or(BAD)?.1;
                *told = told.checked_sub(times).expect("told so often");
                if *told == 0 {
                    self.nodes.remove(&node);
                }
                Ok(Vec::new())
            }
            _ => self.by_handle(code, body),
        }
    }

    fn by_handle(&mut self, code: u32, body: &mut Reply<'_>) -> Result<Vec<u8>, u32> {
        let handle = body.u64().map_err(|_| INVALID)?;
        let inode = *self.handles.get(&handle).ok_or(BAD)?;
        if matches!(code, code::SYNC | code::SYNC_DIRECTORY) {
            return Ok(Vec::new());
        }
        let at = body.u64().map_err(|_| INVALID)?;
        let size = body.u32().map_err(|_| INVALID)?;
        body.bytes(20).map_err(|_| INVALID)?;
        match code {
            code::READ => self.host.read(inode, at, size),
            code::WRITE => {
                self.host.write(inode, at, body.rest())?;
                Ok(u64::from(size).to_le_bytes().to_vec())
            }
            code::LIST => {
                let mut entries = Vec::new();
                for (next, name, inode) in self.host.list(inode, at) {
                    entries.extend(inode.to_le_bytes());
                    entries.extend(next.to_le_bytes());
                    entries.extend((name.len() as u32).to_le_bytes());
                    entries.extend([0; 4]);
                    entries.extend(&name);
                    entries.resize(entries.len().next_multiple_of(8), 0);
                }
                Ok(entries)
            }
            _ => Err(INVALID),
        }
    }
}

fn name<'a>(body: &mut Reply<'a>) -> Result<&'a [u8], u32> {
    body.rest().strip_suffix(&[0]).ok_or(INVALID)
}

impl Speaker for Server {
    fn host(&mut self) -> &mut Host {
        &mut self.host
    }

    fn reset(&mut self) {
        self.nodes.clear();
        self.handles.clear();
        self.next = 2;
    }

    fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        let mut body = Reply::new(request);
        let (_, code, tag) = (body.u32(), body.u32(), body.u64());
        let (code, node) = (code.expect("a code"), body.u64().expect("a node"));
        body.bytes(REQUEST_HEADER - 24).expect("a header");
        let done = self.do_it(code, node, &mut body);
        if code == code::FORGET {
            return Vec::new();
        }
        let (error, bytes) = match done {
            Ok(bytes) => (0, bytes),
            Err(code) => (code.wrapping_neg(), Vec::new()),
        };
        let size = (16 + bytes.len() as u32).to_le_bytes();
        let tag = tag.expect("a tag").to_le_bytes();
        [&size[..], &error.to_le_bytes(), &tag, &bytes].concat()
    }
}
