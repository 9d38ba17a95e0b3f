//! Names of trials, as the lists of mutants, attacks and promises have them.

use libtest_mimic::Trial;
use tests::{attacks, mutants, promises};

use crate::{ensure, trial};

/// Compares the lists with all `trials` but this one.
pub(crate) fn trial_of(trials: &[Trial]) -> Trial {
    let lists = mutants::lists();
    let listed: Vec<&str> = lists
        .iter()
        .flat_map(|list| &list.mutants)
        .filter_map(mutants::Mutant::trial)
        .collect();
    let there: Vec<&str> = trials.iter().map(Trial::name).collect();
    let absent = without(&listed, &there);
    let mutants: Vec<&str> = there
        .iter()
        .copied()
        .filter(|name| is_mutant(name))
        .collect();
    let unlisted = without(&mutants, &listed);
    let attacked = attacks::all().into_iter().flat_map(|attack| attack.tests);
    let promised = promises::all().promise.into_iter().flat_map(|it| it.tests);
    let tried = attacked.chain(promised);
    let is_there = |it: &String| there.iter().any(|name| attacks::is_meant(it, name));
    let untried = tried.filter(|it| !it.contains("::tests::") && !is_there(it));
    let untried: Vec<String> = untried.collect();
    trial("names::lists_know_the_trials".into(), move || {
        ensure(absent.is_empty(), "trials of these names", &absent)?;
        ensure(unlisted.is_empty(), "rows for these mutants", &unlisted)?;
        ensure(
            untried.is_empty(),
            "trials for these attacks and promises",
            &untried,
        )
    })
}

fn is_mutant(name: &str) -> bool {
    name.contains("::mutant_") || name.starts_with("mutant_")
}

/// Those of `names` that are not among `others`.
fn without(names: &[&str], others: &[&str]) -> Vec<String> {
    let rest = names.iter().filter(|name| !others.contains(name));
    rest.map(ToString::to_string).collect()
}
