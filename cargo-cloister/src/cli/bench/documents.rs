//! The parts of documents that are made of results.
//!
//! A part stands between `<!-- bench: NAME -->` and `<!-- end -->`. All numbers
//! that the project states stand in such parts, so that none can differ from
//! what was measured; a test compares them with the committed results.

use std::fs;
use std::io;
use std::path::Path;

use super::claims;
use super::linux::Yardstick;
use super::model;
use super::results::Found;
use super::rows;
use crate::cli::failure::{Failure, report};

/// The documents with such parts, from the root of the repository.
const DOCUMENTS: [&str; 2] = ["README.md", "eval/README.md"];

const BEGIN: &str = "<!-- bench: ";
const CLOSE: &str = " -->";
const END: &str = "<!-- end -->";

/// `text` with every part made anew.
fn renewed(text: &str, found: &Found) -> Result<String, Failure> {
    let mut new = String::new();
    let mut rest = text;
    while let Some((before, part)) = rest.split_once(BEGIN) {
        let (name, part) = part
            .split_once(CLOSE)
            .ok_or_else(|| broken("a part has no name"))?;
        let (_, after) = part
            .split_once(END)
            .ok_or_else(|| broken(&format!("part `{name}` has no end")))?;
        let content = content(name, found)
            .ok_or_else(|| broken(&format!("there is no part `{name}`")))?;
        new += &format!("{before}{BEGIN}{name}{CLOSE}\n\n{content}\n\n{END}");
        rest = after;
    }
    Ok(new + rest)
}

/// Makes the documents of the repository anew.
pub(super) fn renew(repository: &Path, found: &Found) -> Result<(), Failure> {
    for document in DOCUMENTS {
        let path = repository.join(document);
        let failed = |what, why: io::Error| {
            let message = format!("{} cannot be {what}: {why}", path.display());
            Failure::new(
                1,
                report(message, "is the repository whole, and may you write there?"),
            )
        };
        let text = fs::read_to_string(&path).map_err(|why| failed("read", why))?;
        let text = renewed(&text, found)?;
        fs::write(&path, text).map_err(|why| failed("written", why))?;
    }
    Ok(())
}

fn broken(why: &str) -> Failure {
    let help = format!("a part is `{BEGIN}NAME{CLOSE}`, its content and `{END}`");
    Failure::new(
        1,
        report(format!("a document cannot be renewed: {why}"), help),
    )
}

/// What a part holds.
fn content(name: &str, found: &Found) -> Option<String> {
    let results = &found.results;
    Some(match name {
        "summary" => claims::summary(found),
        "claims" => claims::table(results),
        "made-with" => format!(
            "{}, {}, whole programs of {}.",
            results.made_with.rustc,
            results.made_with.qemu,
            results.set.words()
        ),
        "native" => match &found.native {
            Some(native) => native.to_string(),
            None => "[pending]: no machine with protection keys has run it yet.".to_owned(),
        },
        "linux" => of_linux(found, Yardstick::series_rows),
        "linux-machine" => of_linux(found, Yardstick::machine_rows),
        "linux-limits" => of_linux(found, Yardstick::limit_rows),
        "linux-made-with" => of_linux(found, Yardstick::about),
        "macro" => results.programs.rows(),
        "averages" => results.programs.average_rows(),
        "model" => model_rows(),
        "images" => results.footprint.image_rows(),
        "memory" => results.footprint.memory_rows(),
        "sources" => results.footprint.source_rows(),
        name => {
            let tables = results.tables();
            let (_, table) = tables.iter().find(|(table, _)| *table == name)?;
            table.to_string()
        }
    })
}

fn of_linux(found: &Found, part: fn(&Yardstick) -> String) -> String {
    let pending = || "[pending]: nobody has run it yet.".to_owned();
    found.linux.as_ref().map_or_else(pending, part)
}

fn model_rows() -> String {
    let cells = |cpu: &model::Cpu| {
        let [least, most] = cpu.wrpkru.map(rows::number);
        vec![cpu.name.to_owned(), least, most, cpu.source.to_owned()]
    };
    let header = ["CPU", "least", "most", "source"];
    rows::table(&header, 4, model::CPUS.iter().map(cells))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::super::baseline::COMMITTED;
    use super::super::{Set, draw};
    use super::*;

    fn repository() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn committed() -> Found {
        let file = repository().join(COMMITTED).join(Set::Full.file());
        Found::read(&file).unwrap()
    }

    #[test]
    fn every_number_in_a_document_is_one_of_the_committed_results() {
        let found = committed();
        for document in DOCUMENTS {
            let text = fs::read_to_string(repository().join(document)).unwrap();
            assert!(text.contains(BEGIN), "{document} has no such part");
            let renewed = renewed(&text, &found).unwrap();
            let help = "`cargo cloister bench --from eval/results/full.json --adopt` renews it";
            assert!(text == renewed, "{document} states other numbers: {help}");
        }
    }

    #[test]
    fn every_line_of_the_summary_has_its_number() {
        let summary = claims::summary(&committed());
        assert!(!summary.contains('–'), "{summary}");
    }

    #[test]
    fn the_committed_results_keep_every_limit() {
        assert_eq!(committed().results.exceeded(), [""; 0]);
    }

    #[test]
    fn every_figure_is_drawn_from_the_committed_results() {
        for (name, text) in draw::figures(&committed()).unwrap() {
            let file = repository().join(COMMITTED).join(name);
            assert!(
                fs::read_to_string(file).unwrap() == text,
                "{name} shows others"
            );
        }
    }

    #[test]
    fn a_part_keeps_what_stands_around_it() {
        let found = committed();
        let text = "a\n<!-- bench: made-with -->\nold\n<!-- end -->\nb\n";
        let new = renewed(text, &found).unwrap();
        assert!(
            new.starts_with("a\n<!-- bench: made-with -->\n\nrustc "),
            "{new}"
        );
        assert!(
            new.ends_with("\n\n<!-- end -->\nb\n") && !new.contains("old"),
            "{new}"
        );
        for broken in [
            "<!-- bench: nonsense -->\n<!-- end -->",
            "<!-- bench: gate -->\n",
        ] {
            assert!(renewed(broken, &found).is_err(), "{broken}");
        }
    }
}
