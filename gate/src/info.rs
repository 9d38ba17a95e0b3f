//! Boot information and boot options, which every domain may read.

use core::ffi::CStr;
use core::{ptr, slice};

use domains::boot::{BootInfo, OptionsHeader};
use domains::layout::{ARCHIVE, BOOT_INFO};
use domains::manifest::Tls;
use domains::network::Setting;
use domains::{Cell, Cells, Injection, Isolation, Purpose, RestartLimit};

/// Whether there are cells to be called: in the guest, and where a test plays them.
#[inline(always)]
pub fn has_cells() -> bool {
    #[cfg(feature = "played")]
    return crate::played::is_on();
    #[cfg(not(feature = "played"))]
    return cfg!(target_os = "none");
}

/// What the core found and decided at boot.
pub fn boot() -> &'static BootInfo {
    #[cfg(feature = "played")]
    return crate::played::boot();
    #[cfg(not(feature = "played"))]
    page()
}

#[cfg(not(feature = "played"))]
fn page() -> &'static BootInfo {
    let info: *const BootInfo = ptr::without_provenance(BOOT_INFO as usize);
    // SAFETY: the core fills the page before any domain runs and leaves it
    // alone afterwards; no domain but the safe kernel can write it, and the
    // safe kernel does not.
    unsafe { &*info }
}

/// Whether walls stand between the domains.
pub fn isolation() -> Isolation {
    if boot().isolation == 0 {
        Isolation::None
    } else {
        Isolation::Mpk
    }
}

/// Whether the image has `cell`. One that it has not must not be called: there is
/// nothing behind its gate.
pub fn has(cell: Cell) -> bool {
    let cells = Cells::from_bits(boot().cells, Purpose::OWN);
    cells.is_some_and(|cells| cells.has(cell))
}

/// The bytes that a new thread's storage starts with.
pub fn tls_template(tls: &Tls) -> &'static [u8] {
    if tls.file_size == 0 {
        return &[];
    }
    let start = ptr::without_provenance(tls.address as usize);
    // SAFETY: the host tool took both numbers from the application's PT_TLS,
    // whose pages are mapped read-only; only the application calls this.
    unsafe { slice::from_raw_parts(start, tls.file_size as usize) }
}

/// The files that travel in the image, as `domains::archive` describes them;
/// empty if there are none. Only the safe kernel may read them.
pub fn archive() -> &'static [u8] {
    let size = boot().archive_size;
    if size == 0 || size > ARCHIVE.size() {
        return &[];
    }
    let start = ptr::without_provenance(ARCHIVE.start as usize);
    // SAFETY: the core mapped that many bytes of the image there, read-only and
    // for good: the host tool says the size of what it packed.
    unsafe { slice::from_raw_parts(start, size as usize) }
}

/// The options of this run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    header: &'static OptionsHeader,
    strings: &'static [u8],
}

/// The options of this run; none if the host gave none.
pub fn options() -> Option<Options> {
    let size = boot().options_size as usize;
    if size < size_of::<OptionsHeader>() {
        return None;
    }
    let address = BOOT_INFO as usize + size_of::<BootInfo>();
    // SAFETY: the core copied `options_size` bytes there before any domain ran,
    // and a multiple of eight is aligned for the header.
    let header: &OptionsHeader = unsafe { &*ptr::without_provenance(address) };
    if !header.is_valid(size) {
        return None;
    }
    let start = address + size_of::<OptionsHeader>();
    // SAFETY: `is_valid` has compared the length with what the core copied.
    let strings = unsafe {
        slice::from_raw_parts(ptr::without_provenance(start), header.strings as usize)
    };
    Some(Options { header, strings })
}

impl Options {
    /// The arguments, the program's name first.
    pub fn arguments(&self) -> impl Iterator<Item = &'static CStr> {
        self.strings().take(self.header.arguments as usize)
    }

    /// The environment, each in the form `NAME=value`.
    pub fn environment(&self) -> impl Iterator<Item = &'static CStr> {
        self.strings()
            .skip(self.header.arguments as usize)
            .take(self.header.environment as usize)
    }

    /// What is told of each volume, as [`domains::boot::VolumeText`].
    pub fn volumes(&self) -> impl Iterator<Item = &'static CStr> {
        self.strings()
            .skip(self.header.arguments as usize)
            .skip(self.header.environment as usize)
            .take(self.header.volumes as usize)
    }

    /// How long the server of a volume may take to answer, in milliseconds;
    /// zero for as long as it likes.
    pub fn volume_limit_ms(&self) -> u32 {
        self.header.volume_limit_ms
    }

    /// How often `cell` may be started anew before it is given up.
    pub fn restart_limit(&self, cell: Cell) -> RestartLimit {
        match self.header.restart_limit {
            RestartLimit::OF_ROW => cell.restart_limit(),
            limit => limit,
        }
    }

    /// What `cell` is made to do wrong.
    pub fn injection(&self, cell: Cell) -> Injection {
        self.header.injections[cell.number()]
    }

    /// What the host gives for the network, and what it calls this machine.
    pub fn network(&self) -> &'static Setting {
        &self.header.network
    }

    fn strings(&self) -> impl Iterator<Item = &'static CStr> {
        strings(self.strings)
    }
}

/// The strings in `bytes`, each with a zero behind it.
pub fn strings(bytes: &[u8]) -> impl Iterator<Item = &CStr> {
    let mut rest = bytes;
    core::iter::from_fn(move || {
        let string = CStr::from_bytes_until_nul(rest).ok()?;
        rest = &rest[string.count_bytes() + 1..];
        Some(string)
    })
}

const _: () = assert!(size_of::<BootInfo>().is_multiple_of(align_of::<OptionsHeader>()));
