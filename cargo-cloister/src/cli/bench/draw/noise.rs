//! When a computation was interrupted, and for how long.

use plotters::prelude::*;

use super::{LIGHT, MODEL, MPK, legend, svg};
use crate::cli::bench::noise::{Noise, Run};
use crate::cli::failure::Failure;

/// A point for each detour, with walls.
pub(super) fn figure(noise: &Noise) -> Result<String, Failure> {
    let runs: Vec<&Run> = noise
        .runs
        .iter()
        .filter(|run| run.isolation == "mpk")
        .collect();
    let end = runs.iter().map(|run| run.total).max().unwrap_or(1) as f64 / 1e6;
    svg(|area| {
        let mut chart = ChartBuilder::on(area)
            .caption("Detours of a loop, with walls", ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(80)
            .build_cartesian_2d(0.0..end, (10.0..1e7).log_scale())?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .x_desc("millions of instructions since the first round")
            .y_desc("length in instructions")
            .y_label_formatter(&|y| format!("{y:.0}"))
            .draw()?;
        for (run, color) in runs.iter().zip([LIGHT, MPK, MODEL]) {
            let point = |[at, length]: &[u64; 2]| {
                Circle::new((*at as f64 / 1e6, *length as f64), 3, color.filled())
            };
            let count = run.detours.len();
            chart
                .draw_series(run.detours.iter().map(point))?
                .label(format!("{}: {count}", run.scenario))
                .legend(move |(x, y)| Circle::new((x + 9, y), 4, color.filled()));
        }
        legend(&mut chart, SeriesLabelPosition::MiddleRight)
    })
}
