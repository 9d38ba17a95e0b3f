//! The paper's figure of `write_bytes`: what isolation adds by size.

use plotters::coord::combinators::LogCoord;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::{Drawn, MODEL, MPK, PAPER, legend, svg};
use crate::cli::bench::curve::{self, Curve, Point};
use crate::cli::bench::model;
use crate::cli::failure::Failure;

/// The end of the scale, in percent.
const MOST: f64 = 600.0;

type Chart<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<LogCoord<f64>, RangedCoordf64>>;

/// Our curve, the model's, and the paper's points.
pub(super) fn figure(curve: &Curve) -> Result<String, Failure> {
    svg(|area| {
        let mut chart = ChartBuilder::on(area)
            .caption("What walls add to write_bytes", ("sans-serif", 20))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((1.0..4096.0).log_scale().base(2.0), 0.0..MOST)?;
        chart
            .configure_mesh()
            .max_light_lines(0)
            .x_desc("bytes")
            .y_desc("percent of the call without walls")
            .x_labels(13)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .draw()?;
        modelled(&mut chart, curve)?;
        counted(&mut chart, curve)?;
        paper(&mut chart)?;
        legend(&mut chart, SeriesLabelPosition::UpperRight)
    })
}

fn counted(chart: &mut Chart<'_, '_>, curve: &Curve) -> Drawn {
    let point = |point: &Point| (point.bytes as f64, 100.0 * point.share);
    let points = curve.points.iter().map(point);
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
    let at = |end: usize| {
        move |point: &Point| (point.bytes as f64, (100.0 * share(point)[end]).min(MOST))
    };
    let there = curve.points.iter().map(at(0));
    let back = curve.points.iter().rev().map(at(1));
    let band: Vec<(f64, f64)> = there.chain(back).collect();
    chart
        .draw_series([Polygon::new(band, MODEL.mix(0.4))])?
        .label(format!("with WRPKRU, modelled for {}", model::SHOWN.name))
        .legend(|(x, y)| {
            Rectangle::new([(x, y - 5), (x + 18, y + 5)], MODEL.mix(0.4).filled())
        });
    Ok(())
}

fn paper(chart: &mut Chart<'_, '_>) -> Drawn {
    let points = curve::PAPER.map(|(bytes, share)| (bytes as f64, 100.0 * share));
    chart
        .draw_series(points.map(|point| Circle::new(point, 5, PAPER.filled())))?
        .label("the paper, in time")
        .legend(|(x, y)| Circle::new((x + 9, y), 5, PAPER.filled()));
    Ok(())
}
