//! Volumes: folders of the host, by whatever its servers speak.
//!
//! The boot options say where each volume is mounted and whether it may be
//! changed; the order is that of the devices. What a server says passes two
//! walls, of which neither believes the one before: a channel bounds the driver's
//! words, and the language's own module looks at every byte of a reply.
//!
//! The cell that speaks to the servers may be started anew at any time. Each question
//! then begins a session, finds its files again and is asked once more, as
//! [`recovery`] has it.

pub mod bytes;
pub mod codes;
pub mod flags;
pub mod fuse;
pub mod kinds;
pub mod line;
pub mod listing;
pub mod ninep;
pub mod parts;
#[cfg(test)]
mod played;
pub mod recovery;
pub mod server;

use domains::boot::VolumeText;
use gate::info;

use self::line::ByChannel;
use crate::drivers::channel::{self, CHANNELS, Language};
use crate::errno::Errno;
use crate::files::mounts;
use crate::files::system::FileSystem;

static BY_NINEP: [ninep::Volume<ByChannel>; CHANNELS] = [
    ninep::Volume::new(ByChannel(0)),
    ninep::Volume::new(ByChannel(1)),
    ninep::Volume::new(ByChannel(2)),
    ninep::Volume::new(ByChannel(3)),
    ninep::Volume::new(ByChannel(4)),
    ninep::Volume::new(ByChannel(5)),
    ninep::Volume::new(ByChannel(6)),
    ninep::Volume::new(ByChannel(7)),
];

static BY_FUSE: [fuse::Volume<ByChannel>; CHANNELS] = [
    fuse::Volume::new(ByChannel(0)),
    fuse::Volume::new(ByChannel(1)),
    fuse::Volume::new(ByChannel(2)),
    fuse::Volume::new(ByChannel(3)),
    fuse::Volume::new(ByChannel(4)),
    fuse::Volume::new(ByChannel(5)),
    fuse::Volume::new(ByChannel(6)),
    fuse::Volume::new(ByChannel(7)),
];

/// Mounts the volumes that the boot options tell of. No server is spoken to
/// before somebody walks into its volume.
///
/// # Errors
///
/// The path of the first that cannot be mounted, and why not.
pub fn mount() -> Result<(), (&'static [u8], Errno)> {
    let Some(options) = info::options() else {
        return Ok(());
    };
    for (number, told) in options.volumes().enumerate() {
        let Some(told) = VolumeText::read(told.to_bytes()) else {
            return Err((b"", Errno::Invalid));
        };
        let found = find(number, told.umask);
        let added = found.and_then(|system| mounts::add(told.path, system, told.is_writable));
        added.map_err(|errno| (told.path, errno))?;
    }
    Ok(())
}

/// The volume number `number`, by what its server speaks, where new files do not
/// allow what is in `umask`.
fn find(number: usize, umask: u32) -> Result<&'static dyn FileSystem, Errno> {
    let channel = channel::get(number).ok_or(Errno::Invalid)?;
    match channel.open()? {
        Language::Ninep => {
            let volume = BY_NINEP.get(number).ok_or(Errno::Invalid)?;
            volume.server().set_umask(umask);
            Ok(volume)
        }
        Language::Fuse => {
            let volume = BY_FUSE.get(number).ok_or(Errno::Invalid)?;
            volume.server().set_umask(umask);
            Ok(volume)
        }
    }
}
