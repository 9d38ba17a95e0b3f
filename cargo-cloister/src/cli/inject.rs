//! `cargo cloister inject`: faults by campaign.
//!
//! | module | holds |
//! |---|---|
//! | [`plan`], [`fault`] | which faults a campaign has, and a run |
//! | [`places`] | where an image has code and data |
//! | [`trial`], [`client`], [`files`] | one run |
//! | [`side`], [`golden`] | an image, and runs of it without a fault |
//! | [`outcome`] | what became of a run |
//! | [`campaign`] | all runs, side by side |
//! | [`record`], [`tally`], [`figure`], [`telling`] | what is kept and shown |

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use domains::{Domain, Isolation, Purpose};

use super::cargo::CargoOptions;
use super::choices::Output;
use super::failure::Failure;
use super::parts::Part;
use super::run::RunOptions;
use super::show;
use super::subject::{BuildOptions, Ready, Subject};
use super::walls;
use crate::outlet::tell;
use fault::Kind;
use plan::Plan;
use record::{Campaign, Record, Records};
use side::Side;

mod campaign;
mod client;
mod fault;
mod figure;
mod files;
mod golden;
mod outcome;
mod places;
mod plan;
mod record;
mod side;
mod tally;
mod telling;
mod trial;

/// What the status says of a campaign that was broken off.
const INTERRUPTED: u8 = 130;

/// Break a program's domains, one fault a run, and see what becomes of the rest.
///
/// Each run boots the program anew in QEMU and has one thing go wrong: at an instruction of
/// the chosen domain, by a kind of fault, both decided by the seed and the run's number. It is
/// judged by runs without a fault: their output, status, folders and client. By its number a
/// run can be repeated alone. Nothing in the guest knows: QEMU does it, from outside.
#[derive(Args, Debug)]
pub(super) struct Inject {
    /// A package's directory or a packed image [default: the current directory]
    #[arg(value_name = "PROGRAM")]
    path: Option<PathBuf>,
    /// Have faults in these domains alone: `app`, `safe` or the name of a cell [default: the
    /// application and all cells that it uses]
    #[arg(long, value_name = "DOMAIN")]
    domain: Vec<String>,
    /// Have faults of these kinds alone
    #[arg(long, value_name = "KIND")]
    kind: Vec<Kind>,
    /// How many runs each isolation gets
    #[arg(long, value_name = "N", default_value_t = 100,
          value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    runs: u64,
    /// What decides the faults
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Repeat this run alone, and show all of it
    #[arg(long, value_name = "K", conflicts_with = "runs")]
    run: Option<u64>,
    /// How the images keep their domains apart
    #[arg(long, value_name = "MODE", default_value_t = Modes::Both)]
    isolation: Modes,
    /// Use the program by this command when it listens, and end it then; the variables
    /// CLOISTER_ADDRESS and CLOISTER_PORT say where it is. It needs `--publish 0:PORT`
    #[arg(long, value_name = "COMMAND")]
    client: Option<String>,
    /// Leave lines with this word out when outputs are compared
    #[arg(long, value_name = "WORD")]
    ignore: Vec<String>,
    /// The file of the campaign, with the figure beside it [default: PROGRAM.jsonl in the
    /// target folder's `cloister/inject`]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Go on with the campaign in that file
    #[arg(long)]
    resume: bool,
    /// Pack the files of a folder or a tar file into the image
    #[arg(long, value_name = "DIR|TAR")]
    rootfs: Option<PathBuf>,
    /// Leave a part of the kernel out of the image
    #[arg(long, value_name = "PART")]
    without: Vec<Part>,
    /// First install what is missing, as `doctor --fix` does
    #[arg(long)]
    setup: bool,
    #[command(flatten)]
    how: RunOptions,
    #[command(flatten)]
    cargo: CargoOptions,
}

/// Which images are broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Modes {
    /// With walls
    Mpk,
    /// Without
    None,
    /// Both, to compare them
    Both,
}

impl std::fmt::Display for Modes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Modes::Mpk => "mpk",
            Modes::None => "none",
            Modes::Both => "both",
        })
    }
}

impl Modes {
    /// Without walls first, as in every comparison.
    fn all(self) -> &'static [Isolation] {
        match self {
            Modes::Mpk => &[Isolation::Mpk],
            Modes::None => &[Isolation::None],
            Modes::Both => &[Isolation::None, Isolation::Mpk],
        }
    }
}

impl Inject {
    pub(super) fn run(self) -> Result<u8, Failure> {
        if let Some(option) = self.how.not_for_faults() {
            let message =
                format!("`{option}` makes no sense for runs in which something fails");
            let help = "leave it away: a guest has one CPU then, and every run is its own";
            return Err(Failure::usage(message, help));
        }
        if self.how.wants_kvm() {
            return Err(side::no_translator());
        }
        if let Some(domain) = self
            .domain
            .iter()
            .find(|it| Domain::from_name(it).is_none())
        {
            let known: Vec<&str> = Purpose::Use.domains().map(Domain::name).collect();
            let message = format!("there is no domain `{domain}`");
            let help = format!("there are {}", known.join(", "));
            return Err(Failure::usage(message, help));
        }
        self.build(None).set_up()?;
        self.how.look_ahead()?;
        let sides = self.sides()?;
        let plan = Plan::of(&sides, &self.domain, self.kinds(), self.seed)?;
        if let Some(run) = self.run {
            return campaign::repeat(&sides, &plan, run, self.is_json());
        }
        self.campaign(&sides, &plan)
    }

