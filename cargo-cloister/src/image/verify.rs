//! The proof of an image's walls, from its bytes alone.
//!
//! [`verify`] trusts neither the packer nor the linkers. It reads the image
//! back and demands: every page has one owner, virtually and physically; no
//! page is both writable and executable; WRPKRU exists nowhere in what ring 3
//! may execute, at no byte offset and across no border, but on the gate page,
//! each followed by its check and by a look at its token; every way through that page,
//! from any byte and with anything in registers, ends where it should; what the gates and the core call lies in the
//! text of the component it should. XRSTOR and WRGSBASE are harmless and only
//! listed.

mod entries;
mod gates;
mod ownership;
mod tokens;
mod ways;

#[cfg(test)]
mod tests;

use domains::manifest::Segment;
use domains::{Domain, Isolation, Pkru};
use miette::Diagnostic;
use serde::Serialize;
use thiserror::Error;

use super::gate_page::GatePage;
use super::listed::{Listed, listed};
use super::packed::{Packed, Pages};
use super::scan::{Run, runs};
use super::{Component, ImageError};

/// What verification found in an image that passed.
#[derive(Clone, Debug)]
pub struct Verified {
    /// How the image's domains are kept apart.
    pub isolation: Isolation,
    /// Whether the core was built with `test-hooks`.
    pub test_hooks: bool,
    /// What identifies the image and its symbols.
    pub build_id: String,
    /// The WRPKRU instructions of the gates.
    pub gate_sites: Vec<GateSite>,
    /// The gate page.
    pub gate_page: GatePage,
    /// Harmless instructions that deserve to be known.
    pub listed: Vec<Listed>,
    /// The pages of ring 3.
    pub segments: Vec<Segment>,
    /// How many pages were checked, those of the core included.
    pub pages: u64,
}

/// A WRPKRU of a gate, with its check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GateSite {
    /// Where it is.
    pub address: u64,
    /// The value that it writes and that its check demands.
    pub pkru: Pkru,
    /// The domain that runs with this value.
    pub domain: Domain,
}

/// A broken wall.
#[derive(Clone, PartialEq, Eq, Debug, Error, Serialize)]
#[serde(tag = "violation", rename_all = "kebab-case")]
pub enum Violation {
    /// A page that can be both written and executed.
    #[error("page {page:#x} is both writable and executable")]
    WritableCode {
        /// Its address.
        page: u64,
    },
    /// An address with two owners.
    #[error("page {page:#x} belongs to both {first} and {second}")]
    TwoOwners {
        /// Its address.
        page: u64,
        /// One owner, in words.
        first: String,
        /// The other.
        second: String,
    },
    /// A frame with two owners.
    #[error("frame {frame:#x} belongs to both {first} and {second}")]
    SharedFrame {
        /// Its physical address.
        frame: u64,
        /// One owner, in words.
        first: String,
        /// The other.
        second: String,
    },
    /// WRPKRU where none may be.
    #[error("WRPKRU at {address:#x} in {component}")]
    Wrpkru {
        /// Where it begins.
        address: u64,
        /// In whose text, in words.
        component: String,
    },
    /// A WRPKRU of the gate page without its check.
    #[error("WRPKRU of the gate page at {address:#x} is not guarded: {why}")]
    Unguarded {
        /// Where it begins.
        address: u64,
        /// What is missing.
        why: String,
    },
    /// A change of rights that anybody may make who jumps to it.
    #[error("the gate page's token check is missing at {address:#x}: {why}")]
    NoToken {
        /// Where the way begins on which it should stand.
        address: u64,
        /// What is there instead.
        why: String,
    },
    /// A way through the gate page by which somebody gets rights that are not his.
    #[error(
        "a way leads through the gate page: from {begin:#x} {intruder} comes to {at:#x}, where {why}"
    )]
    WayThrough {
        /// Who can go it.
        intruder: &'static str,
        /// Where it raises its rights.
        begin: u64,
        /// The instruction that must not be reached, or not so.
        at: u64,
        /// What that does.
        why: String,
    },
    /// A gate page that is not the one that was built.
    #[error("the gate page is not one that this tool has built from its sources as they are")]
    GatePage,
    /// A gate page under `mpk` that switches nothing.
    #[error("the gate page has no WRPKRU that raises to domain {domain}")]
    MissingGate {
        /// The domain that cannot be reached.
        domain: &'static str,
    },
    /// An entry of a kernel that does not lie in its own text.
    #[error("{entry} of the {component} kernel is {address:#x}, outside of its text")]
    Entry {
        /// Which entry.
        entry: String,
        /// Whose.
        component: Component,
        /// Where it points.
        address: u64,
    },
    /// A manifest that makes no sense, or does not match the image.
    #[error("the manifest is wrong: {why}")]
    Manifest {
        /// What is wrong.
        why: String,
    },
    /// A core with test hooks in an image that is meant for use.
    #[error("the core was built with `test-hooks`, which a release image must not have")]
    TestHooks,
}

