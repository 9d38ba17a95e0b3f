//! The file of a campaign: what it is, and a line for each run that is over.
//!
//! A run's line is written when it is over, so that a campaign that is broken off keeps
//! what it has, and `--resume` goes on behind it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::fault::Kind;
use super::outcome::Outcome;
use crate::cli::failure::{Failure, report};

/// What makes a campaign: whoever has all of it gets the same faults.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Campaign {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    pub(super) client: Option<String>,
    /// Words of lines that do not count.
    pub(super) ignored: Vec<String>,
    pub(super) seed: u64,
    pub(super) domains: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    /// How many instructions each domain executes where nothing goes wrong, by the image's
    /// isolation.
    pub(super) instructions: BTreeMap<String, BTreeMap<String, u64>>,
    /// What identifies the images.
    pub(super) builds: BTreeMap<String, String>,
}

/// A run that is over.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) isolation: String,
    pub(super) run: u64,
    pub(super) domain: String,
    pub(super) kind: Kind,
    /// Before which of the domain's instructions.
    pub(super) at: u64,
    /// Where that was.
    pub(super) place: Option<String>,
    /// What went wrong.
    pub(super) what: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) status: Option<u8>,
    /// How often a cell was started anew.
    pub(super) restarts: u64,
    /// How often the domain wrote where it may not and was not stopped.
    pub(super) strays: u64,
    /// The first such write: by what, and to what.
    pub(super) stray: Option<[String; 2]>,
    /// The faults that the core told of.
    pub(super) faults: Vec<String>,
    pub(super) seconds: f64,
}

/// The file, and what it held.
#[derive(Debug)]
pub(super) struct Records {
    file: File,
    pub(super) done: Vec<Record>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    campaign: Campaign,
}

impl Records {
    /// Begins the file of a campaign anew; what had its name is kept beside it.
    pub(super) fn begin(path: &Path, campaign: &Campaign) -> Result<Records, Failure> {
        let begun = || -> io::Result<File> {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            if path.exists() {
                fs::rename(path, path.with_added_extension("old"))?;
            }
            let mut file = File::create(path)?;
            put(
                &mut file,
                &Head {
                    campaign: campaign.clone(),
                },
            )?;
            Ok(file)
        };
        Ok(Records {
            file: begun().map_err(|error| unusable(path, &error))?,
            done: Vec::new(),
        })
    }

    /// Goes on with the file of the same campaign; begins it if there is none.
    pub(super) fn resume(path: &Path, campaign: &Campaign) -> Result<Records, Failure> {
        if !path.exists() {
            return Records::begin(path, campaign);
        }
        let (found, done, end) = read(path)?;
        if let Some(difference) = difference(&found, campaign) {
            let message = format!("`{}` is of another campaign: {difference}", path.display());
            let help = "go on with what it was begun with, or begin another without `--resume`";
            return Err(Failure::usage(message, help));
        }
        let file = || -> io::Result<File> {
            let mut file = OpenOptions::new().write(true).open(path)?;
            // A line that was begun when the campaign was broken off is no line.
            file.set_len(end)?;
            file.seek(io::SeekFrom::End(0))?;
            Ok(file)
        };
        let file = file().map_err(|error| unusable(path, &error))?;
        Ok(Records { file, done })
    }

    /// Adds a run.
    pub(super) fn add(&mut self, record: Record) -> io::Result<()> {
        put(&mut self.file, &record)?;
        self.done.push(record);
        Ok(())
    }
}

