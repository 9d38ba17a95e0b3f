//! How well work is divided among virtual CPUs.

use plotters::prelude::*;

use super::{legend, svg};
use crate::cli::bench::smp::Scaling;
use crate::cli::failure::Failure;

/// Efficiency by the number of CPUs, one line for each work, with walls.
pub(super) fn figure(scaling: &Scaling) -> Result<String, Failure> {
    svg(|area| {
        let mut chart = ChartBuilder::on(area)
            .caption(
                "Efficiency on several virtual CPUs, with walls",
                ("sans-serif", 20),
            )
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((1.0..8.0).log_scale().base(2.0), 0.0..1.05)?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .x_desc("virtual CPUs")
            .y_desc("one CPU's instructions / (CPUs · the busiest one's)")
            .x_labels(4)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .draw()?;
        for (index, (work, points)) in lines(scaling).into_iter().enumerate() {
            let color = Palette99::pick(index).to_rgba();
            chart
                .draw_series(LineSeries::new(points, color.stroke_width(2)).point_size(4))?
                .label(work)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2))
                });
        }
        legend(&mut chart, SeriesLabelPosition::LowerRight)
    })
}

/// The points of each work.
fn lines(scaling: &Scaling) -> Vec<(&str, Vec<(f64, f64)>)> {
    let mut lines: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
    for run in scaling.runs.iter().filter(|run| run.isolation == "mpk") {
        let Some(efficiency) = run.efficiency else {
            continue;
        };
        let point = (f64::from(run.cpus), efficiency);
        match lines.iter_mut().find(|(work, _)| *work == run.work) {
            Some((_, points)) => points.push(point),
            None => lines.push((&run.work, vec![point])),
        }
    }
    lines
}
