//! Crates of the network, unmodified, with a client and a server each.
//!
//! Both run in this program and speak over the address of loopback. The argument
//! chooses the crate, `all` goes through them. One line a check; the status is 0 only
//! if all passed. `servers iperf3 [PORT]` serves clients of iperf3 instead. Nothing here
//! knows of Cloister.

mod http;
mod iperf;
mod patient;
mod ready;
mod tasks;
mod tls;
mod web_socket;

use std::env;
use std::error::Error;
use std::process::ExitCode;

/// What a check answers: whether what came is what was to come.
type Answer = Result<bool, Box<dyn Error>>;
/// A check: of which crate, what it shows, and what does it.
type Check = (&'static str, &'static str, fn() -> Answer);

const CHECKS: [Check; 11] = [
    ("mio", "an echo among many connections", ready::mio_echo),
    ("mio", "a connection that is refused", ready::mio_refused),
    (
        "polling",
        "whoever has something is told of",
        ready::polling_echo,
    ),
    ("tiny_http", "serves, and ureq fetches", http::tiny_http),
    ("ureq", "a name that is nobody's", http::ureq_fails),
    ("tungstenite", "messages both ways", web_socket::echo),
    ("hyper", "serves and fetches", http::hyper),
    ("axum", "routes and JSON", http::axum),
    ("rustls", "a conversation that nobody hears", tls::echo),
    ("ureq", "fetches behind TLS", tls::ureq),
    (
        "tokio",
        "tasks, channels and time around sockets",
        tasks::tokio,
    ),
];

fn main() -> ExitCode {
    let what = env::args().nth(1).unwrap_or("all".into());
    if what == "iperf3" {
        return iperf3(env::args().nth(2));
    }
    let mut checks = CHECKS
        .iter()
        .filter(|check| what == "all" || what == check.0)
        .peekable();
    if checks.peek().is_none() {
        eprintln!("servers: no crate is called {what}");
        return ExitCode::from(2);
    }
    let mut has_failed = false;
    for (name, shows, check) in checks {
        let answer = check();
        let is_good = matches!(answer, Ok(true));
        has_failed |= !is_good;
        println!("{name}: {shows}: {}", if is_good { "ok" } else { "FAILED" });
        if let Err(error) = answer {
            println!("{name}: {error} ({error:?})");
        }
    }
    match has_failed {
        true => ExitCode::FAILURE,
        false => {
            println!("servers: all passed");
            ExitCode::SUCCESS
        }
    }
}

/// Serves for ever, or says why not.
fn iperf3(port: Option<String>) -> ExitCode {
    let port = port.map_or(Ok(5201), |port| port.parse());
    let served = match port {
        Ok(port) => iperf::serve(port).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = served {
        eprintln!("servers: iperf3: {error}");
    }
    ExitCode::FAILURE
}
