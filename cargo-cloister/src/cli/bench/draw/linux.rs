//! What a request costs here and on Linux: instructions by kind.

use std::ops::Range;

use plotters::coord::combinators::LogCoord;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{Drawn, LIGHT, MPK, PAPER, legend, svg};
use crate::cli::bench::linux::{Column, Yardstick};
use crate::cli::failure::Failure;

/// The scale is logarithmic, in instructions.
const SCALE: Range<f64> = 1_000.0..1_000_000.0;
/// The width of a bar, of which each kind has up to three.
const BAR: f64 = 0.26;

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, LogCoord<f64>>>;

/// Bars of each guest that was measured, for one connection without pauses.
pub(super) fn figure(yardstick: &Yardstick) -> Result<String, Failure> {
    let columns = yardstick.columns();
    svg(|area| {
        let mut chart = ChartBuilder::on(area)
            .caption("A request over TCP, on one connection", ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(80)
            .build_cartesian_2d(0.0..columns.len() as f64, SCALE.log_scale())?;
        axes(&mut chart, &columns)?;
        for (place, (guest, color)) in [("Linux", PAPER), ("none", LIGHT), ("mpk", MPK)]
            .into_iter()
            .enumerate()
        {
            bars(&mut chart, &columns, (place, guest, color))?;
        }
        legend(&mut chart, SeriesLabelPosition::UpperLeft)
    })
}

fn axes(chart: &mut Chart<'_, '_>, columns: &[Column]) -> Drawn {
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(2 * columns.len() + 1)
        .x_label_formatter(&|x| label(columns, *x))
        .y_desc("instructions of the guest")
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    Ok(())
}

/// The label in the middle of a kind's bars.
fn label(columns: &[Column], x: f64) -> String {
    let is_middle = (x.fract() - 0.5).abs() < 0.01;
    let column = columns.get(x as usize).filter(|_| is_middle);
    column.map_or(String::new(), |column| column.label.clone())
}

fn bars(
    chart: &mut Chart<'_, '_>,
    columns: &[Column],
    (place, guest, color): (usize, &'static str, RGBColor),
) -> Drawn {
    let bar = |(index, column): (usize, &Column)| {
        let left = index as f64 + 0.11 + BAR * place as f64;
        let top = column.instructions(guest)?.clamp(SCALE.start, SCALE.end);
        Some(Rectangle::new(
            [(left, SCALE.start), (left + BAR, top)],
            color.filled(),
        ))
    };
    let bars: Vec<_> = columns.iter().enumerate().filter_map(bar).collect();
    if bars.is_empty() {
        return Ok(());
    }
    chart
        .draw_series(bars)?
        .label(guest)
        .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 18, y + 5)], color.filled()));
    Ok(())
}
