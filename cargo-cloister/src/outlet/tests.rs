//! Readers that stop, that go away, and that come late.

use std::fs;
use std::io::{PipeWriter, Read};
use std::path::Path;

use super::*;

const TICK: Duration = Duration::from_millis(1);

/// An outlet whose standard output has a reader that never reads.
fn stuck() -> &'static Outlet {
    struct Never;
    impl Write for Never {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            loop {
                thread::park();
            }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    outlet(|stream| match stream {
        Stream::Stdout => Box::new(Never),
        Stream::Stderr => Box::new(io::sink()),
    })
}

fn outlet(open: fn(Stream) -> Box<dyn Write>) -> &'static Outlet {
    Box::leak(Box::new(Outlet::new(open)))
}

#[test]
fn who_gives_is_never_held_up() {
    let outlet = stuck();
    assert!(outlet.wait_for_room(TICK).expect("nothing failed"));
    for _ in 0..3 {
        outlet.pass(Stream::Stdout, &[7; ROOM]).expect("a queue");
    }
    assert!(!outlet.wait_for_room(TICK).expect("nothing failed"));
    assert!(!outlet.wait_until_written(TICK).expect("nothing failed"));
}

#[test]
fn in_a_hurry_only_the_stream_that_is_stuck_is_given_up() {
    let outlet = stuck();
    outlet
        .pass(Stream::Stdout, b"nobody reads")
        .expect("a queue");
    outlet.say(Stream::Stderr, "the end").expect("a queue");
    outlet.hurry();
    outlet.settle().expect("nothing failed");
    let refused = outlet.pass(Stream::Stdout, b"more").map_err(|it| it.kind());
    assert_eq!(refused, Err(io::ErrorKind::TimedOut));
    outlet.say(Stream::Stderr, "again").expect("a queue");
    outlet.settle().expect("somebody reads this");
}

#[test]
fn a_reader_that_went_away_is_told_once_and_refused_from_then_on() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let outlet = outlet(|_| Box::new(Gone));
    outlet.pass(Stream::Stdout, b"x").expect("a queue");
    let kind = |error: io::Error| error.kind();
    let told = outlet.settle().map_err(kind);
    assert_eq!(told, Err(io::ErrorKind::BrokenPipe));
    outlet.settle().expect("it was told");
    let refused = outlet.pass(Stream::Stdout, b"x").map_err(kind);
    assert_eq!(refused, Err(io::ErrorKind::BrokenPipe));
}

/// An outlet into two pipes, of which each is opened once.
fn piped(stdout: PipeWriter, stderr: PipeWriter) -> &'static Outlet {
    static PIPES: Mutex<[Option<PipeWriter>; 2]> = Mutex::new([None, None]);
    *PIPES.lock().expect("nobody failed") = [Some(stdout), Some(stderr)];
    outlet(|stream| {
        let mut pipes = PIPES.lock().expect("nobody failed");
        Box::new(pipes[stream as usize].take().expect("the first to open it"))
    })
}

/// The next writer is stuck, too, and more waits: all of it is that writer's.
#[test]
fn a_writer_that_was_given_up_does_nothing_more_when_its_reader_reads_again() {
    const MORE_THAN_A_PIPE: usize = 1024 * 1024;
    let bytes = vec![7; MORE_THAN_A_PIPE];
    let (mut reads_late, stdout) = io::pipe().expect("a pipe");
    let (_never_reads, stderr) = io::pipe().expect("a pipe");
    let outlet = piped(stdout, stderr);
    outlet.lock().writer = 1;
    let given_up = thread::spawn(|| outlet.write(1));
    outlet.pass(Stream::Stdout, &bytes).expect("a queue");
    outlet.hurry();
    outlet.settle().expect("nothing failed");
    for _ in 0..2 {
        outlet.pass(Stream::Stderr, &bytes).expect("a queue");
    }
    while outlet.lock().busy.is_none() {
        thread::yield_now();
    }
    let mut heard = Vec::new();
    reads_late.read_to_end(&mut heard).expect("a pipe");
    given_up.join().expect("it ends in good order");
    assert!(heard.len() < bytes.len(), "it wrote all the same");
    assert_eq!(outlet.lock().waiting, 2 * bytes.len());
}

/// Whatever goes another way is neither escaped nor watched.
#[test]
fn there_is_no_other_way_out() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut strays = Vec::new();
    look_into(&sources, &mut strays);
    assert_eq!(strays, Vec::<String>::new());
}

fn look_into(folder: &Path, strays: &mut Vec<String>) {
    // Spelled so that this file does not find itself.
    let ways = ["print", "eprint"].map(|name| [format!("{name}!("), format!("{name}ln!(")]);
    let streams = ["stdout", "stderr"].map(|name| format!("io::{name}()"));
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            look_into(&path, strays);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source");
        let is_allowed = |line: &str| {
            // One is what it writes with, the other counts lines of such a sample.
            path.ends_with("src/outlet.rs")
                || path.ends_with("footprint/sources.rs")
                || line.contains("is_terminal()")
                || line.contains(".stdout(")
        };
        let finds = |line: &&str| {
            let found = ways.as_flattened().iter().chain(&streams);
            found.into_iter().any(|way| line.contains(way.as_str())) && !is_allowed(line)
        };
        let found = text.lines().filter(finds);
        strays.extend(found.map(|line| format!("{}: {line}", path.display())));
    }
}
