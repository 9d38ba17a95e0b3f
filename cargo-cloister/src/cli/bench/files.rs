//! What transfers of bytes cost, beyond the copy: files and streams.
//!
//! The time-stamp counter of a counted run goes on while the guest waits for
//! the host, so what it executes is counted inside QEMU, by a plugin. Two runs
//! that differ only in how much they transfer give the cost of one KiB.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use domains::Isolation;
use tempfile::TempDir;

use super::Options;
use super::figures::{Comparison, Figure};
use super::program::{Benchmark, Kernels, counter};
use crate::cli::failure::{Failure, report};
use crate::vm::{Input, Spec, Volume};

/// Where the guest sees a folder of the host.
const VOLUME: &str = "/volume";
/// How many pieces the two runs transfer.
const PIECES: [u32; 2] = [16, 80];
/// The size of a piece.
const PIECE_KIB: u32 = 64;

/// The most that a KiB of a file may cost beyond its copy: more would be a
/// regression.
const OF_FILES: f64 = 200.0;
/// The same for a KiB of a stream, of which the device brings 4 at once, or the
/// host takes its time.
const OF_STREAMS: f64 = 300.0;
/// Transfers in both isolation modes.
pub(super) fn measure(options: &Options) -> Result<Comparison, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), "std", Kernels::Plain)?;
    let plugin = counter()?;
    let [none, mpk] = [Isolation::None, Isolation::Mpk].map(|isolation| {
        let spec = benchmark.build(isolation, options.timeout())?;
        figures(&benchmark, &plugin, &spec)
    });
    Ok(Comparison::new(none?, &mpk?).rough())
}

fn figures(benchmark: &Benchmark, plugin: &Path, spec: &Spec) -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir().map_err(no_folder)?;
    let mounted = with_volume(spec, &folder);
    let mut figures = Vec::new();
    let places = [
        ("memory", spec, "/"),
        ("9p", &mounted, VOLUME),
        ("stream", spec, "-"),
    ];
    for (name, spec, place) in places {
        for how in ["read", "write"] {
            let count = |pieces: u32| {
                let words = ["transfer", how, place, &pieces.to_string()];
                let spec = match (place, how) {
                    ("-", "read") => with_input(spec, pieces)?,
                    _ => spec.clone(),
                };
                let (_, counts) = benchmark.count(&spec, plugin, &words)?;
                Ok::<u64, Failure>(counts.without_string())
            };
            let [few, many] = PIECES.map(count);
            let value = per_kib(few?, many?);
            let limit = if place == "-" { OF_STREAMS } else { OF_FILES };
            figures.push(Figure::instructions(
                format!("{name}-{how}-KiB"),
                value,
                limit,
            ));
        }
    }
    Ok(figures)
}

/// What one KiB costs beyond its copy, by what few pieces and many take.
fn per_kib(few: u64, many: u64) -> f64 {
    let kib = f64::from((PIECES[1] - PIECES[0]) * PIECE_KIB);
    many.saturating_sub(few) as f64 / kib
}

/// With so many pieces on standard input.
fn with_input(spec: &Spec, pieces: u32) -> Result<Spec, Failure> {
    let (reader, mut writer) = io::pipe().map_err(no_pipe)?;
    let bytes = vec![b'.'; (pieces * PIECE_KIB) as usize * 1024];
    // It ends when all is read, or when the guest that was to read it is gone.
    thread::spawn(move || writer.write_all(&bytes));
    Ok(Spec {
        input: Input::Pipe(Arc::new(reader)),
        ..spec.clone()
    })
}

fn with_volume(spec: &Spec, folder: &TempDir) -> Spec {
    let mut spec = spec.clone();
    spec.options.volumes.push(Volume {
        host: folder.path().to_owned(),
        guest: VOLUME.to_owned(),
        is_writable: true,
        umask: domains::boot::UMASK,
    });
    spec
}

fn no_pipe(why: io::Error) -> Failure {
    let help = "has this process too many files open?";
    Failure::new(1, report(format!("there is no pipe: {why}"), help))
}

fn no_folder(why: std::io::Error) -> Failure {
    let help = "is there room in the temporary directory, and may you write there?";
    Failure::new(
        1,
        report(format!("there is no folder to share: {why}"), help),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_runs_have_in_common_does_not_count() {
        let kib = u64::from(64 * PIECE_KIB);
        assert_eq!(per_kib(1_000_000, 1_000_000 + kib * 100), 100.0);
    }
}
