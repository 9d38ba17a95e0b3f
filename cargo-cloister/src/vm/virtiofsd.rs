//! The servers of volumes by virtio-fs: one `virtiofsd` for each.
//!
//! They are started before QEMU and ended with it. Two programs go by the name:
//! the one that came with QEMU 5 to 7, and the one of the project of that name.
//! They take different options; the help tells them apart. Either may need
//! root, for the walls that it builds around itself.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::confine::{self, Server as Confined};
use super::volume::{Driver, Volume};
use super::{Error, Spec};
use crate::build::cache;

/// Where distributions put the program.
const PLACES: [&str; 3] = [
    "/usr/libexec/virtiofsd",
    "/usr/lib/qemu/virtiofsd",
    "/usr/lib/virtiofsd",
];
/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often we look whether it does.
const STEP: Duration = Duration::from_millis(5);

/// The servers of a run.
#[derive(Debug, Default)]
pub(super) struct Servers(Vec<Server>);

/// One that runs, or did.
#[derive(Debug)]
struct Server {
    /// Where the guest sees its folder.
    guest: String,
    child: Option<Child>,
}

/// The program, and what it can do.
#[derive(Debug)]
struct Program {
    path: PathBuf,
    /// The newer one.
    takes_shared_dir: bool,
    has_pool: bool,
    can_be_read_only: bool,
}

/// The socket of volume `number` among those in `directory`.
pub(super) fn socket(directory: &Path, number: usize) -> PathBuf {
    directory.join(format!("volume{number}"))
}

/// Starts a server for each volume of `spec`, if that is how they are served.
pub(super) fn start(spec: &Spec, directory: &Path) -> Result<Servers, Error> {
    let mut servers = Servers::default();
    if spec.volume_driver != Driver::Virtiofs || spec.options.volumes.is_empty() {
        return Ok(servers);
    }
    let program = Program::find().ok_or(Error::NoVirtiofsd)?;
    for (number, volume) in spec.options.volumes.iter().enumerate() {
        let server = program.start(volume, &socket(directory, number))?;
        servers.0.push(server);
    }
    Ok(servers)
}

impl Servers {
    /// Says once for each server that has ended which files it takes along.
    pub(super) fn ended(&mut self) -> Vec<String> {
        let ended = self.0.iter_mut().filter_map(|server| {
            let status = server.child.as_mut()?.try_wait().ok()??;
            server.child = None;
            let guest = &server.guest;
            // Who ends well has seen the machine end.
            if status.success() {
                return None;
            }
            Some(format!(
                "virtiofsd for the volume at {guest} has ended ({status}): its files fail from now on"
            ))
        });
        ended.collect()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for child in self.0.iter_mut().filter_map(|server| server.child.as_mut()) {
            let _it_may_be_gone = child.kill();
            let _it_may_be_gone = child.wait();
        }
    }
}

/// Where the program is: what `CLOISTER_VIRTIOFSD` says, or where distributions
/// and our own set-up put it.
pub fn program() -> Option<PathBuf> {
    let is_file = |path: &PathBuf| path.is_file();
    if let Some(named) = env::var_os("CLOISTER_VIRTIOFSD") {
        return Some(named.into()).filter(is_file);
    }
    let places = PLACES.map(PathBuf::from).into_iter();
    places.chain([in_cache()]).find(is_file)
}

/// Where our own set-up puts it.
pub fn in_cache() -> PathBuf {
    cache().join("cloister").join("virtiofsd")
}

impl Program {
    fn find() -> Option<Program> {
        let path = program()?;
        let help = Command::new(&path).arg("--help").output().ok()?;
        let help = [help.stdout, help.stderr].concat();
        Some(Program::with_help(path, &String::from_utf8_lossy(&help)))
    }

    /// The program at `path`, which says `help` of itself.
    fn with_help(path: PathBuf, help: &str) -> Program {
        Program {
            path,
            takes_shared_dir: help.contains("--shared-dir"),
            has_pool: help.contains("--thread-pool-size"),
            // DEFENCE: served-read-only
            can_be_read_only: help.contains("--readonly"),
        }
    }

