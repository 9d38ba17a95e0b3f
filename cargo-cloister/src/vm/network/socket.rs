//! A socket of this machine to which the guest's frames go, one in each datagram.
//!
//! Whoever listens there is the whole network: a test that plays it, or a switch. The
//! peer's socket has the path that is given, the guest's the same with `.guest` behind
//! it. QEMU removes whatever stands there, so this tool looks that it is a socket of
//! nobody's.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use super::error::NetworkError;
use super::hardware;
use super::trouble::SocketTrouble;

/// What stands behind the peer's path in the guest's.
const GUEST: &str = ".guest";
/// The longest path of a socket, without the zero at its end (`sun_path`).
const PATH_MAX: usize = 107;
/// The longest path of the peer's, so that the guest's is one, too.
pub(super) const PEER_MAX: usize = PATH_MAX - GUEST.len();

/// A peer's socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Socket {
    /// Where the peer is.
    pub peer: PathBuf,
    /// The address of the guest's card: the same for a path, and on each another.
    pub card: [u8; 6],
}

impl Socket {
    /// The peer at `path`; none if that is empty.
    pub fn at(path: &str) -> Option<Socket> {
        (!path.is_empty()).then(|| Socket {
            peer: PathBuf::from(path),
            card: hardware::address(path),
        })
    }

    /// Where the guest is.
    pub fn guest(&self) -> PathBuf {
        let mut path = OsString::from(&self.peer);
        path.push(GUEST);
        path.into()
    }

    /// Whether both can be paths of sockets.
    pub(super) fn is_short(&self) -> bool {
        self.peer.as_os_str().len() <= PEER_MAX
    }

    /// Whether somebody listens, and QEMU could as well.
    pub(super) fn try_out(&self) -> Result<(), NetworkError> {
        let trouble = peer_trouble(&self.peer).or_else(|| guest_trouble(&self.guest()));
        trouble.map_or(Ok(()), |trouble| Err(self.error(trouble)))
    }

    pub(super) fn error(&self, trouble: SocketTrouble) -> NetworkError {
        NetworkError::Socket {
            peer: self.peer.clone(),
            trouble,
        }
    }
}

fn peer_trouble(peer: &Path) -> Option<SocketTrouble> {
    match fs::metadata(peer) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Some(SocketTrouble::Missing);
        }
        Err(error) => return Some(SocketTrouble::Other(error.to_string())),
        Ok(found) if !found.file_type().is_socket() => return Some(SocketTrouble::NoSocket),
        Ok(_) => {}
    }
    let error = connect(peer).err()?;
    Some(match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::ConnectionRefused, _) => SocketTrouble::Silent,
        (_, Some(libc::EPROTOTYPE)) => SocketTrouble::NoDatagrams,
        _ => SocketTrouble::Other(error.to_string()),
    })
}

/// One that was left by an earlier run is QEMU's to remove.
fn guest_trouble(guest: &Path) -> Option<SocketTrouble> {
    let found = fs::symlink_metadata(guest).ok()?;
    if !found.file_type().is_socket() {
        return Some(SocketTrouble::InTheWay);
    }
    let is_left =
        connect(guest).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    (!is_left).then_some(SocketTrouble::Busy)
}

/// The peer sees nothing of it.
fn connect(path: &Path) -> io::Result<()> {
    UnixDatagram::unbound()?.connect(path)
}

#[cfg(test)]
mod tests;
