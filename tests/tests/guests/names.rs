//! Names of trials: the lists of mutants have those that are mutants, and no other.

use libtest_mimic::Trial;
use tests::mutants;

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
    let mutants: Vec<&str> = there.into_iter().filter(|name| is_mutant(name)).collect();
    let unlisted = without(&mutants, &listed);
    trial(
        "names::lists_of_mutants_know_the_trials".into(),
        move || {
            ensure(absent.is_empty(), "trials of these names", &absent)?;
            ensure(unlisted.is_empty(), "rows for these mutants", &unlisted)
        },
    )
}

fn is_mutant(name: &str) -> bool {
    name.contains("::mutant_") || name.starts_with("mutant_")
}

/// Those of `names` that are not among `others`.
fn without(names: &[&str], others: &[&str]) -> Vec<String> {
    let rest = names.iter().filter(|name| !others.contains(name));
    rest.map(ToString::to_string).collect()
}