    fn arguments(&self, volume: &Volume, socket: &Path) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let mut option = |name: &str, value: &Path| {
            let mut text = OsString::from(name);
            text.push(value);
            arguments.push(text);
        };
        option("--socket-path=", socket);
        if self.takes_shared_dir {
            option("--shared-dir=", &volume.host);
        } else {
            option("-osource=", &volume.host);
            // It need not be root of a name space of its own.
            option("-osandbox=", Path::new("chroot"));
        }
        if self.has_pool {
            // A thread of a pool may still read a queue after its reset.
            arguments.push("--thread-pool-size=0".into());
        }
        if !volume.is_writable {
            arguments.push("--readonly".into());
        }
        arguments
    }

    fn start(&self, volume: &Volume, socket: &Path) -> Result<Server, Error> {
        // DEFENCE: served-read-only
        if !volume.is_writable && !self.can_be_read_only {
            return Err(Error::VirtiofsdCannotProtect(volume.guest.clone()));
        }
        let log = socket.with_extension("log");
        let failed = |said: String| Error::Virtiofsd {
            host: volume.host.clone(),
            said,
        };
        let errors = File::create(&log).map_err(|error| failed(error.to_string()))?;
        let mut command = Command::new(&self.path);
        command
            .args(self.arguments(volume, socket))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors);
        let child = confine::spawn(Confined::Virtiofsd, &[volume], &mut command)?;
        let child = child.map_err(|error| failed(error.to_string()))?;
        let mut servers = Servers(vec![Server {
            guest: volume.guest.clone(),
            child: Some(child),
        }]);
        let end = Instant::now() + PATIENCE;
        while !socket.exists() {
            let _the_log_says_more = servers.ended();
            let is_gone = servers.0.iter().any(|server| server.child.is_none());
            if is_gone || Instant::now() > end {
                return Err(failed(fs::read_to_string(&log).unwrap_or_default()));
            }
            thread::sleep(STEP);
        }
        servers.0.pop().ok_or(Error::NoVirtiofsd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(takes_shared_dir: bool, volume: &str) -> Vec<OsString> {
        let program = Program {
            path: "virtiofsd".into(),
            takes_shared_dir,
            has_pool: takes_shared_dir,
            can_be_read_only: takes_shared_dir,
        };
        program.arguments(&volume.parse().expect("a volume"), Path::new("s"))
    }

    #[test]
    fn either_program_gets_its_options() {
        let old = ["--socket-path=s", "-osource=/x", "-osandbox=chroot"];
        assert_eq!(arguments(false, "/x:/a"), old);
        let new = [
            "--socket-path=s",
            "--shared-dir=/x",
            "--thread-pool-size=0",
            "--readonly",
        ];
        assert_eq!(arguments(true, "/x:/a:ro"), new);
    }

    /// Why no server is started for `volume` by a program that is not there.
    fn refusal(help: &str, volume: &str) -> Error {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Program::with_help(folder.path().join("virtiofsd"), help);
        let volume = volume.parse().expect("a volume");
        let started = program.start(&volume, &folder.path().join("s"));
        started.expect_err("there is no such program")
    }

    #[test]
    fn a_program_that_cannot_protect_a_folder_is_not_tried() {
        let cannot = "--socket-path <PATH> --shared-dir <DIR>";
        let can = "--socket-path <PATH> --shared-dir <DIR> --readonly";
        let refused = refusal(cannot, "/x:/a:ro");
        assert!(matches!(&refused, Error::VirtiofsdCannotProtect(guest) if guest == "/a"));
        for (help, volume) in [(can, "/x:/a:ro"), (cannot, "/x:/a")] {
            let tried = refusal(help, volume);
            assert!(matches!(tried, Error::Virtiofsd { .. }), "{tried}");
        }
    }

    #[test]
    fn a_server_that_has_ended_is_named_once() {
        let server = |program: &str| Server {
            guest: format!("/{program}"),
            child: Some(Command::new(program).spawn().expect("every system has it")),
        };
        let mut servers = Servers(vec![server("true"), server("false")]);
        let said = loop {
            let said = servers.ended();
            if !said.is_empty() {
                break said;
            }
            thread::sleep(STEP);
        };
        assert!(
            said[0].contains("the volume at /false has ended"),
            "{said:?}"
        );
        while servers.0[0].child.is_some() {
            assert!(servers.ended().is_empty(), "one that ends well");
            thread::sleep(STEP);
        }
        assert!(servers.ended().is_empty());
    }
}