/// Writes a line, whole or not at all as far as the system allows.
fn put(file: &mut File, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// What a file holds, and up to where it has whole lines.
pub(super) fn read(path: &Path) -> Result<(Campaign, Vec<Record>, u64), Failure> {
    let file = File::open(path).map_err(|error| unusable(path, &error))?;
    let (mut lines, mut end) = (BufReader::new(file), 0);
    // One that was broken off may end within a letter.
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| -> io::Result<bool> {
        line.clear();
        let size = lines.read_until(b'\n', line)?;
        let is_whole = line.ends_with(b"\n");
        end += if is_whole { size as u64 } else { 0 };
        Ok(is_whole)
    };
    let broken = |number: usize| {
        let message = format!("line {number} of `{}` is not of a campaign", path.display());
        Failure::usage(message, "begin the campaign anew, without `--resume`")
    };
    if !next(&mut line).map_err(|error| unusable(path, &error))? {
        return Err(broken(1));
    }
    let head: Head = serde_json::from_slice(&line).map_err(|_| broken(1))?;
    let mut done = Vec::new();
    while next(&mut line).map_err(|error| unusable(path, &error))? {
        let record = serde_json::from_slice(&line).map_err(|_| broken(done.len() + 2))?;
        done.push(record);
    }
    Ok((head.campaign, done, end))
}

/// In what two campaigns differ, if they do.
fn difference(found: &Campaign, wanted: &Campaign) -> Option<&'static str> {
    let differences = [
        ("it broke another program", found.program != wanted.program),
        (
            "its program had other arguments",
            found.arguments != wanted.arguments,
        ),
        ("its client was another", found.client != wanted.client),
        ("other lines did not count", found.ignored != wanted.ignored),
        ("its seed was another", found.seed != wanted.seed),
        (
            "it was about other domains",
            found.domains != wanted.domains,
        ),
        ("it had other kinds of faults", found.kinds != wanted.kinds),
        (
            "its images were of another build",
            found.builds != wanted.builds,
        ),
    ];
    let mut differences = differences.into_iter();
    differences
        .find(|(_, differs)| *differs)
        .map(|(what, _)| what)
}

fn unusable(path: &Path, error: &io::Error) -> Failure {
    let message = format!("cannot use `{}`: {error}", path.display());
    Failure::build(report(message, "`--out FILE` chooses another place"))
}

/// The file of the figure that goes with a campaign's: another than that.
pub(super) fn figure_beside(path: &Path) -> PathBuf {
    match path.extension().is_some_and(|it| it == "svg") {
        true => path.with_added_extension("svg"),
        false => path.with_extension("svg"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn campaign() -> Campaign {
        Campaign {
            program: "p".to_owned(),
            arguments: Vec::new(),
            client: None,
            ignored: Vec::new(),
            seed: 1,
            domains: vec!["app".to_owned()],
            kinds: Kind::ALL.to_vec(),
            instructions: BTreeMap::new(),
            builds: BTreeMap::new(),
        }
    }

    fn record(run: u64) -> Record {
        Record {
            isolation: "mpk".to_owned(),
            run,
            domain: "app".to_owned(),
            kind: Kind::Skip,
            at: 7,
            place: None,
            what: None,
            outcome: Outcome::NoEffect,
            status: Some(0),
            restarts: 0,
            strays: 0,
            stray: None,
            faults: Vec::new(),
            seconds: 0.5,
        }
    }

    #[test]
    fn a_campaign_that_was_broken_off_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/campaign.jsonl");
        let mut records = Records::resume(&path, &campaign()).expect("it begins");
        records.add(record(0)).expect("there is room");
        records.add(record(1)).expect("there is room");
        drop(records);
        let mut file = OpenOptions::new().append(true).open(&path).expect("a file");
        file.write_all(b"{\"isolation\":\"\xc3")
            .expect("there is room");
        let mut records = Records::resume(&path, &campaign()).expect("it goes on");
        assert_eq!(records.done, [record(0), record(1)]);
        records.add(record(2)).expect("there is room");
        let (found, done, _) = read(&path).expect("it is whole");
        assert_eq!((found, done.len()), (campaign(), 3));
    }

    #[test]
    fn another_campaign_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("campaign.jsonl");
        Records::begin(&path, &campaign()).expect("it begins");
        let other = Campaign {
            seed: 2,
            ..campaign()
        };
        assert!(Records::resume(&path, &other).is_err());
        assert_eq!(
            difference(&campaign(), &other),
            Some("its seed was another")
        );
        fs::write(&path, "something else\n").expect("a file");
        assert!(Records::resume(&path, &campaign()).is_err());
    }

    #[test]
    fn a_head_that_is_not_whole_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("campaign.jsonl");
        Records::begin(&path, &campaign()).expect("it begins");
        let text = fs::read_to_string(&path).expect("a file");
        fs::write(&path, text.trim_end()).expect("a file");
        assert!(Records::resume(&path, &campaign()).is_err());
    }

    #[test]
    fn a_figure_never_takes_the_place_of_its_campaign() {
        for (file, figure) in [("a.jsonl", "a.svg"), ("a", "a.svg"), ("a.svg", "a.svg.svg")] {
            assert_eq!(figure_beside(Path::new(file)), Path::new(figure));
        }
    }
}
