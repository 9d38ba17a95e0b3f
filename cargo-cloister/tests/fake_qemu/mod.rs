//! A QEMU that boots nothing and speaks as a guest would.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{self, Command};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How many bytes the scene `flood` prints.
pub(crate) const FLOOD: usize = 8 << 20;
/// What steers a terminal: ESC, C1's twin of it, DEL.
pub(crate) const CURSE: &str = "\u{1b}[2J\u{9b}31m\u{7f}";

/// What it says of its version.
pub(crate) const SAID: &str = "QEMU emulator version 7.2.22 (of this test)";

/// The port that the scene `lose-port` finds taken.
pub(crate) const LOST: &str = "39081:80";

const STARTED: &str = "cloister started";
const FAULT: &str = "cloister fault domain=app vector=14 error=0x27 address=0x100000204018 \
                     rip=0x300000001234 rsp=0x301000000000 pkru=0x55555455 page=safe cause=key \
                     action=terminate";

/// An address; a port, twice; another port; what is no notice; and the end.
const LISTENS: [&str; 7] = [
    STARTED,
    "cloister notice kind=network value=0x1180a00020f",
    "cloister notice kind=listens value=0x60050",
    "cloister notice kind=listens value=0x60050",
    "cloister notice kind=listens value=0x110035",
    "cloister notice kind=listens value=0x50",
    "cloister exit status=0",
];

/// The guest's ends of the channels.
struct Guest {
    control: UnixStream,
    serial: UnixStream,
    console: UnixStream,
    errors: UnixStream,
}

/// Plays the scene that the command line names as its kernel.
pub(crate) fn play(arguments: &[String]) {
    let scene = value_after(arguments, "-kernel");
    fail(scene);
    if scene == "replay" {
        replay(arguments);
    }
    let mut guest = Guest::connect(arguments);
    match scene {
        "refuse" => guest.report("cloister refuse reason=memory need=0xa00000 have=0x800000"),
        "speak" => guest.speak(),
        "flood" => guest.flood(),
        "violate" => guest.reports(&[STARTED, FAULT, "cloister exit status=120"]),
        "listen" => guest.reports(&LISTENS),
        "die" => guest.report(STARTED),
        "hang" => {
            guest.report(STARTED);
            write(&mut guest.console, b"before");
            wait_for_the_end();
        }
        "linger" => {
            guest.reports(&[STARTED, "cloister exit status=3"]);
            wait_for_the_end();
        }
        "pour" => {
            guest.report(STARTED);
            pour(&mut guest.console);
        }
        "pour-errors" => {
            guest.report(STARTED);
            pour(&mut guest.errors);
        }
        "mute" => {
            guest.report(STARTED);
            // The channels close as another program takes our place.
            let error = Command::new("/bin/sh")
                .args(["-c", "exec 2>&-; exec sleep 600"])
                .exec();
            panic!("{error}");
        }
        "curse" => guest.curse(),
        unknown => panic!("no scene is called {unknown}"),
    }
}

/// Plays scenes in which QEMU ends before it has begun.
fn fail(scene: &str) {
    match scene {
        "fail" => eprintln!("no such machine"),
        "lose-port" => eprintln!(
            "qemu-system-x86_64: -netdev user,id=net: Could not set up host forwarding rule \
             'tcp:127.0.0.1:39081-:80'"
        ),
        "rant" => (0..1000).for_each(|number| eprintln!("line {number}")),
        _ => return,
    }
    process::exit(1);
}

impl Guest {
    fn connect(arguments: &[String]) -> Guest {
        let channel = |name: &str| {
            let start = format!("socket,id={name},path=");
            let path = arguments
                .iter()
                .find_map(|argument| argument.strip_prefix(&start));
            UnixStream::connect(path.expect("a channel")).expect("somebody listens")
        };
        Guest {
            control: channel("control"),
            serial: channel("serial"),
            console: channel("console"),
            errors: channel("errors"),
        }
    }

    fn report(&mut self, line: &str) {
        write(&mut self.control, format!("{line}\n").as_bytes());
    }

    fn reports(&mut self, lines: &[&str]) {
        lines.iter().for_each(|line| self.report(line));
    }

    /// Says something everywhere, once standard input has ended.
    fn speak(&mut self) {
        self.report(STARTED);
        let mut end = [1; 2];
        self.console.read_exact(&mut end).expect("standard input");
        assert_eq!(end, [0, 0], "standard input is empty");
        write(&mut self.console, b"to stdout");
        write(&mut self.errors, b"to stderr");
        write(&mut self.serial, b"the core\r\nspeaks");
        self.report("cloister exit status=7");
    }

    /// Says what it should not, wherever it can, and dies.
    fn curse(&mut self) {
        self.report(STARTED);
        write(&mut self.console, CURSE.as_bytes());
        self.report(&format!("control {CURSE}"));
        write(&mut self.serial, format!("core {CURSE}\n").as_bytes());
        eprintln!("qemu {CURSE}");
    }

    fn flood(&mut self) {
        self.report(STARTED);
        write(&mut self.console, &vec![b'x'; FLOOD]);
        self.report("cloister exit status=0");
    }
}

/// The console is our own standard input and output here.
fn replay(arguments: &[String]) -> ! {
    let console = arguments.iter().any(|it| it == "stdio,id=console");
    assert!(console, "{arguments:?}");
    let options = fs::read(value_after(arguments, "-initrd")).expect("boot options");
    assert!(options.starts_with(b"opts") && options.ends_with(b"it's\n%d \x1b\xff\0"));
    let mut end = [1; 2];
    let mut input = io::stdin().lock();
    input.read_exact(&mut end).expect("standard input");
    assert_eq!(end, [0, 0], "the program's standard input is empty");
    drop(input);
    // Ours never ends: QEMU would close the console.
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(io::stdin().read(&mut [0])));
    let ended = receiver.recv_timeout(Duration::from_millis(100));
    assert!(ended.is_err(), "{ended:?}");
    print!("to stdout");
    process::exit(7);
}

/// Until we are killed.
fn wait_for_the_end() -> ! {
    loop {
        thread::park();
    }
}

/// Prints for ever.
fn pour(channel: &mut UnixStream) -> ! {
    loop {
        write(channel, &[b'x'; 64 * 1024]);
    }
}

fn write(channel: &mut UnixStream, bytes: &[u8]) {
    channel.write_all(bytes).expect("somebody reads");
}

fn value_after<'a>(arguments: &'a [String], name: &str) -> &'a str {
    let place = arguments
        .iter()
        .position(|argument| argument == name)
        .expect("an option");
    &arguments[place + 1]
}
