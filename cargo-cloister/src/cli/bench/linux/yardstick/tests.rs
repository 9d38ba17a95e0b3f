//! Tables of made-up results.

use super::super::spread::Spread;
use super::*;
use crate::cli::bench::linux::kinds::Kind;

pub(in crate::cli::bench::linux) fn spread(value: f64) -> Spread {
    Spread::of([value]).expect("a value")
}

/// Results in which every request of a guest needs so many instructions.
pub(in crate::cli::bench::linux) fn made_up(guests: &[(&str, f64)]) -> Yardstick {
    let row = |series: &Series, instructions| Row {
        request: series.kind.name(),
        connections: series.connections,
        used: series.used,
        at_once: series.drivers,
        pauses: series.pauses,
        requests: 100,
        instructions: spread(instructions),
        halts: spread(1.0),
        calls_safe: spread(2.0),
        calls_cells: spread(3.0),
    };
    let guest = |(name, instructions): &(&str, f64)| Measurements {
        guest: (*name).to_owned(),
        mitigations: None,
        series: series::all(false)
            .iter()
            .map(|series| row(series, *instructions))
            .collect(),
        boot: spread(2_000_000.0),
        least_kib: Some(8 << 10),
    };
    let bulk = |(name, _): &(&str, f64)| Bulk {
        guest: (*name).to_owned(),
        network: "user".to_owned(),
        into: spread(100.0),
        out: spread(100.0),
    };
    Yardstick {
        made_with: MadeWith {
            rustc: "rustc 1.96.0".to_owned(),
            qemu: "QEMU".to_owned(),
        },
        linux: None,
        boots: 3,
        guests: guests.iter().map(guest).collect(),
        bulk: guests.iter().map(bulk).collect(),
    }
}

#[test]
fn guests_stand_side_by_side_and_what_is_missing_is_a_dash() {
    let yardstick = made_up(&[(LINUX, 21_050.0), (MPK, 11_000.0)]);
    let text = yardstick.series_rows();
    let line = text.lines().find(|line| line.contains("| echo of 1 B "));
    let cells: Vec<&str> = line.expect("a row").split('|').map(str::trim).collect();
    let expected = [
        "echo of 1 B",
        "1",
        "",
        "21,050",
        "1",
        "–",
        "–",
        "–",
        "–",
        "11,000",
        "1",
        "2",
        "3",
    ];
    assert_eq!(cells[1..14], expected);
    assert!(yardstick.machine_rows().contains("| 2,000,000 |"));
    let many = Series {
        connections: series::MANY,
        used: series::MANY,
        drivers: 1,
        kind: Kind::Http,
        pauses: false,
    };
    assert!(yardstick.row(MPK, &many).is_some());
    assert!(yardstick.row(NONE, &many).is_none());
}

#[test]
fn what_is_written_is_read_back() {
    let yardstick = made_up(&[(LINUX, 21_050.0)]);
    let text = serde_json::to_string(&yardstick).expect("JSON");
    let read: Yardstick = serde_json::from_str(&text).expect("the same");
    assert!(read == yardstick);
}

#[test]
fn one_guest_can_be_measured_anew() {
    let before = made_up(&[(LINUX, 21_000.0), (MPK, 12_000.0)]);
    let now = made_up(&[(NONE, 9000.0), (MPK, 10_000.0)]);
    let both = now.clone().over(before.clone()).expect("the same tools");
    let names: Vec<&str> = both.guests.iter().map(|it| it.guest.as_str()).collect();
    assert_eq!(names, [LINUX, NONE, MPK]);
    assert_eq!(both.guest(MPK), now.guest(MPK));
    assert_eq!(both.bulk, before.bulk, "no Linux was in that run");
    let others = Yardstick { boots: 1, ..now };
    assert!(others.over(before).is_err());
}
