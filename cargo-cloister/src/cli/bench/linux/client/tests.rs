//! The client against the servers that guests run, here as a program of the host.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::*;
use crate::cli::bench::linux::bulk;
use crate::cli::bench::linux::guest::Service;
use crate::cli::bench::linux::meter::Waiting;
use crate::cli::bench::linux::series::{self, KINDS};

/// The servers, and where they listen.
struct Servers {
    program: Child,
    ports: Vec<(String, u16)>,
}

impl Servers {
    fn start() -> Servers {
        let mut program = Command::new(built())
            .args(["echo:0", "http:0", "kv:0", "bulk:0", "quit:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the servers start");
        let mut line = String::new();
        let stdout = program.stdout.take().expect("it was asked for");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let words = line.strip_prefix("ready ").expect("they are ready");
        let port = |word: &str| {
            let (name, port) = word.split_once(':').expect("a name and a port");
            (name.to_owned(), port.parse().expect("a port"))
        };
        let ports = words.split_whitespace().map(port).collect();
        Servers { program, ports }
    }

    fn address(&self, service: Service) -> SocketAddr {
        let mut ports = self.ports.iter();
        let port = ports.find(|(name, _)| name == service.name());
        (Ipv4Addr::LOCALHOST, port.expect("it was started").1).into()
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        let _it_may_be_gone = self.program.kill();
        let _it_may_be_gone = self.program.wait();
    }
}

/// The servers' program, built for the host.
fn built() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = root.join("target/benchmarks");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--manifest-path"])
        .arg(root.join("eval/network/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .output()
        .expect("cargo runs");
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{why}");
    target.join("release/network-bench")
}

/// A plugin that counts how often it was asked.
fn meter() -> Meter {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ask");
    let waiting = Waiting::at(&path).expect("a socket");
    let mut plugin = UnixStream::connect(&path).expect("somebody listens");
    thread::spawn(move || {
        let mut question = [0];
        for n in 1.. {
            let read = plugin.read_exact(&mut question);
            let line = format!(
                "{{\"instructions\":[{n}],\"calls_safe\":0,\"calls_cells\":0,\"halts\":0}}\n"
            );
            if read
                .and_then(|()| plugin.write_all(line.as_bytes()))
                .is_err()
            {
                return;
            }
        }
    });
    waiting.meter().expect("it has connected")
}

#[test]
fn the_servers_answer_every_kind_as_the_client_expects() {
    let servers = Servers::start();
    let mut meter = meter();
    let kinds = KINDS.into_iter().chain([Kind::Gets(16)]);
    for (index, kind) in kinds.enumerate() {
        let series = Series {
            kind,
            connections: 8,
            used: [8, 8, 8, 4][index % 4],
            drivers: [1, 4, 8][index % 3],
            pauses: false,
        };
        let address = servers.address(kind.service());
        let spent = drive(address, &series, &mut meter);
        let spent = spent.unwrap_or_else(|why| panic!("{series:?}: {why}"));
        let asked = [spent.before, spent.after].map(|reading| reading.instructions());
        assert_eq!(asked[1], asked[0] + 1, "nobody asks in between");
    }
    let pausing = series::all(true).into_iter().find(|series| series.pauses);
    let pausing = pausing.expect("there are such");
    let address = servers.address(pausing.kind.service());
    drive(address, &pausing, &mut meter).expect("answers after pauses");
}

#[test]
fn bulk_arrives_whole_both_ways() {
    let servers = Servers::start();
    let speed = bulk::transfer(servers.address(Service::Bulk), 3_000_001);
    assert!(speed.expect("all arrives").iter().all(|mib| *mib > 0.0));
}

/// A server that says back what it likes.
#[test]
fn a_wrong_answer_is_an_error_and_no_number() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut heard = [0; 64];
        stream.read_exact(&mut heard).expect("a request");
        heard[63] ^= 1;
        stream.write_all(&heard).expect("the client hears");
    });
    let error = Connection::open(address, Kind::Echo(64)).expect_err("it is wrong");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    server.join().expect("the server ends");
}
