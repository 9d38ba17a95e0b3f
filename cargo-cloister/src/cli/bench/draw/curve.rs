//! The paper's figure of `write_bytes`: what isolation adds by size.

use std::ops::Range;

use plotters::coord::combinators::LogCoord;
use plotters::prelude::*;

use super::{Drawn, LIGHT, MODEL, MPK, PAPER, legend, svg};
use crate::cli::bench::curve::{self, Curve, Point};
use crate::cli::bench::model;
use crate::cli::bench::native::Timings;
use crate::cli::failure::Failure;

/// The scale, in percent.
const SCALE: Range<f64> = 1.0..10_000.0;

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, LogCoord<f64>>>;

/// A point of the chart: the size, and a share in percent, within the scale.
fn at(bytes: u64, share: f64) -> (f64, f64) {
    (bytes as f64, (100.0 * share).clamp(SCALE.start, SCALE.end))
}

/// Our curve, the model's, a processor's if one was measured, and the paper's
/// points.
pub(super) fn figure(curve: &Curve, native: Option<&Timings>) -> Result<String, Failure> {
    svg(|area| {
        let mut chart = ChartBuilder::on(area)
            .caption("What walls add to write_bytes", ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((1.0..4096.0).log_scale().base(2.0), SCALE.log_scale())?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .x_desc("bytes")
            .y_desc("percent of the call without walls")
            .x_labels(13)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|y| format!("{y:.0}"))
            .draw()?;
        modelled(&mut chart, curve)?;
        counted(&mut chart, curve)?;
        if let Some(native) = native {
            timed(&mut chart, native)?;
        }
        paper(&mut chart)?;
        legend(&mut chart, SeriesLabelPosition::LowerLeft)
    })
}

fn counted(chart: &mut Chart<'_, '_>, curve: &Curve) -> Drawn {
    let points = curve
        .points
        .iter()
        .map(|point| at(point.bytes, point.share));
    chart
        .draw_series(LineSeries::new(points, MPK.stroke_width(2)).point_size(3))?
        .label("instructions, counted")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], MPK.stroke_width(2)));
    Ok(())
}

/// The share with both WRPKRU of the gate, as a band: from the least to the most
/// that the model allows for one CPU.
fn modelled(chart: &mut Chart<'_, '_>, curve: &Curve) -> Drawn {
    let share = |point: &Point| {
        let [none, mpk] = point.costs();
        model::overhead(&model::SHOWN, none, mpk)
    };
    let edge = |end: usize| move |point: &Point| at(point.bytes, share(point)[end]);
    let there = curve.points.iter().map(edge(0));
    let back = curve.points.iter().rev().map(edge(1));
    let band: Vec<(f64, f64)> = there.chain(back).collect();
    chart
        .draw_series([Polygon::new(band, MODEL.mix(0.4))])?
        .label(format!("with WRPKRU, modelled for {}", model::SHOWN.name))
        .legend(|(x, y)| {
            Rectangle::new([(x, y - 5), (x + 18, y + 5)], MODEL.mix(0.4).filled())
        });
    Ok(())
}

fn timed(chart: &mut Chart<'_, '_>, native: &Timings) -> Drawn {
    let sizes = native.sizes();
    let points = sizes.iter().map(|size| at(size.bytes, size.share()));
    chart
        .draw_series(LineSeries::new(points, LIGHT.stroke_width(2)).point_size(3))?
        .label(format!("cycles, {}", native.processor()))
        .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], LIGHT.stroke_width(2)));
    Ok(())
}

fn paper(chart: &mut Chart<'_, '_>) -> Drawn {
    let points = curve::PAPER.map(|(bytes, share)| at(bytes, share));
    chart
        .draw_series(points.map(|point| Circle::new(point, 5, PAPER.filled())))?
        .label("the paper, in time")
        .legend(|(x, y)| Circle::new((x + 9, y), 5, PAPER.filled()));
    Ok(())
}
