//! The guest's channels on this side, each read by a thread of its own.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;
use std::thread;

use tempfile::TempDir;

use super::{Error, Input, stdin};

/// Where bytes come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Control,
    Serial,
    Console,
    Errors,
    /// QEMU's own standard error. Its end is the end of QEMU.
    Qemu,
}

/// What the threads tell the session.
#[derive(Debug)]
pub(super) enum Event {
    Bytes(Source, Vec<u8>),
    Closed(Source),
}

/// The sockets that QEMU connects to.
pub(super) const SOCKETS: [(Source, &str); 4] = [
    (Source::Control, "control"),
    (Source::Serial, "serial"),
    (Source::Console, "console"),
    (Source::Errors, "errors"),
];

/// A directory that only this user can enter.
pub(super) fn private_directory() -> Result<TempDir, Error> {
    tempfile::Builder::new()
        .prefix("cloister-")
        // DEFENCE: private-directory
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()
        .map_err(Error::prepare("no private directory"))
}

/// Listens on every socket, and starts the threads that read them.
pub(super) fn listen(
    directory: &Path,
    events: &SyncSender<Event>,
    input: &Input,
) -> Result<Vec<PathBuf>, Error> {
    let mut paths = Vec::new();
    for (source, name) in SOCKETS {
        let path = directory.join(name);
        let listener = UnixListener::bind(&path).map_err(Error::prepare("no socket"))?;
        let (events, input) = (events.clone(), input.clone());
        thread::spawn(move || serve(source, &listener, &events, &input));
        paths.push(path);
    }
    Ok(paths)
}

/// Lets threads go on that wait for a QEMU which never came.
pub(super) fn release(paths: &[PathBuf]) {
    for path in paths {
        drop(UnixStream::connect(path));
    }
}

fn serve(source: Source, listener: &UnixListener, events: &SyncSender<Event>, input: &Input) {
    if let Ok((stream, _)) = listener.accept() {
        if source == Source::Console {
            feed(&stream, input);
        }
        pump(source, stream, events);
    } else {
        let _nobody_listens = events.send(Event::Closed(source));
    }
}

/// Starts the thread that gives the guest its standard input.
fn feed(guest: &UnixStream, input: &Input) {
    let Ok(guest) = guest.try_clone() else { return };
    let input = input.clone();
    thread::spawn(move || {
        let _the_guest_is_gone = match input {
            Input::Silent => Ok(()),
            Input::Empty => stdin::feed(io::empty(), guest),
            Input::Own => stdin::feed(io::stdin().lock(), guest),
            Input::Pipe(pipe) => stdin::feed(&*pipe, guest),
        };
    });
}

/// Passes on what `input` gives, to its end.
pub(super) fn pump(source: Source, mut input: impl Read, events: &SyncSender<Event>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let event = match input.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(0) | Err(_) => Event::Closed(source),
            Ok(length) => Event::Bytes(source, buffer[..length].to_vec()),
        };
        let last = matches!(event, Event::Closed(_));
        if events.send(event).is_err() || last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_can_enter_the_directory_of_the_sockets() {
        let directory = private_directory().expect("a directory");
        let known = fs::metadata(directory.path()).expect("it is ours");
        assert_eq!(known.permissions().mode() & 0o7777, 0o700);
    }
}
