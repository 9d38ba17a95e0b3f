//! A tap: an interface of this machine whose other end is the guest's card.
//!
//! To attach one to see whether it can be attached would take unsafe code, and
//! stir up whoever watches it. The system's files say the same as far as it is
//! known before; what comes in between is QEMU's to say.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::NetworkError;
use super::hardware;
use super::trouble::TapTrouble;

/// Where the system describes its interfaces.
const INTERFACES: &str = "/sys/class/net";
/// By which a program attaches to a tap.
const DEVICE: &str = "/dev/net/tun";
/// The longest name of an interface.
pub(super) const NAME_MAX: usize = 15;
/// `IFF_TAP`: it carries frames of Ethernet, and not packets.
const IS_TAP: u64 = 0x2;
/// `IFF_MULTI_QUEUE`, which QEMU attaches to only if it has several queues.
const SEVERAL_QUEUES: u64 = 0x100;
/// `IFF_UP`, in another word.
const IS_UP: u64 = 0x1;
/// The right to attach to any tap, in the list of a process's rights.
const NET_ADMIN: u64 = 1 << 12;

/// A tap.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tap {
    /// The interface's name.
    pub interface: String,
    /// The address of the guest's card: as long as the interface has its name, the
    /// same, and on each interface another.
    pub card: [u8; 6],
}

impl Tap {
    /// The tap with this name; none if no interface can have it.
    pub fn named(interface: &str) -> Option<Tap> {
        let is_fine = |byte: u8| byte.is_ascii_graphic() && !b"/:%".contains(&byte);
        let is_name = (1..=NAME_MAX).contains(&interface.len())
            && interface.bytes().all(is_fine)
            && !matches!(interface, "." | "..");
        is_name.then(|| Tap {
            interface: interface.to_owned(),
            card: hardware::address(interface),
        })
    }

    /// Whether QEMU could attach to it now, as far as that can be seen.
    pub(super) fn try_out(&self) -> Result<(), NetworkError> {
        self.trouble(&System::here())
            .map_or(Ok(()), |trouble| Err(self.error(trouble)))
    }

    pub(super) fn error(&self, trouble: TapTrouble) -> NetworkError {
        NetworkError::Tap {
            interface: self.interface.clone(),
            trouble,
        }
    }

    fn trouble(&self, system: &System) -> Option<TapTrouble> {
        let folder = system.interfaces.join(&self.interface);
        if !system.interfaces.is_dir() {
            return None;
        }
        if !folder.exists() {
            return Some(TapTrouble::Missing);
        }
        let kind = number(&folder.join("tun_flags"));
        let Some(kind) = kind.filter(|kind| kind & IS_TAP != 0) else {
            return Some(TapTrouble::NoTap);
        };
        if kind & SEVERAL_QUEUES != 0 {
            return Some(TapTrouble::SeveralQueues);
        }
        if let Err(source) = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(&system.device)
        {
            return Some(TapTrouble::NoDevice(source));
        }
        if !system.user.may_attach(&folder) {
            return Some(TapTrouble::NotOurs);
        }
        // Somebody at its other end is what carries an interface like this.
        let is_carried = number(&folder.join("carrier")) == Some(1);
        is_carried.then_some(TapTrouble::Busy)
    }

    /// What to say of it before a run.
    pub(super) fn warning(&self) -> Option<String> {
        let name = &self.interface;
        let flags = number(&Path::new(INTERFACES).join(name).join("flags"))?;
        (flags & IS_UP == 0).then(|| {
            format!(
                "the interface {name} is down, and nothing passes it: `ip link set {name} up`"
            )
        })
    }
}

/// What a look at a tap depends on.
struct System {
    interfaces: PathBuf,
    device: PathBuf,
    user: User,
}

impl System {
    fn here() -> System {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        System {
            interfaces: INTERFACES.into(),
            device: DEVICE.into(),
            user: User::of_process(&status),
        }
    }
}

/// Who this process acts for.
struct User {
    user: Option<i64>,
    groups: Vec<i64>,
    is_admin: bool,
}

