//! What is fuzzed: parsers by name.

use crate::targets::{cells, core, guest, host, image, names, network, volumes};

/// What a target says of an input: inputs of which it says something new are kept.
pub type Seen = u64;

/// A parser, and what must hold of whatever it is given.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its folder of seeds.
    pub name: &'static str,
    /// Whose bytes it eats, in words.
    pub what: &'static str,
    /// Has it eat these. It panics where something does not hold.
    pub run: fn(&[u8]) -> Seen,
    /// How many bytes it may have at once for each byte of its input, beside
    /// [`ROOM`].
    pub factor: usize,
}

/// What a target may have of memory whatever its input is.
pub const ROOM: usize = 4 << 20;

/// A row of the table.
const fn target(name: &'static str, what: &'static str, run: fn(&[u8]) -> Seen) -> Target {
    Target {
        name,
        what,
        run,
        factor: 64,
    }
}

/// All of them, in the order of their names.
pub const ALL: &[Target] = &[
    target(
        "advertisement",
        "what a router says (RFC 4861)",
        network::advertisement,
    ),
    target("answers", "words that cells answer with", cells::answers),
    target(
        "archive",
        "files in an image, as the guest reads them",
        guest::archive,
    ),
    target("blame", "QEMU's words about its network", host::blame),
    target(
        "boot-options",
        "what the host tells the guest",
        guest::boot_options,
    ),
    target(
        "core-options",
        "the same, as the core reads them",
        core::options,
    ),
    target(
        "core-segments",
        "the manifest, as the core judges it",
        core::segments,
    ),
    target("dhcp", "answers of a server of addresses", network::dhcp),
    target("dns", "answers of a server of names", names::dns),
    target("elf", "an application, as it is packed", image::elf),
    target(
        "extensions",
        "headers behind that of IPv6",
        network::extensions,
    ),
    target(
        "framing",
        "standard input, as the host sends it",
        cells::framing,
    ),
    target("fuse", "replies of a server of FUSE", volumes::fuse),
    target("hosts", "the file of hosts", names::hosts),
    target("image", "a packed image, as it is verified", image::image),
    target("ipv4", "packets of IPv4", network::ipv4),
    target("ipv6", "packets of IPv6", network::ipv6),
    Target {
        // It is given a byte at a time as well, and keeps what comes of each.
        factor: 1024,
        ..target(
            "libtest",
            "libtest's events among a test's output",
            host::libtest,
        )
    },
    target(
        "libtest-list",
        "libtest's lists of tests",
        host::libtest_list,
    ),
    target("lines", "what a guest prints", host::lines),
    target(
        "neighbours",
        "questions and answers of neighbours (RFC 4861)",
        network::neighbours,
    ),
    target("ninep", "replies of a server of 9P", volumes::ninep),
    target(
        "notices",
        "what the guest lets its host know",
        guest::notices,
    ),
    target("pvh", "what a boot loader leaves in memory", core::pvh),
    target(
        "queue",
        "what a driver and a device put into their rings",
        core::queue,
    ),
    target(
        "quotes",
        "packets that messages of ICMP quote",
        network::quotes,
    ),
    target("reports", "lines of the control channel", guest::reports),
    target("resolv", "the file of the resolver", names::resolv),
    target(
        "sidecar",
        "the archive of symbols beside an image",
        image::sidecar,
    ),
    target("sides", "what is told of a socket's window", cells::sides),
    target(
        "stack",
        "whole frames, at a stack with sockets",
        network::stack,
    ),
    target("symbols", "symbol files", image::symbols),
    target("tar", "a tar file of files for the guest", image::tar),
    target(
        "versions",
        "what QEMU and packages say of their age",
        host::versions,
    ),
    target("views", "places in windows", cells::views),
    target(
        "virtio-net",
        "what a card says of a frame",
        network::virtio_net,
    ),
];

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    ALL.iter().find(|target| target.name == name)
}
