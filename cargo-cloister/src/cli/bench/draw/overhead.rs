//! The paper's figure of whole programs: what isolation adds to each.

use std::ops::Range;

use plotters::coord::combinators::LogCoord;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{Drawn, MODEL, MPK, PAPER, legend, svg};
use crate::cli::bench::model;
use crate::cli::bench::programs::{Programs, Row};
use crate::cli::failure::Failure;

/// What the paper measured on average, in percent.
const PAPER_AVERAGE: f64 = 0.6;
/// The scale is logarithmic: from a hundred-millionth to a tenth.
const SCALE: Range<f64> = 1e-6..10.0;
/// The width of a bar, of which each program has two.
const BAR: f64 = 0.35;

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, LogCoord<f64>>>;

/// Bars of one kind.
struct Bars {
    name: &'static str,
    /// The share that a program's bar shows.
    share: fn(&Row) -> f64,
    color: RGBColor,
    /// Where in a program's place they begin.
    left: f64,
}

const BARS: [Bars; 2] = [
    Bars {
        name: "instructions, counted",
        share: Row::counted,
        color: MPK,
        left: 0.15,
    },
    Bars {
        name: "with WRPKRU, the most that the model allows",
        share: |row| model::worst(row.none, row.mpk),
        color: MODEL,
        left: 0.5,
    },
];

/// Bars of the paper's ten programs, of the largest class that each has.
pub(super) fn figure(programs: &Programs) -> Result<String, Failure> {
    let rows = largest(programs);
    let end = rows.len() as f64;
    svg(|area| {
        let mut chart = ChartBuilder::on(area)
            .caption("What walls add to whole programs", ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..end, SCALE.log_scale())?;
        axes(&mut chart, &rows)?;
        BARS.iter()
            .try_for_each(|kind| bars(&mut chart, &rows, kind))?;
        paper(&mut chart, end)?;
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    })
}

fn axes(chart: &mut Chart<'_, '_>, rows: &[&Row]) -> Drawn {
    let name = |row: &&Row| format!("{} {}", row.program, row.class);
    let names: Vec<String> = rows.iter().map(name).collect();
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(2 * rows.len() + 1)
        .x_label_formatter(&|x| label(&names, *x))
        .y_desc("percent of the run without walls")
        .y_label_formatter(&|y| format!("{y}"))
        .draw()?;
    Ok(())
}

/// The label in the middle of a program's bars.
fn label(names: &[String], x: f64) -> String {
    let is_middle = (x.fract() - 0.5).abs() < 0.01;
    let name = names.get(x as usize).filter(|_| is_middle);
    name.cloned().unwrap_or_default()
}

fn bars(chart: &mut Chart<'_, '_>, rows: &[&Row], kind: &Bars) -> Drawn {
    let color = kind.color;
    let bar = |(index, row): (usize, &&Row)| {
        let left = index as f64 + kind.left;
        let top = (100.0 * (kind.share)(row)).clamp(SCALE.start, SCALE.end);
        Rectangle::new([(left, SCALE.start), (left + BAR, top)], color.filled())
    };
    chart
        .draw_series(rows.iter().enumerate().map(bar))?
        .label(kind.name)
        .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 18, y + 5)], color.filled()));
    Ok(())
}

/// The paper's average, as a line through all programs.
fn paper(chart: &mut Chart<'_, '_>, end: f64) -> Drawn {
    let line = [(0.0, PAPER_AVERAGE), (end, PAPER_AVERAGE)];
    chart
        .draw_series(LineSeries::new(line, PAPER.stroke_width(2)))?
        .label("the paper's average, in time: 0.6 %")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], PAPER.stroke_width(2)));
    Ok(())
}

/// Of each of the paper's programs the row of its largest class.
fn largest(programs: &Programs) -> Vec<&Row> {
    let mut largest: Vec<&Row> = Vec::new();
    for row in programs.rows.iter().filter(|row| row.is_of_paper) {
        match largest
            .iter_mut()
            .find(|other| other.program == row.program)
        {
            Some(other) => *other = row,
            None => largest.push(row),
        }
    }
    largest
}