    /// The images, each with what is known of it from runs without a fault.
    fn sides(&self) -> Result<Vec<Side>, Failure> {
        let plugin = campaign::plugin(&self.cargo)?;
        let mut sides = Vec::new();
        for ready in self.images()? {
            let spec = self.how.for_faults().plan(&ready)?;
            walls::warn(&spec);
            let side = Side::new(ready, spec, &plugin, self.client.as_deref(), &self.ignore)?;
            sides.push(side);
        }
        Ok(sides)
    }

    fn images(&self) -> Result<Vec<Ready>, Failure> {
        let build = |isolation, subject: Subject| {
            let options = self.build(isolation);
            options.check(&subject)?;
            subject.ready(&options)
        };
        match Subject::at(self.path.as_deref())? {
            // It has been built, one way.
            subject @ Subject::Image(_) if self.isolation == Modes::Both => {
                Ok(vec![build(None, subject)?])
            }
            subject => {
                let modes = self.isolation.all().iter();
                modes
                    .map(|mode| build(Some(*mode), subject.clone()))
                    .collect()
            }
        }
    }

    fn build(&self, isolation: Option<Isolation>) -> BuildOptions {
        BuildOptions {
            isolation,
            rootfs: self.rootfs.clone(),
            without: self.without.clone(),
            setup: self.setup,
            cargo: self.cargo.clone(),
            ..BuildOptions::default()
        }
    }

    fn is_json(&self) -> bool {
        self.how.output() == Output::Json
    }

    fn kinds(&self) -> &[Kind] {
        match self.kind.as_slice() {
            [] => &Kind::ALL,
            kinds => kinds,
        }
    }

    fn campaign(&self, sides: &[Side], plan: &Plan) -> Result<u8, Failure> {
        let arguments = self.how.arguments().iter();
        let arguments = arguments.map(|word| word.to_string_lossy().into_owned());
        let campaign = Campaign {
            arguments: arguments.collect(),
            client: self.client.clone(),
            ignored: self.ignore.clone(),
            ..plan.campaign(sides)
        };
        let path = match &self.out {
            Some(path) => path.clone(),
            None => campaign::default_file(&campaign.program)?,
        };
        let mut records = match self.resume {
            true => Records::resume(&path, &campaign)?,
            false => Records::begin(&path, &campaign)?,
        };
        let is_json = self.is_json();
        let is_whole = campaign::go_through(sides, plan, self.runs, &mut records, is_json)?;
        if !is_whole {
            tell(format_args!(
                "broken off: {} of {} runs are in `{}`, and `--resume` goes on behind them",
                records.done.len(),
                self.runs * sides.len() as u64,
                path.display()
            ));
            return Ok(INTERRUPTED);
        }
        let given = std::env::args().collect::<Vec<_>>();
        let again = |isolation: &str, run| again(&given, plan.domains(), isolation, run);
        // The file may have more than were asked for now.
        let asked = |record: &&Record| record.run < self.runs;
        let done: Vec<Record> = records.done.iter().filter(asked).cloned().collect();
        let shown = telling::shown(&campaign, &done, &again);
        if !is_json {
            show::line(shown)?;
        }
        let drawn = telling::draw(&campaign, &done, &path)?;
        tell(format_args!(
            "runs: {}, figure: {}",
            path.display(),
            drawn.display()
        ));
        Ok(0)
    }
}

/// The command that repeats a run: the same one, about this run, with the domains that faults
/// were in, since another image alone might use others.
fn again(given: &[String], domains: &[String], isolation: &str, run: u64) -> String {
    let mut words: Vec<String> = ["cargo", "cloister", "inject"].map(String::from).into();
    words.extend(domains.iter().map(|domain| format!("--domain={domain}")));
    words.extend([format!("--isolation={isolation}"), format!("--run={run}")]);
    let begin = given.iter().position(|word| word == "inject");
    let mut given = given.iter().skip(begin.map_or(0, |place| place + 1));
    while let Some(word) = given.next() {
        let (name, has_value) = match word.split_once('=') {
            Some((name, _)) => (name, true),
            None => (&**word, false),
        };
        match name {
            "--" => {
                words.push(word.clone());
                words.extend(given.by_ref().cloned());
            }
            "--resume" => {}
            _ if OTHERWISE.contains(&name) => {
                let _value = (!has_value).then(|| given.next());
            }
            _ => words.push(word.clone()),
        }
    }
    let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// Options of a campaign that a single run has otherwise, or not at all.
const OTHERWISE: [&str; 5] = ["--runs", "--out", "--output", "--isolation", "--domain"];

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=./:,+@%".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_command_repeats_a_run() {
        let given = [
            "cargo-cloister",
            "cloister",
            "inject",
            "my http",
            "--runs",
            "30",
            "--ignore",
            "took",
            "--resume",
            "--isolation=both",
            "--client",
            "curl $CLOISTER_ADDRESS",
            "--domain",
            "net",
            "--seed=7",
            "--out=a.jsonl",
            "--",
            "--runs",
            "5",
        ];
        let given = given.map(String::from);
        let domains = ["net", "nic"].map(String::from);
        assert_eq!(
            again(&given, &domains, "mpk", 9),
            "cargo cloister inject --domain=net --domain=nic --isolation=mpk --run=9 'my http' \
             --ignore took --client 'curl $CLOISTER_ADDRESS' --seed=7 -- --runs 5"
        );
    }
}
