//! Whole set-ups of QEMU, with releases that are played.

use std::cell::{Cell, RefCell};

use super::super::policy::tests::WITH_BACKPORTS;
use super::*;

const DEBIAN_12: &str = "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n";
const DEBIAN_13: &str = "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n";
const UBUNTU: &str = "ID=ubuntu\nID_LIKE=debian\n";

const WITHOUT_BACKPORTS: &str = "\
qemu-system-x86:
  Installed: (none)
  Candidate: 1:7.2+dfsg-7+deb12u18+b3
  Version table:
     1:7.2+dfsg-7+deb12u18+b3 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
";

/// APT on one release.
struct Release {
    system: &'static str,
    policy: String,
    /// What it knows once the list of backports is there.
    with_backports: Option<&'static str>,
    has_list: Cell<bool>,
    did: RefCell<Vec<String>>,
    heard: RefCell<String>,
}

impl Release {
    fn new(system: &'static str, policy: &str) -> Release {
        Release {
            system,
            policy: policy.to_owned(),
            with_backports: None,
            has_list: Cell::new(false),
            did: RefCell::default(),
            heard: RefCell::default(),
        }
    }

    fn offering(version: &str) -> Release {
        let policy = format!(
            "qemu-system-x86:\n  Installed: (none)\n  Candidate: {version}\n  Version table:\n     \
             {version} 500\n        500 http://archive.example/ubuntu x/main amd64 Packages\n"
        );
        Release::new(UBUNTU, &policy)
    }

    fn note(&self, what: &str) {
        self.did.borrow_mut().push(what.to_owned());
    }

    fn install(&self) -> Result<Vec<String>, SetupError> {
        install(self, &|what| self.heard.borrow_mut().push_str(what))?;
        Ok(self.did.take())
    }

    fn upgrade(&self) -> Vec<String> {
        upgrade(self, &|what| self.heard.borrow_mut().push_str(what)).expect("nothing fails");
        self.did.take()
    }
}

impl Packages for Release {
    fn system(&self) -> String {
        self.system.to_owned()
    }

    fn policy(&self, _package: &str) -> String {
        match self.with_backports {
            Some(policy) if self.has_list.get() => policy.to_owned(),
            _ => self.policy.clone(),
        }
    }

    fn update(&self) -> Result<(), SetupError> {
        self.note("update");
        match self.has_list.get() && self.with_backports.is_none() {
            true => Err(SetupError::Command("apt-get update".to_owned())),
            false => Ok(()),
        }
    }

    fn install(&self, packages: &[&str], suite: Option<&str>) -> Result<(), SetupError> {
        let suite = suite.unwrap_or("release");
        self.note(&format!("install {} from {suite}", packages.join(" ")));
        Ok(())
    }

    fn add_list(&self, file: &str, text: &str) -> Result<(), SetupError> {
        assert!(text.contains("Suites: bookworm-backports\n"), "{text}");
        assert!(
            text.contains("\nURIs: http://mirror.example/debian\n"),
            "{text}"
        );
        assert!(text.contains("\nSigned-By: /usr/share/keyrings/debian-archive"));
        self.has_list.set(true);
        self.note(&format!("add {file}"));
        Ok(())
    }

    fn remove_list(&self, file: &str) -> Result<(), SetupError> {
        self.has_list.set(false);
        self.note(&format!("remove {file}"));
        Ok(())
    }
}

const FROM_BACKPORTS: &str = "install qemu-system-x86 from bookworm-backports";
const FROM_RELEASE: &str = "install qemu-system-x86 from release";

#[test]
fn a_fresh_debian_12_gets_the_one_of_its_backports() {
    let release = Release {
        with_backports: Some(WITH_BACKPORTS),
        ..Release::new(DEBIAN_12, WITHOUT_BACKPORTS)
    };
    assert!(may_be_had(&release));
    let did = release.install().expect("it can be had");
    assert_eq!(did, [&format!("add {LIST}"), "update", FROM_BACKPORTS]);
    assert!(release.heard.borrow().contains(LIST));
}

#[test]
fn a_debian_12_that_knows_its_backports_keeps_its_lists() {
    let release = Release::new(DEBIAN_12, WITH_BACKPORTS);
    assert_eq!(release.upgrade(), [FROM_BACKPORTS]);
}

#[test]
fn backports_that_cannot_be_had_leave_no_list_behind() {
    let release = Release::new(DEBIAN_12, WITHOUT_BACKPORTS);
    let did = release.install().expect("7.2 can be had");
    let (add, remove) = (format!("add {LIST}"), format!("remove {LIST}"));
    assert_eq!(did, [&add, "update", &remove, "update", FROM_RELEASE]);
    assert!(!release.has_list.get());
    assert!(release.heard.borrow().contains("do not hold"));
}

#[test]
fn a_release_with_a_new_one_needs_nothing_else() {
    let debian = Release {
        system: DEBIAN_13,
        ..Release::offering("1:10.0.2+ds-2+deb13u1")
    };
    for release in [
        debian,
        Release::offering("1:9.2.1+ds-1ubuntu5"),
        Release::offering("1:10.1.0+ds-5ubuntu2"),
    ] {
        let did = release.install().expect("it can be had");
        assert_eq!(did, [FROM_RELEASE]);
        assert_eq!(*release.heard.borrow(), "");
    }
}

#[test]
fn where_there_is_only_an_old_one_it_is_taken_and_said() {
    let release = Release::offering("1:8.2.2+ds-0ubuntu1.10");
    assert!(!may_be_had(&release));
    assert_eq!(release.install().expect("8.2 works"), [FROM_RELEASE]);
    let heard = release.heard.take();
    assert!(
        heard.contains("no QEMU of 9.1") && heard.contains("8.2"),
        "{heard}"
    );
}

#[test]
fn an_old_one_that_works_stays_where_there_is_no_other() {
    let release = Release::offering("1:8.2.2+ds-0ubuntu1.10");
    assert_eq!(release.upgrade(), [""; 0]);
    assert!(release.heard.borrow().contains("stays"));
}

#[test]
fn one_on_which_nothing_boots_is_not_installed() {
    let release = Release::offering("1:6.2+dfsg-2ubuntu6.26");
    let error = release.install().expect_err("6.2 is too old");
    assert!(matches!(error, SetupError::OldQemu(_)), "{error}");
    assert!(release.did.borrow().is_empty());
    let none = Release::new(UBUNTU, "N: Unable to locate package\n");
    assert!(matches!(none.install(), Err(SetupError::NoQemu)));
}

#[test]
fn other_releases_are_not_mixed_in() {
    let trixie = WITH_BACKPORTS.replace("bookworm-backports", "trixie");
    let release = Release::new(UBUNTU, &trixie);
    assert_eq!(release.upgrade(), [""; 0]);
}
