//! Sockets that somebody listens at, and whatever else may stand there.

use std::os::unix::net::UnixListener;

use super::*;

/// What is wrong with the socket `net` in a folder that was made like this.
fn trouble(make: impl FnOnce(&Path)) -> Option<SocketTrouble> {
    let folder = tempfile::tempdir().expect("a folder");
    make(folder.path());
    let peer = folder.path().join("net");
    let socket = Socket::at(&peer.to_string_lossy()).expect("a path");
    match socket.try_out() {
        Ok(()) => None,
        Err(NetworkError::Socket { trouble, .. }) => Some(trouble),
        Err(other) => panic!("{other}"),
    }
}

/// Listens at `path` for as long as the test runs.
fn listen(path: &Path) {
    std::mem::forget(UnixDatagram::bind(path).expect("a socket"));
}

#[test]
fn a_peer_that_listens_is_fine() {
    assert_eq!(trouble(|folder| listen(&folder.join("net"))), None);
}

#[test]
fn a_peer_that_is_not_there_is_told_from_one_that_is_none() {
    use SocketTrouble::{Missing, NoDatagrams, NoSocket, Silent};
    type Make = fn(&Path);
    let cases: [(Make, SocketTrouble); 4] = [
        (|_| {}, Missing),
        (
            |it| fs::write(it.join("net"), "").expect("a file"),
            NoSocket,
        ),
        (
            |it| drop(UnixDatagram::bind(it.join("net")).expect("a socket")),
            Silent,
        ),
        (
            |it| std::mem::forget(UnixListener::bind(it.join("net")).expect("a socket")),
            NoDatagrams,
        ),
    ];
    for (make, expected) in cases {
        assert_eq!(trouble(make), Some(expected));
    }
}

#[test]
fn nothing_of_anybodys_is_removed_for_the_guests_socket() {
    let found = trouble(|folder| {
        listen(&folder.join("net"));
        fs::write(folder.join("net.guest"), "kept").expect("a file");
    });
    assert_eq!(found, Some(SocketTrouble::InTheWay));
    let found = trouble(|folder| {
        listen(&folder.join("net"));
        listen(&folder.join("net.guest"));
    });
    assert_eq!(found, Some(SocketTrouble::Busy));
    let found = trouble(|folder| {
        listen(&folder.join("net"));
        drop(UnixDatagram::bind(folder.join("net.guest")).expect("a socket"));
    });
    assert_eq!(found, None, "one that an earlier run has left");
}

#[test]
fn the_guests_path_is_one_of_a_socket_too() {
    let of_size = |size| Socket::at(&"x".repeat(size)).expect("a path");
    assert!(of_size(PEER_MAX).is_short() && !of_size(PEER_MAX + 1).is_short());
    assert_eq!(of_size(PEER_MAX).guest().as_os_str().len(), PATH_MAX);
    let folder = tempfile::tempdir().expect("a folder");
    let room = PATH_MAX - folder.path().as_os_str().len() - 1;
    assert!(UnixDatagram::bind(folder.path().join("x".repeat(room))).is_ok());
    assert!(UnixDatagram::bind(folder.path().join("x".repeat(room + 1))).is_err());
}
