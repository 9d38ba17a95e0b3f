//! The cable: a frame of Ethernet in each datagram of a UNIX socket.
//!
//! Nothing is lost here: a thread takes what the guest sends, and whoever sends to a
//! guest without room waits. What is lost, late or wrong is the weather's.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::weather::Weather;
use super::{Frame, PATIENCE};

/// Between two looks whether the trial is over, and whether a guest has room.
const LOOK: Duration = Duration::from_millis(100);

/// A cable with a guest at its other end, sooner or later.
pub(super) struct Wire {
    socket: UnixDatagram,
    /// Where frames go.
    guest: PathBuf,
    frames: Receiver<Frame>,
    is_over: Arc<AtomicBool>,
    /// What becomes of frames on their way to the guest.
    pub(super) there: Weather,
    /// The same on their way back.
    pub(super) back: Weather,
}

impl Wire {
    /// A cable that ends at `path`, for `--net dgram:`.
    pub(super) fn at(path: &Path) -> io::Result<Wire> {
        let _left_by_an_earlier_run = fs::remove_file(path);
        let socket = UnixDatagram::bind(path)?;
        socket.set_read_timeout(Some(LOOK))?;
        socket.set_write_timeout(Some(LOOK))?;
        let (sender, frames) = mpsc::channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let (ours, over) = (socket.try_clone()?, Arc::clone(&is_over));
        thread::spawn(move || take(&ours, &sender, &over));
        Ok(Wire {
            socket,
            guest: format!("{}.guest", path.display()).into(),
            frames,
            is_over,
            there: Weather::fine(1),
            back: Weather::fine(2),
        })
    }

    /// Sends what is due of `frames` and of earlier ones.
    pub(super) fn send(&mut self, frames: impl IntoIterator<Item = Frame>) -> io::Result<()> {
        for frame in frames {
            self.there.take(frame);
        }
        while let Some(frame) = self.there.due() {
            self.put(&frame)?;
        }
        Ok(())
    }

    /// Before the guest's card is there, a cable leads nowhere.
    fn put(&self, frame: &[u8]) -> io::Result<()> {
        let start = Instant::now();
        loop {
            let error = match self.socket.send_to(frame, &self.guest) {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            match error.kind() {
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => return Ok(()),
                ErrorKind::WouldBlock if start.elapsed() < PATIENCE => {}
                _ => return Err(error),
            }
        }
    }

    /// The next frame of the guest's, if one comes in this time.
    pub(super) fn receive(&mut self, limit: Duration) -> Option<Frame> {
        if let Some(frame) = self.back.due() {
            return Some(frame);
        }
        let frame = self.frames.recv_timeout(limit).ok()?;
        self.back.take(frame);
        self.back.due()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn take(socket: &UnixDatagram, frames: &mpsc::Sender<Frame>, is_over: &AtomicBool) {
    let mut bytes = vec![0; 1 << 16];
    while !is_over.load(Ordering::Relaxed) {
        // Nothing may come for a while.
        if let Ok(size) = socket.recv(&mut bytes) {
            let _nobody_listens = frames.send(bytes[..size].to_vec());
        }
    }
}
