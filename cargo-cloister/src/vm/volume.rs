//! Folders of the host that the guest sees.
//!
//! `HOST:GUEST[:ro|rw][:umask=022]`, as users of containers write it, and with
//! `rw` as the default for the same reason. The guest path may not hold a colon;
//! the host path may.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use domains::boot::{UMASK, VOLUMES_MAX, VolumeText};

use super::{Error, Machine};

/// The longest name in a guest's path, in bytes.
const NAME_MAX: usize = 255;
/// The longest guest path, in bytes.
const PATH_MAX: usize = 1000;

/// Places for devices on a `microvm`, those for consoles and entropy taken off.
const MICROVM_DEVICES: usize = domains::device::MMIO_SLOTS - 3;

/// Who serves volumes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Driver {
    /// QEMU itself, by 9P
    #[default]
    #[value(name = "9p")]
    Ninep,
    /// A `virtiofsd` for each volume, which this tool starts
    Virtiofs,
}

/// A folder of the host and where the guest sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Volume {
    /// The folder of the host.
    pub host: PathBuf,
    /// Its place in the guest: absolute, with neither `.` nor `..` in it.
    pub guest: String,
    /// Whether the guest may change what is in it.
    pub is_writable: bool,
    /// What new files do not allow, as permissions of a mode.
    pub umask: u32,
}

/// A text that is no volume.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidVolume {
    /// Not two paths.
    #[error(
        "`{0}` names no folder and its place: write HOST:GUEST[:ro|rw][:umask=022], such as \
         ./data:/data"
    )]
    Shape(String),
    /// A guest path that is none.
    #[error(
        "`{0}` is no place in the guest: it must begin with a slash, name a directory below the \
         root, and hold neither `.` nor `..`"
    )]
    Place(String),
    /// No umask.
    #[error("`{0}` is no umask: write up to three octal digits, such as umask=022")]
    Umask(String),
}

impl Volume {
    /// What the guest is told: whether it may write, the umask, and where.
    pub(super) fn told(&self) -> Vec<u8> {
        let head = VolumeText::head(self.is_writable, self.umask);
        [&head, self.guest.as_bytes()].concat()
    }

    /// The same volume with its host path seen from `folder`.
    #[must_use]
    pub fn seen_from(self, folder: &Path) -> Volume {
        Volume {
            host: folder.join(&self.host),
            ..self
        }
    }

    /// The same volume with the host's own path, if the folder can be read.
    fn found(self) -> Result<Volume, Error> {
        let refused = |source| Error::Volume {
            host: self.host.clone(),
            source,
        };
        if !fs::metadata(&self.host).map_err(refused)?.is_dir() {
            return Err(refused(io::ErrorKind::NotADirectory.into()));
        }
        fs::read_dir(&self.host).map_err(refused)?;
        let host = fs::canonicalize(&self.host).map_err(refused)?;
        Ok(Volume { host, ..self })
    }
}

/// Finds the folders of all volumes, as far as they go together.
pub fn find(
    volumes: Vec<Volume>,
    machine: Machine,
    has_network: bool,
) -> Result<Vec<Volume>, Error> {
    for (place, volume) in volumes.iter().enumerate() {
        let is_around = |other: &&Volume| is_inside(&volume.guest, &other.guest);
        let others = volumes.iter().enumerate();
        let mut others = others.filter(|(other, _)| *other != place);
        if let Some((_, other)) = others.find(|(_, other)| is_around(other)) {
            let (inner, outer) = (volume.guest.clone(), other.guest.clone());
            return Err(Error::VolumesOverlap { inner, outer });
        }
    }
    let most = most(machine, has_network);
    if volumes.len() > most {
        return Err(Error::TooManyVolumes {
            machine,
            most,
            has_network,
        });
    }
    volumes.into_iter().map(Volume::found).collect()
}

/// How many volumes a machine can have.
fn most(machine: Machine, has_network: bool) -> usize {
    match machine {
        Machine::Microvm => MICROVM_DEVICES - usize::from(has_network),
        Machine::Q35 => VOLUMES_MAX,
    }
}

/// Whether one place is the other or lies below it.
fn is_inside(inner: &str, outer: &str) -> bool {
    Path::new(inner).starts_with(outer)
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Driver::Ninep => "9p",
            Driver::Virtiofs => "virtiofs",
        })
    }
}

impl FromStr for Volume {
    type Err = InvalidVolume;

    fn from_str(text: &str) -> Result<Volume, InvalidVolume> {
        let (paths, umask) = match text.rsplit_once(":umask=") {
            Some((paths, digits)) => (paths, umask(digits)?),
            None => (text, UMASK),
        };
        let (paths, is_writable) = match paths.rsplit_once(':') {
            Some((paths, "ro")) => (paths, false),
            Some((paths, "rw")) => (paths, true),
            _ => (paths, true),
        };
        let shape = || InvalidVolume::Shape(text.to_owned());
        let (host, guest) = paths.rsplit_once(':').ok_or_else(shape)?;
        if host.is_empty() || guest.is_empty() {
            return Err(shape());
        }
        let place = place(guest).ok_or_else(|| InvalidVolume::Place(guest.to_owned()))?;
        Ok(Volume {
            host: host.into(),
            guest: place,
            is_writable,
            umask,
        })
    }
}

