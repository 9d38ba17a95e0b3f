//! Clients of other services: `redis-benchmark`, `nc` and `iperf3`.

use std::process::Command;

use domains::Isolation;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::network::programs::{command, said, with_input};
use crate::network::served::Served;
use crate::{Verdict, ensure};

/// Bytes that a client sends and hears.
const HEARD: usize = 3_000_000;
/// Bytes of a measurement.
const MEASURED: u64 = 8 << 20;

/// How many connections `redis-benchmark` has: of more, the last wait long for QEMU.
const CONNECTIONS: &str = "8";

/// Many commands at once.
pub(super) fn redis_benchmark(mode: Isolation) -> Verdict {
    let served = Served::image("examples/kv", mode, 6379, &[], &[])?;
    let port = served.address.port().to_string();
    let mut benchmark = command("redis-benchmark")?;
    benchmark.args([
        "-p",
        &port,
        "-t",
        "get,set",
        "-P",
        "16",
        "-c",
        CONNECTIONS,
        "-n",
        "20000",
        "-q",
    ]);
    let told = said(&mut benchmark)?;
    println!("{told}");
    let done = |what: &str| told.contains(&format!("{what}: ")) && !told.contains("rror");
    let is_done = done("SET") && done("GET") && told.contains("requests per second");
    ensure(is_done, "both to be measured", &told)?;
    served.end_well()
}

/// A client that has sent all, says so, and then hears the rest.
pub(super) fn half_closed(mode: Isolation) -> Verdict {
    let served = Served::image("eval/network", mode, 7, &[], &["echo:7"])?;
    let bytes: Vec<u8> = (0..HEARD).map(|place| (place * 7 % 253) as u8).collect();
    let mut nc = command("nc")?;
    nc.args(["-N", "127.0.0.1", &served.address.port().to_string()]);
    let heard = with_input(&mut nc, bytes.clone())?.stdout;
    ensure(heard == bytes, "all of it", &heard.len())?;
    served.end_well()
}

pub(super) fn iperf3_sends(mode: Isolation) -> Verdict {
    iperf3(mode, &[])?;
    iperf3(mode, &["--parallel", "4"])
}

pub(super) fn iperf3_receives(mode: Isolation) -> Verdict {
    iperf3(mode, &["--reverse"])
}

/// One measurement after the other by the same server.
fn iperf3(mode: Isolation, flags: &[&str]) -> Verdict {
    let served = Served::image("tests/servers", mode, 5201, &[], &["iperf3", "5201"])?;
    for _ in 0..2 {
        let mut iperf3 = client(served.address.port())?;
        let told: Value = serde_json::from_str(&said(iperf3.args(flags))?)?;
        let [sent, received] = ["sum_sent", "sum_received"]
            .map(|what| told["end"][what]["bytes"].as_u64().unwrap_or(0));
        println!("{flags:?}: {sent} bytes sent, {received} received");
        let is_all = received >= MEASURED && sent >= received;
        // Whoever sends knows the most; what is under way at the end of a reversed
        // measurement counts for nobody.
        let is_exact = flags.contains(&"--reverse") || sent == received;
        ensure(is_all && is_exact, "every byte to arrive", &told["end"])?;
    }
    served.end_well()
}

fn client(port: u16) -> Result<Command, Failed> {
    let mut iperf3 = command("iperf3")?;
    let size = MEASURED.to_string();
    iperf3.args(["--client", "127.0.0.1", "--port", &port.to_string()]);
    iperf3.args(["--bytes", &size, "--json"]);
    Ok(iperf3)
}
