//! Clients of web servers: `curl`, `wrk` and `ab`.

use std::fs;
use std::process::Command;

use domains::Isolation;
use libtest_mimic::Failed;

use crate::images::TOOL;
use crate::network::programs::{command, said};
use crate::network::served::Served;
use crate::{Verdict, ensure};

/// The largest body that the example takes.
const BODY: usize = 1 << 20;
/// What the examples say at `/`.
const HELLO: &str = "Hello, world!";
/// How many requests `ab` makes.
const REQUESTS: &str = "2000";
/// A certificate and its key.
const IDENTITY: &str = "tests/servers/src/tls:/tls:ro";

/// `curl` that shows errors and no progress.
fn quiet_curl() -> Result<Command, Failed> {
    let mut curl = command("curl")?;
    curl.args(["--silent", "--show-error"]);
    Ok(curl)
}

/// What `curl` gets with these arguments.
fn got(arguments: &[&str]) -> Result<String, Failed> {
    said(quiet_curl()?.args(arguments))
}

fn expect(expected: &str, arguments: &[&str]) -> Verdict {
    let got = got(arguments)?;
    ensure(got == expected, expected, &(arguments, got))
}

fn http(mode: Isolation, flags: &[&str]) -> Result<(Served, String), Failed> {
    let served = Served::image("examples/http", mode, 80, flags, &[])?;
    let url = format!("http://{}/", served.address);
    Ok((served, url))
}

/// Gets, keeps a connection, sends a large body, asks for heads, and for what is not
/// there.
pub(super) fn curl(mode: Isolation) -> Verdict {
    let (served, url) = http(mode, &[])?;
    expect(HELLO, &[&url])?;
    kept_alive(&url)?;
    posted(mode, &url)?;
    let head = got(&["--head", &url])?;
    let is_head = head.starts_with("HTTP/1.1 200 OK\r\n")
        && head.contains("Content-Length: 13\r\n")
        && head.ends_with("\r\n\r\n");
    ensure(is_head, "the head of the page", &head)?;
    let nothing = format!("{url}nothing");
    expect("404", &["--write-out", "%{http_code}", &nothing])?;
    served.end_well()
}

/// Five requests on one connection.
fn kept_alive(url: &str) -> Verdict {
    let mut curl = quiet_curl()?;
    curl.args(["--write-out", "%{http_code} %{num_connects}\n"]);
    for _ in 0..5 {
        curl.args(["--output", "/dev/null", url]);
    }
    let told = said(&mut curl)?;
    let is_kept = told == "200 1\n200 0\n200 0\n200 0\n200 0\n";
    ensure(is_kept, "five answers, and one connection", &told)
}

/// A megabyte there and back.
fn posted(mode: Isolation, url: &str) -> Verdict {
    let [body, back] =
        ["body", "back"].map(|what| TOOL.scratch_file(&format!("{what}-{mode}")));
    let bytes: Vec<u8> = (0..BODY).map(|place| (place % 251) as u8).collect();
    fs::write(&body, &bytes)?;
    let mut curl = quiet_curl()?;
    curl.arg("--data-binary")
        .arg(format!("@{}", body.display()))
        .arg("--output")
        .arg(&back)
        .arg(format!("{url}echo"));
    said(&mut curl)?;
    let back = fs::read(back)?;
    ensure(back == bytes, "what was sent", &back.len())
}

/// A service on axum: routes, a body of JSON, and a task that sleeps.
pub(super) fn axum(mode: Isolation) -> Verdict {
    let served = Served::image("examples/axum", mode, 80, &[], &[])?;
    let url = format!("http://{}", served.address);
    expect(HELLO, &[&url])?;
    expect("Hello, you!", &[&format!("{url}/hello/you")])?;
    expect("{\"total\":5}", &[&format!("{url}/sum?a=2&b=3")])?;
    let sum = format!("{url}/sum");
    let json = ["--json", "{\"a\": 40, \"b\": 2}", &sum];
    expect("{\"total\":42}", &json)?;
    expect("now", &[&format!("{url}/later")])?;
    served.end_well()
}

/// Behind TLS, two requests on one connection.
pub(super) fn https(mode: Isolation) -> Verdict {
    let flags = ["--volume", IDENTITY];
    let served = Served::image("examples/https", mode, 443, &flags, &[])?;
    let url = format!("https://{}/secret", served.address);
    let line = "Hello, /secret, and nobody heard it.\n";
    let both = ["--insecure", &url, &url];
    expect(&[line, line].concat(), &both)?;
    served.end_well()
}

/// Thirty connections for three seconds, and none that breaks.
pub(super) fn wrk(mode: Isolation) -> Verdict {
    let (served, url) = http(mode, &[])?;
    loaded(&url, "3s")?;
    served.end_well()
}

/// The same while the driver fails now and then.
pub(super) fn wrk_while_the_driver_hangs() -> Verdict {
    let flags = ["--inject", "nic=hang,every=5000"];
    let served = Served::start("examples/http", Isolation::Mpk, 80, &flags)?;
    loaded(&format!("http://{}/", served.address), "10s")?;
    let events = served.end();
    let restarts = events.iter().filter(|it| it["event"] == "restart").count();
    ensure(restarts > 0, "the driver to be started anew", &events)
}

fn loaded(url: &str, time: &'static str) -> Verdict {
    let told = said(command("wrk")?.args(["-t1", "-c30", "-d", time, url]))?;
    println!("{told}");
    // Nothing is said of errors where there are none, and who had to wait for a
    // connection waited for QEMU.
    let has_none = told.contains("read 0, write 0") || !told.contains("Socket errors");
    let is_good = has_none && !told.contains("Non-2xx") && told.contains("requests in");
    ensure(is_good, "no error of a connection or an answer", &told)
}

/// As many requests as were asked for, on a connection each and on few.
pub(super) fn ab(mode: Isolation) -> Verdict {
    let (served, url) = http(mode, &[])?;
    for kept in [&[][..], &["-k"]] {
        let told = said(
            command("ab")?
                .args(["-q", "-n", REQUESTS, "-c", "8"])
                .args(kept)
                .arg(&url),
        )?;
        println!("{told}");
        let count = |what: &str| counted(&told, what);
        let is_whole = count("Complete requests") == Some(REQUESTS)
            && count("Failed requests") == Some("0")
            && !told.contains("Non-2xx");
        ensure(is_whole, "every request to be answered", &told)?;
        if !kept.is_empty() {
            let is_kept = count("Keep-Alive requests") == Some(REQUESTS);
            ensure(is_kept, "connections that stay", &told)?;
        }
    }
    served.end_well()
}

/// What stands behind `what` and a colon.
fn counted<'a>(told: &'a str, what: &str) -> Option<&'a str> {
    let line = told.lines().find_map(|line| line.strip_prefix(what));
    line?.strip_prefix(':')?.split_whitespace().next()
}