/// Permissions in octal digits.
fn umask(digits: &str) -> Result<u32, InvalidVolume> {
    let is_octal = digits.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let mask = u32::from_str_radix(digits, 8).ok().filter(|_| is_octal);
    mask.filter(|mask| *mask <= 0o777)
        .ok_or_else(|| InvalidVolume::Umask(digits.to_owned()))
}

/// A guest path without needless slashes; none if it is no place of a volume.
fn place(guest: &str) -> Option<String> {
    let names: Vec<&str> = guest
        .strip_prefix('/')?
        .split('/')
        .filter(|name| !name.is_empty())
        .collect();
    let is_plain = |name: &&str| {
        !matches!(*name, "." | "..") && name.len() <= NAME_MAX && !name.contains('\0')
    };
    let place = format!("/{}", names.join("/"));
    let is_place = !names.is_empty() && names.iter().all(is_plain) && place.len() <= PATH_MAX;
    is_place.then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(text: &str) -> Volume {
        text.parse().expect(text)
    }

    #[test]
    fn a_volume_can_be_written_unless_it_says_otherwise() {
        for (text, is_writable) in [("a:/b", true), ("a:/b:rw", true), ("a:/b:ro", false)] {
            let expected = Volume {
                host: "a".into(),
                guest: "/b".to_owned(),
                is_writable,
                umask: 0o022,
            };
            assert_eq!(volume(text), expected);
        }
        assert_eq!(volume("a:/b:ro").told(), b"r022/b");
        assert_eq!(volume("a:/b:umask=7").told(), b"w007/b");
    }

    #[test]
    fn a_volume_says_what_new_files_do_not_allow() {
        for (text, umask) in [
            ("a:/b", 0o022),
            ("a:/b:umask=002", 0o002),
            ("a:/b:rw:umask=0", 0),
            ("a:umask=3:/b:ro:umask=0777", 0o777),
        ] {
            assert_eq!(volume(text).umask, umask, "{text}");
        }
        for digits in ["", "8", "+7", "-1", "1000", "022:ro", "u=rwx"] {
            let error = format!("a:/b:umask={digits}").parse::<Volume>();
            assert_eq!(error, Err(InvalidVolume::Umask(digits.to_owned())));
        }
    }

    #[test]
    fn only_the_hosts_path_may_hold_a_colon() {
        assert_eq!(volume("/x:y/z:/b/c/").host, Path::new("/x:y/z"));
        assert_eq!(volume("/x:y/z:/b//c/").guest, "/b/c");
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for text in ["", "a", "a:", ":/b", "a:ro", "::"] {
            assert!(text.parse::<Volume>().is_err(), "{text}");
        }
        for text in ["a:b", "a:/", "a:/../b", "a:/b/./c", "a:b:ro"] {
            let error = text.parse::<Volume>().expect_err(text);
            assert!(matches!(error, InvalidVolume::Place(_)), "{text}: {error}");
        }
    }

    #[test]
    fn one_place_is_for_one_volume() {
        let find = |texts: &[&str]| {
            let volumes = texts.iter().map(|text| volume(text)).collect();
            super::find(volumes, Machine::Microvm, false)
        };
        for texts in [
            &["/:/a", "/:/a"][..],
            &["/:/a", "/:/a/b"],
            &["/:/a/b", "/:/a:ro"],
        ] {
            assert!(
                matches!(find(texts), Err(Error::VolumesOverlap { .. })),
                "{texts:?}"
            );
        }
        assert!(find(&["/:/a", "/:/ab"]).is_ok());
    }

    #[test]
    fn a_machine_has_room_for_so_many() {
        let volumes = |count| {
            (0..count)
                .map(|number| volume(&format!("/:/{number}")))
                .collect()
        };
        assert!(find(volumes(5), Machine::Microvm, false).is_ok());
        for (count, machine, has_network) in [
            (6, Machine::Microvm, false),
            (5, Machine::Microvm, true),
            (9, Machine::Q35, true),
        ] {
            let found = find(volumes(count), machine, has_network);
            assert!(matches!(found, Err(Error::TooManyVolumes { .. })));
        }
    }

    #[test]
    fn a_folder_must_be_there() {
        for host in ["/nowhere/at/all", "/proc/self/status"] {
            let found = find(vec![volume(&format!("{host}:/a"))], Machine::Microvm, false);
            assert!(matches!(found, Err(Error::Volume { .. })), "{host}");
        }
    }
}
