//! Where a QEMU comes from under which walls hold.
//!
//! The release's own, where that is new enough, else its backports, else none:
//! of Debian, 13 has one and 12 has one among its backports; of Ubuntu, 24.04
//! (QEMU 8.2) and what is older have none, 25.04 and what is newer have one.
//! Nothing here goes by that list but the one of backports: APT is asked.

use super::fix::SetupError;
use super::policy::{self, Offer};
use crate::vm::Version;

/// The package with `qemu-system-x86_64`.
const PACKAGE: &str = "qemu-system-x86";
/// The list that we write where backports are not known yet.
pub(super) const LIST: &str = "/etc/apt/sources.list.d/cloister-backports.sources";
/// Where Debian is, if its address cannot be told from what APT knows.
const DEBIAN: &str = "http://deb.debian.org/debian";

/// What installs packages, as far as QEMU needs it.
pub(super) trait Packages {
    /// What stands in the system's `os-release`.
    fn system(&self) -> String;
    /// What there is of a package, in APT's words.
    fn policy(&self, package: &str) -> String;
    /// Brings the lists of packages up to date.
    fn update(&self) -> Result<(), SetupError>;
    /// Installs packages, if need be with what they need from a `suite`.
    fn install(&self, packages: &[&str], suite: Option<&str>) -> Result<(), SetupError>;
    /// Writes the list of a further archive.
    fn add_list(&self, file: &str, text: &str) -> Result<(), SetupError>;
    /// Removes a list that we wrote.
    fn remove_list(&self, file: &str) -> Result<(), SetupError>;
}

/// Installs a QEMU where there is none that works. One under which walls do not
/// hold is better than none.
pub(super) fn install(apt: &dyn Packages, say: &dyn Fn(&str)) -> Result<(), SetupError> {
    if install_sound(apt, say)? {
        return Ok(());
    }
    let sound = Version::SOUND;
    let known = apt.policy(PACKAGE);
    let candidate = policy::offers(&known)
        .into_iter()
        .find(|offer| offer.is_candidate)
        .and_then(|offer| offer.version);
    match candidate {
        Some(version) if version < Version::OLDEST => Err(SetupError::OldQemu(version)),
        None => Err(SetupError::NoQemu),
        Some(version) => {
            say(&format!(
                "this release has no QEMU of {sound} or newer: installing {version}, under \
                 whose emulation walls do not hold against hostile code"
            ));
            apt.install(&[PACKAGE], None)
        }
    }
}

/// Puts a newer QEMU in place of one that works and is too old for walls; says
/// so where there is none.
pub(super) fn upgrade(apt: &dyn Packages, say: &dyn Fn(&str)) -> Result<(), SetupError> {
    if !install_sound(apt, say)? {
        say(&format!(
            "this release has no QEMU of {} or newer: the one that is here stays, under whose \
             emulation walls do not hold against hostile code",
            Version::SOUND
        ));
    }
    Ok(())
}

/// Whether it is worth bringing the lists up to date for [`upgrade`].
pub(super) fn may_be_had(apt: &dyn Packages) -> bool {
    sound(&apt.policy(PACKAGE)).is_some() || backports(&apt.system()).is_some()
}

/// Installs a QEMU under which walls hold; whether there is one.
fn install_sound(apt: &dyn Packages, say: &dyn Fn(&str)) -> Result<bool, SetupError> {
    let mut known = apt.policy(PACKAGE);
    if sound(&known).is_none()
        && let Some(suite) = backports(&apt.system())
    {
        add_backports(apt, suite, &known, say)?;
        known = apt.policy(PACKAGE);
    }
    match sound(&known) {
        Some(offer) => {
            apt.install(&[PACKAGE], offer.suite)?;
            Ok(true)
        }
        None => Ok(false),
    }
}

/// Makes backports known to APT, or leaves all as it was.
fn add_backports(
    apt: &dyn Packages,
    suite: &str,
    known: &str,
    say: &dyn Fn(&str),
) -> Result<(), SetupError> {
    say(&format!(
        "adding the packages of {suite}, by {LIST}: QEMU {} or newer is there",
        Version::SOUND
    ));
    apt.add_list(LIST, &list(suite, known))?;
    let updated = apt.update();
    if updated.is_ok() && sound(&apt.policy(PACKAGE)).is_some() {
        return Ok(());
    }
    say(&format!("{suite} cannot be had: removing {LIST}"));
    apt.remove_list(LIST)?;
    apt.update()
}

/// The list of `suite`, signed as Debian itself, and from where Debian is had.
fn list(suite: &str, known: &str) -> String {
    let release = suite.trim_end_matches("-backports");
    let offers = policy::offers(known);
    let mut addresses = offers.iter().filter_map(|offer| offer.address(release));
    let address = addresses.find(|address| address.starts_with("http"));
    format!(
        "# Written by `cargo cloister`, which needs a newer QEMU than this release has.\n\
         Types: deb\n\
         URIs: {}\n\
         Suites: {suite}\n\
         Components: main\n\
         Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
        address.unwrap_or(DEBIAN)
    )
}

/// A QEMU under which walls hold, and the suite to name for it.
struct Sound<'a> {
    suite: Option<&'a str>,
}

fn sound(known: &str) -> Option<Sound<'_>> {
    let is_sound = |offer: &Offer<'_>| {
        offer
            .version
            .is_some_and(|version| version >= Version::SOUND)
    };
    let offers = policy::offers(known);
    let mut offers = offers.iter().filter(|offer| is_sound(offer));
    offers.find_map(|offer| match (offer.is_candidate, offer.backports()) {
        (true, _) => Some(Sound { suite: None }),
        (false, Some(suite)) => Some(Sound { suite: Some(suite) }),
        // From another release: taking it would mix the two.
        (false, None) => None,
    })
}

/// The suite of this release in which there is a newer QEMU.
fn backports(system: &str) -> Option<&'static str> {
    let has = |line: &str| system.lines().any(|has| has.trim() == line);
    (has("ID=debian") && has("VERSION_CODENAME=bookworm")).then_some("bookworm-backports")
}

#[cfg(test)]
mod tests;
