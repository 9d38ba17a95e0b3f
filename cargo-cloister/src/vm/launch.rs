//! From a [`Spec`] to a QEMU that runs.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tempfile::TempDir;

use super::command::{self, Channels};
use super::confine;
use super::socket::{self, Event, Source};
use super::virtiofsd::{self, Servers};
use super::volume::{Driver, Volume};
use super::watchdog::Watchdog;
use super::{Error, Spec};

const PROGRAM: &str = "qemu-system-x86_64";

/// How much of the guest's output waits before the guest has to.
const EVENTS_WAITING: usize = 32;

/// A QEMU that runs, and what it tells us.
pub(super) struct Running {
    pub(super) qemu: Child,
    pub(super) events: Receiver<Event>,
    pub(super) sockets: Vec<PathBuf>,
    pub(super) watchdog: Watchdog,
    pub(super) servers: Servers,
    /// Removed with everything in it when the run is over.
    _directory: TempDir,
}

/// Where QEMU is: what `CLOISTER_QEMU` says, or the first on the PATH.
pub fn qemu_program() -> Result<PathBuf, Error> {
    let name = env::var_os("CLOISTER_QEMU").unwrap_or_else(|| PROGRAM.into());
    find(&name).ok_or_else(|| Error::NoQemu(name.to_string_lossy().into_owned()))
}

fn write_options(spec: &Spec, file: &Path) -> Result<(), Error> {
    fs::write(file, spec.boot_file()?)
        .map_err(Error::prepare("the boot options cannot be written"))
}

fn find(name: &OsStr) -> Option<PathBuf> {
    if Path::new(name).components().count() > 1 {
        return Path::new(name).is_file().then(|| name.into());
    }
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|file| file.is_file())
}

/// Starts QEMU with every channel connected to this process.
pub(super) fn launch(spec: &Spec) -> Result<Running, Error> {
    let program = spec.qemu.clone().map_or_else(qemu_program, Ok)?;
    try_memory(spec)?;
    spec.network.check()?;
    let directory = socket::private_directory()?;
    let channels = Channels::in_directory(directory.path());
    write_options(spec, &channels.options)?;
    let (sender, events) = sync_channel(EVENTS_WAITING);
    let sockets = socket::listen(directory.path(), &sender, &spec.input)?;
    let servers = virtiofsd::start(spec, directory.path())?;
    let qemu = spawn(&program, spec, &channels, sender)?;
    let watchdog = Watchdog::over(qemu.id());
    Ok(Running {
        qemu,
        events,
        sockets,
        watchdog,
        servers,
        _directory: directory,
    })
}

/// Whether the image fits. QEMU drops what does not, and the guest dies mute.
fn try_memory(spec: &Spec) -> Result<(), Error> {
    let (need, have) = (spec.image_size, spec.memory.bytes());
    if need > have {
        Err(Error::Memory { need, have })
    } else {
        Ok(())
    }
}

/// Starts QEMU in a process group of its own, so that Ctrl-C reaches only us:
/// we end QEMU and can still say how it went.
fn spawn(
    program: &Path,
    spec: &Spec,
    channels: &Channels,
    events: SyncSender<Event>,
) -> Result<Child, Error> {
    let start = |source| Error::Start {
        program: program.into(),
        source,
    };
    let mut command = Command::new(program);
    command
        .args(command::arguments(spec, channels))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    let served: Vec<&Volume> = match spec.volume_driver {
        Driver::Ninep => spec.options.volumes.iter().collect(),
        Driver::Virtiofs => Vec::new(),
    };
    let started = confine::spawn(confine::Server::Qemu, &served, &mut command)?;
    let mut qemu = started.map_err(start)?;
    let errors = qemu
        .stderr
        .take()
        .ok_or_else(|| start(io::ErrorKind::BrokenPipe.into()))?;
    thread::spawn(move || socket::pump(Source::Qemu, errors, &events));
    Ok(qemu)
}
