//! `cargo cloister inspect`.

use std::path::PathBuf;

use clap::Args;
use domains::Isolation;

use super::failure::Failure;
use super::show;
use super::subject::{BuildOptions, Subject, check_gate_page};
use crate::image::inspect::Inspection;
use crate::plain;

/// Describe an image: domains, keys, pages, gates, sizes.
#[derive(Args, Debug)]
pub(super) struct Inspect {
    /// An image, or a package to build first [default: the current directory]
    #[arg(value_name = "PATH|IMAGE")]
    path: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: BuildOptions,
}

impl Inspect {
    pub(super) fn run(self) -> Result<u8, Failure> {
        let subject = Subject::at(self.path.as_deref())?;
        self.options.check(&subject)?;
        self.options.set_up()?;
        let image = match subject {
            Subject::Image(path) => path,
            package => package.ready(&self.options)?.image,
        };
        let inspection = Inspection::of(&image).map_err(Failure::build)?;
        if let Some(isolation) = Isolation::from_name(inspection.isolation) {
            self.options.check_isolation(isolation)?;
            check_gate_page(isolation, &inspection.gate_page).map_err(Failure::build)?;
        }
        if self.json {
            let text = plain::pretty_json(&inspection);
            show::line(text.map_err(|error| Failure::build(miette::miette!("{error}")))?)?;
        } else {
            show::line(inspection.to_string().trim_end())?;
        }
        Ok(0)
    }
}
