//! Figures: the two of the paper with ours beside its numbers, and three more.
//!
//! All are made from results alone, so that the same results give the same
//! figures, byte for byte.

mod curve;
mod linux;
mod noise;
mod overhead;
mod scaling;

use std::fmt::Debug;

use plotters::coord::CoordTranslate;
use plotters::prelude::*;

use super::results::Found;
use crate::cli::failure::{Failure, report};

/// The size of a figure.
const SIZE: (u32, u32) = (860, 440);
/// Colours that differ in brightness too.
const LIGHT: RGBColor = RGBColor(90, 170, 120);
const MPK: RGBColor = RGBColor(25, 60, 120);
const MODEL: RGBColor = RGBColor(230, 150, 40);
const PAPER: RGBColor = RGBColor(200, 40, 40);

/// Every figure, by the name of its file.
pub(super) fn figures(found: &Found) -> Result<Vec<(&'static str, String)>, Failure> {
    let Found {
        results,
        native,
        linux,
    } = found;
    let mut figures = vec![
        ("overhead.svg", overhead::figure(&results.programs)?),
        (
            "write-bytes.svg",
            curve::figure(&results.write_bytes, native.as_ref())?,
        ),
        ("scaling.svg", scaling::figure(&results.smp)?),
        ("noise.svg", noise::figure(&results.noise)?),
    ];
    if let Some(linux) = linux {
        figures.push(("linux.svg", linux::figure(linux)?));
    }
    Ok(figures)
}

/// The text of a figure that `draw` draws on white.
pub(in crate::cli) fn svg(
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Drawn,
) -> Result<String, Failure> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|why| undrawn(&why))?;
        draw(&area).map_err(|why| undrawn(&why))?;
        area.present().map_err(|why| undrawn(&why))?;
    }
    Ok(text + "\n")
}

/// Draws the legend at `place`.
pub(in crate::cli) fn legend<'a, 'b: 'a, C: CoordTranslate>(
    chart: &mut ChartContext<'a, SVGBackend<'b>, C>,
    place: SeriesLabelPosition,
) -> Drawn {
    chart
        .configure_series_labels()
        .position(place)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

/// What drawing gives; the backend writes to memory and cannot fail.
pub(in crate::cli) type Drawn = Result<(), Box<dyn std::error::Error>>;

fn undrawn(why: &dyn Debug) -> Failure {
    let message = format!("a figure cannot be drawn: {why:?}");
    Failure::new(1, report(message, "are there numbers in the results?"))
}
