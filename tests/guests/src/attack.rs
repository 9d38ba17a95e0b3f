//! Does the forbidden, with the rights of a chosen domain.

use domains::Domain;
use gate::hooks as kind;

use crate::hooks;

/// Attacks from `domain`. Comes back only if the attack was contained there,
/// or was not stopped.
pub fn run(domain: &str, kind: &str, rest: &[&str]) -> Result<(), String> {
    let domain = Domain::from_name(domain).ok_or("no such domain")?;
    let kind = kind_of(kind).ok_or("no such attack")?;
    let number = |index: usize| rest.get(index).map_or(Ok(0), |word| parse(word));
    let (address, argument) = (number(0)?, number(1)?);
    println!("attacking");
    let result = match domain {
        // SAFETY: this is the attack; the walls stand, or the test fails.
        Domain::App => unsafe { kind::attack(kind, address, argument) },
        Domain::Safe => hooks::hook(kind, address, argument),
        Domain::Cell(cell) => hooks::hook(kind | kind::in_cell(cell), address, argument),
    };
    println!("result {result}");
    Ok(())
}

fn kind_of(word: &str) -> Option<u32> {
    Some(match word {
        "read" => kind::LOAD,
        "write" => kind::STORE,
        "execute" => kind::FETCH,
        "privileged" => kind::PRIVILEGE,
        "overflow" => kind::OVERFLOW,
        "core-call" => kind::CORE_CALL,
        "spin" => kind::SPIN,
        _ => return None,
    })
}

fn parse(word: &str) -> Result<usize, String> {
    match word.strip_prefix("0x") {
        Some(digits) => usize::from_str_radix(digits, 16),
        None => word.parse(),
    }
    .map_err(|error| format!("{word}: {error}"))
}
