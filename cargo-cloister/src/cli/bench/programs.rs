//! Whole programs that check their own results, without walls and with.
//!
//! A program counts only when it has said that what it found is what the
//! outside world says; the first that does not ends the table before a number
//! is printed. What counts lies between two bounds in the program, so that boot
//! and output do not. Each program of the smallest class runs twice, and both
//! counts must be the same to the instruction.

mod table;

use std::path::PathBuf;

use domains::Isolation;

use super::counts::{Cost, Counts};
use super::jobs;
use super::program::{Benchmark, Kernels, counter};
use super::{Options, Set};
use crate::cli::failure::{Failure, report};
use crate::vm::Spec;

pub(super) use table::{Average, LIMIT, Programs, Row};

/// The classes, from the smallest, and in how much memory each runs.
const CLASSES: [(&str, &str); 3] = [("S", "64M"), ("W", "256M"), ("A", "1G")];

/// Runs the programs, or `only` one: of each class for the full set, else of the
/// smallest.
pub(super) fn measure(
    options: &Options,
    set: Set,
    only: Option<&str>,
) -> Result<Programs, Failure> {
    let benchmark = Benchmark::find(options.path.clone(), "macro", Kernels::Plain)?;
    let plugin = counter()?;
    let build = |isolation| benchmark.build(isolation, options.how.timeout(set));
    let specs = [build(Isolation::None)?, build(Isolation::Mpk)?];
    let bench = Bench {
        benchmark: &benchmark,
        plugin,
        specs,
    };
    let classes = match set {
        Set::Quick => 1,
        Set::Full => CLASSES.len(),
    };
    let works = chosen(bench.works(classes)?, only)?;
    Ok(Programs::new(jobs::all(&works, |work| bench.row(work))?))
}

/// A program, and how much it has to do.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Work {
    name: String,
    is_of_paper: bool,
    /// Its place among the [`CLASSES`].
    class: usize,
}

/// Those of the program called `only`, or all.
fn chosen(works: Vec<Work>, only: Option<&str>) -> Result<Vec<Work>, Failure> {
    let Some(only) = only else {
        return Ok(works);
    };
    let (chosen, others): (Vec<Work>, Vec<Work>) =
        works.into_iter().partition(|work| work.name == only);
    if chosen.is_empty() {
        let mut names: Vec<&str> = others.iter().map(|work| work.name.as_str()).collect();
        names.dedup();
        let help = format!("it has: {}", names.join(", "));
        let message = format!("the benchmark has no program `{only}`");
        return Err(Failure::usage(message, help));
    }
    Ok(chosen)
}

/// Images that can be booted.
struct Bench<'a> {
    benchmark: &'a Benchmark,
    plugin: PathBuf,
    specs: [Spec; 2],
}

impl Bench<'_> {
    /// What there is to run, as the package itself lists it.
    fn works(&self, classes: usize) -> Result<Vec<Work>, Failure> {
        let heard = self.benchmark.boot(&self.specs[0], &["list"])?;
        let works = listed(&heard.stdout, classes);
        match works.is_empty() {
            true => Err(self.benchmark.gave_none(&self.specs[0], &["list"], heard)),
            false => Ok(works),
        }
    }

    fn row(&self, work: &Work) -> Result<Row, Failure> {
        let [none, mpk] = &self.specs;
        let (class, _) = CLASSES[work.class];
        Ok(Row {
            program: work.name.clone(),
            class: class.to_owned(),
            is_of_paper: work.is_of_paper,
            none: self.cost(none, work)?,
            mpk: self.cost(mpk, work)?,
        })
    }

    /// What the program costs between its bounds.
    fn cost(&self, spec: &Spec, work: &Work) -> Result<Cost, Failure> {
        let (class, memory) = CLASSES[work.class];
        let spec = Spec {
            memory: memory.parse().expect("sizes as people write them"),
            ..spec.clone()
        };
        let words = [work.name.as_str(), class];
        let counts = self.verified(&spec, words)?;
        if work.class == 0 {
            same(&counts, &self.verified(&spec, words)?, words, &spec)?;
        }
        Ok(counts.cost())
    }

    /// One run, which must have said that it is right.
    fn verified(&self, spec: &Spec, words: [&str; 2]) -> Result<Counts, Failure> {
        let (heard, counts) = self.benchmark.count(spec, &self.plugin, &words)?;
        let verdict = format!("verified {} {} ", words[0], words[1]);
        let is_verified = heard.stdout.lines().any(|line| line.starts_with(&verdict));
        match is_verified && counts.is_bounded() {
            true => Ok(counts),
            false => Err(unverified(words, spec)),
        }
    }
}

/// Reads lines `program NAME KIND CLASS…`; programs that are to be run on many
/// CPUs are another table's.
fn listed(text: &str, classes: usize) -> Vec<Work> {
    let mut works = Vec::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some("program"), Some(name), Some(kind)) =
            (words.next(), words.next(), words.next())
        else {
            continue;
        };
        let has: Vec<&str> = words.collect();
        let chosen = (0..classes).filter(|class| has.contains(&CLASSES[*class].0));
        works.extend(chosen.filter(|_| kind != "parallel").map(|class| Work {
            name: name.to_owned(),
            is_of_paper: kind == "paper",
            class,
        }));
    }
    works
}

/// Two runs of the same program must be the same run.
fn same(first: &Counts, second: &Counts, words: [&str; 2], spec: &Spec) -> Result<(), Failure> {
    if first == second {
        return Ok(());
    }
    let message = format!(
        "two runs of {words:?} with isolation {} differ: {first:?} and {second:?}",
        spec.isolation
    );
    let help = "a counted run without input from the host must be the same each time; \
                was the image changed meanwhile?";
    Err(Failure::new(1, report(message, help)))
}

fn unverified(words: [&str; 2], spec: &Spec) -> Failure {
    let message = format!(
        "{words:?} with isolation {} did not say that its results are right",
        spec.isolation
    );
    Failure::new(
        1,
        report(
            message,
            "no number is printed for a run that is not verified",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "program ep paper S W A\nprogram n-body extra S A\n\
                        program ep-parallel parallel S\nother line\n";

    #[test]
    fn the_smallest_class_or_all_are_run_but_not_parallel_programs() {
        let names = |classes| -> Vec<String> {
            let works = listed(LIST, classes);
            let name = |work: &Work| format!("{}{}", work.name, CLASSES[work.class].0);
            works.iter().map(name).collect()
        };
        assert_eq!(names(1), ["epS", "n-bodyS"]);
        assert_eq!(names(3), ["epS", "epW", "epA", "n-bodyS", "n-bodyA"]);
    }

    #[test]
    fn one_program_is_chosen_by_its_name_and_no_other_name_is_one() {
        let works = || listed(LIST, 3);
        assert_eq!(chosen(works(), None).unwrap().len(), 5);
        let one = chosen(works(), Some("n-body")).unwrap();
        assert!(one.len() == 2 && one.iter().all(|work| work.name == "n-body"));
        assert!(chosen(works(), Some("ep-parallel")).is_err());
    }
}
