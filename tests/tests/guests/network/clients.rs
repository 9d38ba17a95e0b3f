//! Clients that others wrote, as Debian has them, against the examples.
//!
//! They come by QEMU's user network, which takes one connection at a time and loses
//! some of those that come at once: that a client waited too long for one is nothing
//! of the guest's. What was connected has to be served, though.

mod others;
mod web;

use domains::Isolation;
use libtest_mimic::Trial;

use crate::{Verdict, above_all_with_walls, long, trial};

/// Fails where a client was not served as it has to be.
type Client = fn(Isolation) -> Verdict;

/// What takes seconds, and is tried each time.
const QUICK: [(&str, Client); 1] = [("serves_curl", web::curl)];
/// What takes longer.
const LONG: [(&str, Client); 8] = [
    ("serves_curl_by_axum", web::axum),
    ("serves_curl_behind_tls", web::https),
    ("serves_wrk", web::wrk),
    ("serves_ab", web::ab),
    ("serves_redis_benchmark", others::redis_benchmark),
    ("serves_nc_that_closes_one_half", others::half_closed),
    ("serves_iperf3_that_sends", others::iperf3_sends),
    ("serves_iperf3_that_receives", others::iperf3_receives),
];

pub(super) fn trials() -> Vec<Trial> {
    let of_mode = |mode: Isolation| {
        let named = move |(name, client): (&str, Client)| {
            trial(format!("network::{mode}::{name}"), move || client(mode))
        };
        let quick = QUICK.into_iter().map(named);
        let quick = quick.map(move |trial| above_all_with_walls(mode, trial));
        quick.chain(LONG.into_iter().map(named).map(long))
    };
    // Without walls a fault in a cell ends the machine.
    let fails = trial(
        "network::mpk::serves_wrk_while_its_driver_hangs".into(),
        web::wrk_while_the_driver_hangs,
    );
    Isolation::ALL
        .into_iter()
        .flat_map(of_mode)
        .chain([long(fails)])
        .collect()
}
