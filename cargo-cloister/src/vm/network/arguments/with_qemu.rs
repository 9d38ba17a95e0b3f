//! QEMU itself, with a guest that does nothing: it takes the arguments, lends the
//! ports, and records what it sends to the guest.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use domains::Isolation;

use crate::image::pack::pack;
use crate::image::testing;
use crate::vm::command::{self, Channels};
use crate::vm::{Backend, Given, HostName, Machine, Network, Publish, Spec, qemu_program};

/// When a QEMU that should have done something has not: long, for a busy host.
const HARD_LIMIT: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// The type of a frame that asks for the address of a card.
const ARP: [u8; 2] = [0x08, 0x06];

/// A QEMU that is ended with the test.
struct Qemu {
    child: Child,
    /// Removed with everything in it.
    _folder: tempfile::TempDir,
    spec: Spec,
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _it_may_be_gone = self.child.kill();
        let _it_may_be_gone = self.child.wait();
    }
}

impl Qemu {
    /// Starts one on `machine` whose guest has these addresses, port 80 published and
    /// all recorded. None where there is no QEMU.
    fn start(machine: Machine, addresses: &[&str]) -> Option<Qemu> {
        let program = qemu_program().ok()?;
        let folder = tempfile::tempdir().expect("a folder");
        let publish: Publish = "0:80".parse().expect("ports");
        let given = Given {
            addresses: addresses.iter().map(|it| it.parse().expect(it)).collect(),
            routers: Vec::new(),
            servers: Vec::new(),
            host: HostName::of_program("nobody"),
        };
        let image = folder.path().join("image");
        let parts = pack(&testing::parts(), testing::MPK).expect("sound parts");
        fs::write(&image, parts).expect("a file");
        let mut spec = Spec::new(image, "nobody".to_owned(), Isolation::Mpk);
        spec.machine = machine;
        spec.network = Network {
            backend: Backend::User,
            publish: vec![publish.chosen().expect("some port is free")],
            capture: Some(folder.path().join("a,b.pcap")),
            mtu: Some(1400),
        };
        spec.options.network = given.setting(&Backend::User).expect("they go together");
        let child = spawn(&program, &spec, folder.path());
        Some(Qemu {
            child,
            _folder: folder,
            spec,
        })
    }

    /// What it said, if it has ended.
    fn last_words(&mut self) -> Option<String> {
        let ended = self.child.try_wait().expect("it is ours");
        ended.map(|status| {
            let mut words = String::new();
            let errors = self.child.stderr.as_mut().expect("a pipe");
            errors.read_to_string(&mut words).expect("words");
            format!("{status}: {words}")
        })
    }

    /// Looks again and again until `look` finds something.
    fn until<T>(&mut self, look: impl Fn(&Spec) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look(&self.spec) {
                return found;
            }
            assert_eq!(self.last_words(), None, "it should have stayed");
            assert!(start.elapsed() < HARD_LIMIT, "nothing has come");
            thread::sleep(PAUSE);
        }
    }
}

fn spawn(program: &Path, spec: &Spec, folder: &Path) -> Child {
    let options = folder.join("options");
    fs::write(&options, spec.boot_file().expect("they are short")).expect("a file");
    let nowhere = || command::Backend::File("/dev/null".into());
    let channels = Channels {
        control: nowhere(),
        console: nowhere(),
        errors: nowhere(),
        serial: nowhere(),
        options,
    };
    let mut qemu = Command::new(program);
    qemu.args(command::arguments(spec, &channels));
    qemu.stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    qemu.spawn().expect("QEMU starts")
}

/// The frames that were recorded so far: a header of 24 bytes (magic number, version
/// 2.4, the kind of the link at its end), then each with its length in front.
fn frames(file: &PathBuf) -> Option<Vec<Vec<u8>>> {
    let bytes = fs::read(file).ok()?;
    let (head, mut rest) = bytes.split_first_chunk::<24>()?;
    let word = |bytes: &[u8], at: usize| {
        u32::from_ne_bytes(*bytes[at..].first_chunk().expect("four bytes"))
    };
    assert_eq!(word(head, 0), 0xa1b2_c3d4, "a capture with microseconds");
    assert_eq!((head[4], head[6]), (2, 4), "of this version");
    assert_eq!(word(head, 20), 1, "of Ethernet");
    let mut frames = Vec::new();
    while let Some((record, behind)) = rest.split_first_chunk::<16>() {
        let size = word(record, 8) as usize;
        assert!(word(record, 12) as usize >= size, "no more than there was");
        let Some((frame, behind)) = behind.split_at_checked(size) else {
            break;
        };
        frames.push(frame.to_vec());
        rest = behind;
    }
    Some(frames)
}

/// Whom QEMU looks for in the frames: the address at the end of the question.
fn looked_for(spec: &Spec) -> Option<[u8; 4]> {
    let frames = frames(spec.network.capture.as_ref()?)?;
    let mut questions = frames
        .iter()
        .filter(|frame| frame.get(12..14) == Some(&ARP));
    questions.find_map(|frame| frame.get(38..42)?.first_chunk().copied())
}

/// Calls the published port, and sees for whom QEMU looks then.
fn guest_behind_the_port(machine: Machine, addresses: &[&str]) -> Option<[u8; 4]> {
    let mut qemu = Qemu::start(machine, addresses)?;
    let address = qemu.spec.network.publish[0].host_address();
    let _caller = qemu.until(|_| TcpStream::connect(address).ok());
    Some(qemu.until(looked_for))
}

#[test]
fn a_published_port_leads_to_the_guest_and_the_capture_shows_it() {
    for machine in [Machine::Microvm, Machine::Q35] {
        match guest_behind_the_port(machine, &[]) {
            Some(guest) => assert_eq!(guest, [10, 0, 2, 15], "{machine}"),
            None => panic!("there is no QEMU here: `cargo cloister doctor --fix` installs one"),
        }
    }
}

#[test]
fn it_leads_to_the_address_that_the_guest_was_given() {
    let own = ["192.168.7.9/29", "fd00:7::9/64"];
    match guest_behind_the_port(Machine::Microvm, &own) {
        Some(guest) => assert_eq!(guest, [192, 168, 7, 9]),
        None => panic!("there is no QEMU here: `cargo cloister doctor --fix` installs one"),
    }
}