/// Why an image is not let through.
#[derive(Clone, Debug, Error, Diagnostic)]
pub enum Refused {
    /// It cannot be read at all.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Unreadable(#[from] ImageError),
    /// Its walls are broken.
    #[error("the image fails verification: {}", summary(.0))]
    #[diagnostic(
        code(cloister::image::verify),
        help(
            "the image must not be booted; build it again with `cargo cloister build`, and \
             report this if it stays"
        )
    )]
    Violations(Vec<Violation>),
}

/// What else an image must keep to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    /// Refuse a core with `test-hooks`.
    pub release: bool,
    /// Refuse any other gate page.
    pub gate_page: Option<GatePage>,
}

/// Verifies the image in `file`.
pub fn verify(file: &[u8]) -> Result<Verified, Refused> {
    verify_with(file, Rules::default())
}

/// Verifies the image in `file`, which must also keep to `rules`.
pub fn verify_with(file: &[u8], rules: Rules) -> Result<Verified, Refused> {
    let image = Packed::read(file)?;
    let mut violations = ownership::check(&image);
    if !violations.is_empty() {
        // What the manifest says cannot be relied on by the checks below.
        return Err(Refused::Violations(violations));
    }
    let text = text_runs(&image);
    let gate_sites = gates::check(&image, &text, &mut violations);
    violations.extend(entries::check(&image));
    if rules.release && image.header.test_hooks != 0 {
        violations.push(Violation::TestHooks);
    }
    let gate_page = GatePage::packed(&image);
    // DEFENCE: gate-page-digest
    if rules.gate_page.is_some_and(|built| built != gate_page) {
        violations.push(Violation::GatePage);
    }
    if violations.is_empty() {
        Ok(report(&image, &text, gate_sites))
    } else {
        Err(Refused::Violations(violations))
    }
}

/// All that ring 3 may execute, as it lies in the address space.
fn text_runs(image: &Packed) -> Vec<Run> {
    let text = image
        .segments
        .iter()
        .filter(|segment| segment.is_executable());
    runs(text.map(|segment| (segment.start(), image.contents(segment))))
}

fn report(image: &Packed, text: &[Run], gate_sites: Vec<GateSite>) -> Verified {
    let frames =
        image.header.physical_end - image.loads.first().map_or(0, |load| load.physical);
    Verified {
        isolation: image.isolation,
        test_hooks: image.header.test_hooks != 0,
        build_id: image.build_id.clone(),
        gate_sites,
        gate_page: GatePage::packed(image),
        listed: text.iter().flat_map(listed).collect(),
        segments: image
            .segments
            .iter()
            .map(|segment: &Pages| segment.record)
            .collect(),
        pages: frames.div_ceil(domains::layout::PAGE_SIZE),
    }
}

fn summary(violations: &[Violation]) -> String {
    const SHOWN: usize = 8;
    let mut lines: Vec<String> = violations
        .iter()
        .take(SHOWN)
        .map(Violation::to_string)
        .collect();
    if violations.len() > SHOWN {
        lines.push(format!("and {} more", violations.len() - SHOWN));
    }
    lines.join("; ")
}
