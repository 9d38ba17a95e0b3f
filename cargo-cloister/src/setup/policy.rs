//! What APT knows of a package: which versions there are, and where from.

use crate::vm::Version;

/// A version of a package that can be installed.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Offer<'a> {
    /// The version of what is in the package.
    pub(super) version: Option<Version>,
    /// Whether APT takes this one by itself.
    pub(super) is_candidate: bool,
    /// The archives that have it, as address and suite.
    archives: Vec<(&'a str, &'a str)>,
}

impl<'a> Offer<'a> {
    /// The suite of backports that has it, if one does.
    pub(super) fn backports(&self) -> Option<&'a str> {
        let mut suites = self.archives.iter().map(|(_, suite)| *suite);
        suites.find(|suite| suite.ends_with("-backports"))
    }

    /// Where the archive of `suite` is, if that has it.
    pub(super) fn address(&self, suite: &str) -> Option<&'a str> {
        let mut archives = self.archives.iter();
        let (address, _) = archives.find(|(_, has)| *has == suite)?;
        Some(address)
    }
}

/// Reads what `apt-cache policy` prints of one package.
pub(super) fn offers(policy: &str) -> Vec<Offer<'_>> {
    let candidate = candidate(policy);
    let table = policy.lines().skip_while(|line| !is_head(line)).skip(1);
    let mut offers: Vec<Offer<'_>> = Vec::new();
    for line in table {
        let words: Vec<&str> = line.trim_start_matches([' ', '*']).split(' ').collect();
        match (words.as_slice(), offers.last_mut()) {
            ([_priority, address, suite, ..], Some(offer)) => {
                let suite = suite.split('/').next().unwrap_or(suite);
                offer.archives.push((address, suite));
            }
            ([version, priority], _) if !version.is_empty() && !priority.starts_with('/') => {
                offers.push(Offer {
                    version: Version::of_package(version),
                    is_candidate: candidate == Some(version),
                    archives: Vec::new(),
                });
            }
            // A priority and the list of what is installed.
            _ => (),
        }
    }
    offers
}

/// The version that APT takes by itself.
pub(super) fn candidate(policy: &str) -> Option<&str> {
    let mut lines = policy.lines();
    let version = lines.find_map(|line| line.trim().strip_prefix("Candidate:"))?;
    Some(version.trim()).filter(|version| *version != "(none)")
}

fn is_head(line: &str) -> bool {
    line.trim() == "Version table:"
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Debian 12 with its backports.
    pub(in crate::setup) const WITH_BACKPORTS: &str = "\
qemu-system-x86:
  Installed: 1:7.2+dfsg-7+deb12u18+b3
  Candidate: 1:7.2+dfsg-7+deb12u18+b3
  Version table:
     1:10.0.2+ds-2+deb13u1~bpo12+1 100
        100 http://mirror.example/debian bookworm-backports/main amd64 Packages
 *** 1:7.2+dfsg-7+deb12u18+b3 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
     1:7.2+dfsg-7+deb12u15 500
        500 http://mirror.example/debian-security bookworm-security/main amd64 Packages
";

    #[test]
    fn versions_and_their_archives_are_read() {
        let offers = offers(WITH_BACKPORTS);
        let versions: Vec<String> = offers
            .iter()
            .filter_map(|offer| Some(offer.version?.to_string()))
            .collect();
        assert_eq!(versions, ["10.0", "7.2", "7.2"]);
        let candidates: Vec<bool> = offers.iter().map(|offer| offer.is_candidate).collect();
        assert_eq!(candidates, [false, true, false]);
        assert_eq!(offers[0].backports(), Some("bookworm-backports"));
        assert_eq!(offers[1].backports(), None);
        let address = offers[1].address("bookworm");
        assert_eq!(address, Some("http://mirror.example/debian"));
    }

    #[test]
    fn only_a_version_that_can_be_installed_is_a_candidate() {
        let policy = "rustc-web:\n  Installed: (none)\n  Candidate: 1.96.0\n";
        assert_eq!(candidate(policy), Some("1.96.0"));
        assert_eq!(candidate("lld:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate(""), None);
        assert_eq!(offers("N: Unable to locate package x\n"), []);
    }
}