impl User {
    /// What the system's `status` of a process says: of four numbers of users, and of
    /// groups, the second counts.
    fn of_process(status: &str) -> User {
        let words = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().split_whitespace()
        };
        let numbers = |name| words(name).filter_map(|word| word.parse().ok());
        let rights = words("CapEff:").next();
        let rights = rights.and_then(|word| u64::from_str_radix(word, 16).ok());
        User {
            user: numbers("Uid:").nth(1),
            groups: numbers("Gid:")
                .nth(1)
                .into_iter()
                .chain(numbers("Groups:"))
                .collect(),
            is_admin: rights.is_some_and(|rights| rights & NET_ADMIN != 0),
        }
    }

    /// Whether the tap described in `folder` is for this user. One without owner and
    /// group is for anybody.
    fn may_attach(&self, folder: &Path) -> bool {
        let named = |file: &str| signed(&folder.join(file)).filter(|id| *id >= 0);
        let is_owner = named("owner").is_none_or(|owner| self.user == Some(owner));
        let is_in_group = named("group").is_none_or(|group| self.groups.contains(&group));
        self.is_admin || is_owner && is_in_group
    }
}

/// The number in a file of the system's, which may be hexadecimal.
fn number(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    match text.trim().strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.trim().parse().ok(),
    }
}

fn signed(file: &Path) -> Option<i64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: [(&str, &str); 4] = [
        ("tun_flags", "0x1802\n"),
        ("owner", "1000\n"),
        ("group", "-1\n"),
        ("carrier", "0\n"),
    ];

    /// What is wrong with a tap that the system describes so, for a user of this
    /// `status`.
    fn trouble(changes: &[(&str, &str)], status: &str) -> Option<TapTrouble> {
        let folder = tempfile::tempdir().expect("a folder");
        let interface = folder.path().join("tap0");
        fs::create_dir(&interface).expect("a folder");
        for (file, text) in FREE.iter().chain(changes) {
            fs::write(interface.join(file), text).expect("a file");
        }
        let device = folder.path().join("tun");
        fs::write(&device, "").expect("a file");
        let system = System {
            interfaces: folder.path().to_owned(),
            device,
            user: User::of_process(status),
        };
        Tap::named("tap0").expect("a name").trouble(&system)
    }

    const OWNER: &str = "Uid:\t0\t1000\t0\t0\nGid:\t1\t7\t1\t1\nGroups:\t20 24 \nCapEff:\t0\n";
    const OTHER: &str = "Uid:\t1000\t1001\t0\t0\nGid:\t1\t7\t1\t1\nGroups:\t20 24\n";
    const ADMIN: &str = "Uid:\t1\t1\t1\t1\nCapEff:\t0000000000001000\n";

    #[test]
    fn a_tap_is_for_its_owner_its_group_and_administrators() {
        assert!(trouble(&[], OWNER).is_none());
        assert!(trouble(&[], ADMIN).is_none());
        assert!(matches!(trouble(&[], OTHER), Some(TapTrouble::NotOurs)));
        assert!(matches!(trouble(&[], ""), Some(TapTrouble::NotOurs)));
        let anybodys = [("owner", "-1\n")];
        assert!(trouble(&anybodys, OTHER).is_none());
        for (group, is_in) in [("7", true), ("24", true), ("1", false)] {
            let trouble = trouble(&[("owner", "-1\n"), ("group", group)], OTHER);
            assert_eq!(trouble.is_none(), is_in, "{group}");
        }
    }

    #[test]
    fn a_tap_that_somebody_has_or_qemu_cannot_use_is_told() {
        let of = |file, text| trouble(&[(file, text)], OWNER);
        assert!(matches!(of("carrier", "1\n"), Some(TapTrouble::Busy)));
        assert!(matches!(of("tun_flags", "0x1801"), Some(TapTrouble::NoTap)));
        assert!(matches!(of("tun_flags", ""), Some(TapTrouble::NoTap)));
        let several = of("tun_flags", "0x1902");
        assert!(matches!(several, Some(TapTrouble::SeveralQueues)));
        assert!(of("carrier", "").is_none(), "one that is down says nothing");
    }

    #[test]
    fn what_is_not_there_or_no_tap_is_named() {
        let missing = Tap::named("no-such-tap").expect("a name").try_out();
        let missing = missing.expect_err("it is not there").to_string();
        assert!(missing.contains("no-such-tap"), "{missing}");
        let loopback = Tap::named("lo").expect("a name").try_out();
        assert!(
            loopback
                .expect_err("it is no tap")
                .to_string()
                .contains("lo")
        );
    }
}
