//! The example that dies: every access, every target, and what a person sees.

use domains::edge::{Forbidden, Target, forbidden};
use domains::{Access, Domain, Isolation, Purpose, status};
use libtest_mimic::Trial;
use tests::boot::Boot;
use tests::sources;

use crate::edges::devices_for;
use crate::images::{TOOL, image};
use crate::reports::Report;
use crate::{Verdict, ensure, trial};

const EXAMPLE: &str = "examples/wild-write";

pub(crate) fn trials() -> Vec<Trial> {
    let every = Access::ALL.into_iter().flat_map(|access| {
        targets().map(move |target| {
            let name = format!("wild_write::{access}s_{}", target.name());
            trial(name, move || ends_as_the_table_says(access, target))
        })
    });
    let others = [
        trial("wild_write::is_reported_as_the_readme_shows".into(), report),
        trial("wild_write::refuses_an_unknown_domain".into(), unknown),
    ];
    every.chain(others).collect()
}

/// What an image for use has.
fn targets() -> impl Iterator<Item = Target> {
    Target::all().filter(|target| match target {
        Target::Area(area) => Purpose::Use.has_area(*area),
        Target::Core => true,
    })
}

fn ends_as_the_table_says(access: Access, target: Target) -> Verdict {
    let attempt = Forbidden {
        domain: Domain::App,
        target,
        access,
    };
    let is_forbidden = forbidden().any(|edge| edge == attempt);
    let status = if is_forbidden { status::VIOLATION } else { 0 };
    let boot = Boot {
        arguments: &[access.name(), target.name()],
        flags: devices_for(target),
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image(EXAMPLE, Isolation::Mpk), &boot);
    let reports: Vec<Report> = outcome.faults.iter().map(Report::of).collect();
    let expected = is_forbidden.then(|| Report::about(&attempt));
    ensure(
        outcome.status == i32::from(status),
        &format!("status {status}"),
        &outcome,
    )?;
    ensure(
        reports == Vec::from_iter(expected),
        "exactly the report of what was tried",
        &outcome,
    )
}

/// The report for people, line by line as the README quotes it.
fn report() -> Verdict {
    let image = image(EXAMPLE, Isolation::Mpk);
    let output = TOOL
        .command(["run"])
        .arg(image)
        .args(["--", "write", "safe"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let readme = sources::file("README.md");
    let quoted: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("error: domain violation"))
        .take_while(|line| !line.starts_with("```"))
        .collect();
    ensure(quoted.len() >= 5, "the report in README.md", &quoted)?;
    ensure(
        said.contains(&quoted.join("\n")),
        "the report that README.md shows",
        &said,
    )?;
    ensure(
        output.status.code() == Some(i32::from(status::VIOLATION)),
        "status 120",
        &said,
    )
}

fn unknown() -> Verdict {
    let boot = Boot {
        arguments: &["write", "nirvana"],
        ..Boot::default()
    };
    let outcome = TOOL.boot(&image(EXAMPLE, Isolation::Mpk), &boot);
    let holds = outcome.status == i32::from(status::USAGE) && outcome.stderr.contains("usage:");
    ensure(holds, "its usage, and status 2", &outcome)
}
