//! A campaign at a glance: a bar for each isolation and domain.

use std::collections::BTreeMap;

use plotters::prelude::*;

use super::outcome::Outcome;
use super::tally::Tally;
use crate::cli::bench::draw::{legend, svg};
use crate::cli::failure::Failure;

/// Colours that differ in brightness too, from harmless to harmful.
const fn color(outcome: Outcome) -> RGBColor {
    match outcome {
        Outcome::NotReached => RGBColor(235, 235, 235),
        Outcome::NoEffect => RGBColor(205, 215, 225),
        Outcome::Restarted => RGBColor(90, 170, 120),
        Outcome::Stopped => RGBColor(25, 60, 120),
        Outcome::Wrong => RGBColor(230, 190, 90),
        Outcome::Hung => RGBColor(230, 150, 40),
        Outcome::Corrupted => RGBColor(200, 40, 40),
        Outcome::KernelFailed => RGBColor(110, 10, 30),
    }
}

/// A bar's place: the isolation and the domain, and how often each outcome was seen.
type Row<'a> = (&'a str, &'a str, &'a BTreeMap<Outcome, u64>);

/// The shares of all outcomes, from the left.
pub(super) fn figure(title: &str, tally: &Tally) -> Result<String, Failure> {
    let rows: Vec<Row<'_>> = tally.rows().collect();
    let count = rows.len() as f64;
    svg(|area| {
        let mut chart = ChartBuilder::on(area)
            .caption(title, ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(120)
            .build_cartesian_2d(0.0..135.0, 0.0..count)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .max_light_lines(0)
            .y_labels(rows.len() * 2 + 1)
            .y_label_formatter(&|y| name_at(&rows, *y))
            .x_label_formatter(&share)
            .x_desc("percent of the runs")
            .draw()?;
        for outcome in Outcome::ALL {
            let bars: Vec<_> = bars(&rows, outcome).collect();
            if bars.is_empty() {
                continue;
            }
            let mark = move |(x, y)| {
                Rectangle::new([(x, y - 5), (x + 14, y + 5)], color(outcome).filled())
            };
            chart.draw_series(bars)?.label(outcome.title()).legend(mark);
        }
        legend(&mut chart, SeriesLabelPosition::MiddleRight)
    })
}

/// The part of each bar that an outcome has, which lies behind those before it.
fn bars(rows: &[Row<'_>], outcome: Outcome) -> impl Iterator<Item = Rectangle<(f64, f64)>> {
    let count = rows.len() as f64;
    rows.iter()
        .enumerate()
        .filter_map(move |(number, (_, _, counts))| {
            let runs: u64 = counts.values().sum();
            let own = *counts.get(&outcome)? as f64;
            let before = Outcome::ALL.iter().take_while(|it| **it != outcome);
            let before = before.filter_map(|it| counts.get(it)).sum::<u64>() as f64;
            let percent = |part: f64| part * 100.0 / runs.max(1) as f64;
            let y = count - number as f64;
            let corners = [
                (percent(before), y - 0.85),
                (percent(before + own), y - 0.15),
            ];
            Some(Rectangle::new(corners, color(outcome).filled()))
        })
}

/// What stands before the middle of a bar, and nothing between bars.
fn name_at(rows: &[Row<'_>], y: f64) -> String {
    let place = rows.len() as f64 - y - 0.5;
    let is_middle = (place - place.round()).abs() < 0.01;
    let row = rows.get(place.round() as usize).filter(|_| is_middle);
    row.map_or_else(String::new, |(isolation, domain, _)| {
        format!("{domain}, {isolation}")
    })
}

/// The part of the scale that the legend lies on has no numbers.
fn share(percent: &f64) -> String {
    match *percent {
        ..=100.0 => format!("{percent:.0}"),
        _ => String::new(),
    }
}
