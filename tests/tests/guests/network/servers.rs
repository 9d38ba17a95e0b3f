//! The examples that serve, with clients on this machine.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use domains::Isolation;
use libtest_mimic::{Failed, Trial};

use super::served::Served;
use crate::images::{TOOL, image};
use crate::{Verdict, above_all_with_walls, ensure, long, trial};
use tests::boot::Boot;

/// How long an answer may take.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));
/// How many requests a client makes.
const REQUESTS: usize = 300;
/// A cell fails once in so many of its calls.
const EVERY: &str = "every=200";

pub(super) fn trials() -> Vec<Trial> {
    Isolation::ALL
        .into_iter()
        .flat_map(of_mode)
        .chain(of_cells())
        .collect()
}

fn of_mode(mode: Isolation) -> [Trial; 3] {
    let name = |what: &str| format!("network::{mode}::{what}");
    [
        trial(
            name("http_answers_one_request_after_the_other"),
            move || http(mode, &[], REQUESTS).map(drop),
        ),
        above_all_with_walls(
            mode,
            trial(name("kv_does_what_clients_say"), move || kv(mode)),
        ),
        long(trial(name("crates_serve_and_fetch"), move || crates(mode))),
    ]
}

/// Without walls a fault in a cell ends the machine.
fn of_cells() -> [Trial; 2] {
    [
        trial(
            "network::mpk::a_driver_that_hangs_loses_no_request".into(),
            || {
                let fault = format!("nic=hang,{EVERY}");
                let events = http(Isolation::Mpk, &["--inject", &fault], REQUESTS)?;
                let restarts = events.iter().filter(|it| it["event"] == "restart");
                ensure(
                    restarts.count() > 0,
                    "the driver to be started anew",
                    &events,
                )
            },
        ),
        trial(
            "network::mpk::listeners_outlive_the_stack".into(),
            stack_fails,
        ),
    ]
}

/// Answers requests on one connection; the events of the run.
fn http(
    mode: Isolation,
    flags: &[&str],
    requests: usize,
) -> Result<Vec<serde_json::Value>, Failed> {
    let served = Served::start("examples/http", mode, 80, flags)?;
    let mut stream = BufReader::new(connect(served.address)?);
    for number in 0..requests {
        let body = "x".repeat(number * 7 % 5000);
        let answer = post(&mut stream, &body)?;
        ensure(answer == body, "what was sent", &(number, answer.len()))?;
    }
    drop(stream);
    Ok(served.end())
}

/// The stack panics now and then: a connection may be reset, and the next one is
/// served.
fn stack_fails() -> Verdict {
    let flags = ["--inject", "net=panic,every=150"];
    let served = Served::start("examples/http", Isolation::Mpk, 80, &flags)?;
    let mut answered = 0;
    for _ in 0..40 {
        let asked = connect(served.address)
            .and_then(|stream| post(&mut BufReader::new(stream), "still there?"));
        answered += usize::from(asked.is_ok_and(|answer| answer == "still there?"));
    }
    let events = served.end();
    let restarts = events.iter().filter(|it| it["event"] == "restart").count();
    ensure(restarts > 0, "the stack to be started anew", &events)?;
    ensure(answered > 20, "most to be answered", &(answered, events))
}

pub(super) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(PATIENCE)?;
    stream.set_write_timeout(PATIENCE)?;
    Ok(stream)
}

/// Has `body` said back.
fn post(stream: &mut BufReader<TcpStream>, body: &str) -> io::Result<String> {
    let size = body.len();
    let request = format!("POST /echo HTTP/1.1\r\nContent-Length: {size}\r\n\r\n{body}");
    stream.get_mut().write_all(request.as_bytes())?;
    let mut answered = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => {
                let value = line.strip_prefix("Content-Length: ");
                answered = answered.or(value.and_then(|value| value.parse().ok()));
            }
        }
    }
    let mut body = vec![0; answered.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    String::from_utf8(body).map_err(io::Error::other)
}

/// Many commands at once, and as many replies.
fn kv(mode: Isolation) -> Verdict {
    let served = Served::start("examples/kv", mode, 6379, &[])?;
    let mut stream = BufReader::new(connect(served.address)?);
    for round in 0..20 {
        let commands: String = (0..16)
            .map(|key| format!("SET {key} {round}x{key}\r\nGET {key}\r\nINCR n\r\n"))
            .collect();
        stream.get_mut().write_all(commands.as_bytes())?;
        for key in 0..16 {
            let value = format!("{round}x{key}");
            let count = round * 16 + key + 1;
            let expected = format!("+OK\r\n${}\r\n{value}\r\n:{count}\r\n", value.len());
            let mut got = vec![0; expected.len()];
            stream.read_exact(&mut got)?;
            ensure(
                got == expected.as_bytes(),
                &expected,
                &String::from_utf8_lossy(&got),
            )?;
        }
    }
    Ok(())
}

/// Client and server of each are in the guest.
fn crates(mode: Isolation) -> Verdict {
    let boot = Boot {
        arguments: &["all"],
        flags: &["-m", "256M"],
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image("tests/servers", mode), &boot);
    let holds = outcome.status == 0 && outcome.stdout.ends_with("servers: all passed\n");
    ensure(holds, "every check of every crate to pass", &outcome)
}
