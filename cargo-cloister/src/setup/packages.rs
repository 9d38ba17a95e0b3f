//! Packages that somebody wants by name: the tests' clients, for example.
//!
//! Nothing of the tool needs them, so neither `doctor` nor `--setup` asks here.

use super::apt::Apt;
use super::fix::SetupError;
use super::source::Packages;

/// Installs these packages.
///
/// # Errors
///
/// This system installs in another way, or installing failed.
pub fn provide(packages: &[&str], say: &dyn Fn(&str)) -> Result<(), SetupError> {
    if packages.is_empty() {
        return Ok(());
    }
    if !Apt::is_here() {
        return Err(SetupError::OtherSystem(by_hand(packages)));
    }
    let apt = Apt::new(say)?;
    apt.update()?;
    apt.install(packages, None)
}

/// What to look for where there is no package manager that we know.
fn by_hand(packages: &[&str]) -> String {
    format!("what Debian has in {}", packages.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_there_at_once() {
        let say = |what: &str| panic!("nothing is to be done: {what}");
        assert!(provide(&[], &say).is_ok());
    }

    #[test]
    fn packages_are_named_for_those_who_install_them_themselves() {
        assert_eq!(by_hand(&["curl", "wrk"]), "what Debian has in curl, wrk");
    }
}
