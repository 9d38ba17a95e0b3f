//! A played host that speaks 9P.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::Speaker;
use super::host::{self, BAD, Host, INVALID};
use crate::volumes::bytes::Reply;
use crate::volumes::ninep::message::kind;

/// A server.
#[derive(Debug)]
pub(in crate::volumes) struct Server {
    pub(in crate::volumes) host: Host,
    /// The inode of each fid, and whether it is open.
    pub(in crate::volumes) fids: BTreeMap<u32, (u64, bool)>,
}

impl Server {
    pub(in crate::volumes) fn new(host: Host) -> Server {
        Server {
            host,
            fids: BTreeMap::new(),
        }
    }

    fn inode(&self, fid: u32) -> Result<u64, u32> {
        self.fids.get(&fid).map(|(inode, _)| *inode).ok_or(BAD)
    }

    fn open_inode(&self, fid: u32) -> Result<u64, u32> {
        match self.fids.get(&fid) {
            Some((inode, true)) => Ok(*inode),
            _ => Err(BAD),
        }
    }

    fn qid(&self, inode: u64) -> Vec<u8> {
        let kind = if self.host.is_directory(inode) {
            0x80
        } else {
            0
        };
        [&[kind, 0, 0, 0, 0][..], &inode.to_le_bytes()].concat()
    }

    fn do_it(&mut self, kind: u8, body: &mut Reply<'_>) -> Result<Vec<u8>, u32> {
        let number = |body: &mut Reply<'_>| body.u32().map_err(|_| INVALID);
        if kind == kind::VERSION {
            self.fids.clear();
            let most = number(body)?.to_le_bytes();
            return Ok([&most[..], &[8, 0], b"9P2000.L"].concat());
        }
        let fid = number(body)?;
        let place = |body: &mut Reply<'_>| body.u64().map_err(|_| INVALID);
        match kind {
            kind::ATTACH => {
                self.fids.insert(fid, (host::ROOT, false));
                Ok(self.qid(host::ROOT))
            }
            kind::WALK => self.walk(fid, body),
            kind::OPEN => {
                let inode = self.inode(fid)?;
                let was = self.fids.insert(fid, (inode, true));
                assert_eq!(was, Some((inode, false)), "opened twice");
                Ok([self.qid(inode), [0; 4].to_vec()].concat())
            }
            kind::CREATE => {
                let (directory, name) = (self.inode(fid)?, text(body)?);
                let open: Vec<u64> = self.fids.values().map(|(inode, _)| *inode).collect();
                let inode = self.host.make(directory, name, Some(b""), &open)?;
                self.fids.insert(fid, (inode, true));
                Ok([self.qid(inode), [0; 4].to_vec()].concat())
            }
            kind::MAKE_DIRECTORY => {
                let (directory, name) = (self.inode(fid)?, text(body)?);
                let inode = self.host.make(directory, name, None, &[])?;
                Ok(self.qid(inode))
            }
            kind::REMOVE => {
                let (directory, name) = (self.inode(fid)?, text(body)?);
                self.host.remove(directory, name)?;
                Ok(Vec::new())
            }
            kind::GET_ATTRIBUTES => self.attributes(fid),
            kind::SET_ATTRIBUTES => {
                body.bytes(16).map_err(|_| INVALID)?;
                let (inode, size) = (self.inode(fid)?, place(body)?);
                self.host.content(inode)?.resize(size as usize, 0);
                Ok(Vec::new())
            }
            kind::FORGET => self.fids.remove(&fid).map(|_| Vec::new()).ok_or(BAD),
            _ => self.by_open_fid(kind, fid, body),
        }
    }

    fn by_open_fid(
        &mut self,
        kind: u8,
        fid: u32,
        body: &mut Reply<'_>,
    ) -> Result<Vec<u8>, u32> {
        let inode = self.open_inode(fid)?;
        if kind == kind::SYNC {
            return Ok(Vec::new());
        }
        let at = body.u64().map_err(|_| INVALID)?;
        let size = body.u32().map_err(|_| INVALID)?;
        match kind {
            kind::LIST => {
                let entries = self.entries(inode, at);
                Ok([&(entries.len() as u32).to_le_bytes()[..], &entries].concat())
            }
            kind::READ => {
                let read = self.host.read(inode, at, size)?;
                Ok([&(read.len() as u32).to_le_bytes()[..], &read].concat())
            }
            kind::WRITE => {
                self.host.write(inode, at, body.rest())?;
                Ok(size.to_le_bytes().to_vec())
            }
            _ => Err(INVALID),
        }
    }

    fn entries(&self, directory: u64, from: u64) -> Vec<u8> {
        let mut entries = Vec::new();
        for (next, name, inode) in self.host.list(directory, from) {
            entries.extend(self.qid(inode));
            entries.extend(next.to_le_bytes());
            entries.push(0);
            entries.extend((name.len() as u16).to_le_bytes());
            entries.extend(name);
        }
        entries
    }

    fn walk(&mut self, fid: u32, body: &mut Reply<'_>) -> Result<Vec<u8>, u32> {
        let (from, new) = (self.inode(fid)?, body.u32().map_err(|_| INVALID)?);
        assert!(fid == new || !self.fids.contains_key(&new), "a fid in use");
        if body.u16() == Ok(0) {
            self.fids.insert(new, (from, false));
            return Ok([0, 0].to_vec());
        }
        let inode = self.host.find(from, text(body)?)?;
        self.fids.insert(new, (inode, false));
        Ok([vec![1, 0], self.qid(inode)].concat())
    }

    fn attributes(&self, fid: u32) -> Result<Vec<u8>, u32> {
        let inode = self.inode(fid)?;
        let mut reply = [&[0; 8][..], &self.qid(inode)].concat();
        reply.extend(self.host.mode(inode).to_le_bytes());
        reply.extend([0; 8 + 8 + 8]);
        reply.extend(self.host.size(inode).to_le_bytes());
        reply.extend([0; 16 + 64]);
        Ok(reply)
    }
}

fn text<'a>(body: &mut Reply<'a>) -> Result<&'a [u8], u32> {
    let size = body.u16().map_err(|_| INVALID)?;
    body.bytes(usize::from(size)).map_err(|_| INVALID)
}

impl Speaker for Server {
    fn host(&mut self) -> &mut Host {
        &mut self.host
    }

    fn reset(&mut self) {
        self.fids.clear();
    }

    fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        let mut body = Reply::new(request);
        let (_, kind, tag) = (body.u32(), body.u8(), body.u16());
        let (kind, tag) = (kind.expect("a kind"), tag.expect("a tag"));
        let (kind, bytes) = match self.do_it(kind, &mut body) {
            Ok(bytes) => (kind + 1, bytes),
            Err(code) => (kind::ERROR_REPLY, code.to_le_bytes().to_vec()),
        };
        let size = (7 + bytes.len() as u32).to_le_bytes();
        [&size[..], &[kind], &tag.to_le_bytes(), &bytes].concat()
    }
}
