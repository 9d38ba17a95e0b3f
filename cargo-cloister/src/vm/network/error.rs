//! Why a guest cannot have the network that was asked for.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use domains::network::setting::SERVERS;
use domains::status;
use miette::Diagnostic;
use thiserror::Error;

use super::socket::PEER_MAX;
use super::trouble::{PortTrouble, SocketTrouble, TapTrouble};
use super::{Backend, Prefixed, Publish};

/// Why a guest cannot have the network that was asked for.
#[derive(Debug, Error, Diagnostic)]
pub enum NetworkError {
    /// A port of this machine cannot be had.
    #[error(
        "{} port {} on {} cannot be published: {}",
        publish.protocol, publish.host, publish.address, trouble.why()
    )]
    #[diagnostic(code(cloister::port), help("{}", trouble.advice(.publish)))]
    Port {
        /// The port.
        publish: Publish,
        /// What is wrong with it.
        trouble: PortTrouble,
        /// What the system says.
        source: Option<io::Error>,
    },
    /// Two wishes for one port.
    #[error("`{0}` and `{1}` want the same port of this machine")]
    #[diagnostic(
        code(cloister::same_port),
        help("give each a port of its own; 0 has one chosen")
    )]
    SamePort(Publish, Publish),
    /// Ports are published that QEMU has nothing to do with.
    #[error("`--publish` is for user networking, and this run has `--net {0}`")]
    #[diagnostic(code(cloister::nothing_to_publish), help("{}", without_publish(.0)))]
    NothingToPublish(Backend),
    /// Something is said of a network, and there is none.
    #[error("`{0}` is about the network, and this run has `--net none`")]
    #[diagnostic(
        code(cloister::no_network),
        help("leave it away, or give `--net user`, `--net tap:IF` or `--net dgram:PATH`")
    )]
    NoNetwork(&'static str),
    /// Something is said of a network, and the image has nothing for one.
    #[error("`{0}` needs the kernel's network, and this image was built with `--without net`")]
    #[diagnostic(
        code(cloister::without_network),
        help("build it without `--without net`, and without the key `without` of its package")
    )]
    LeftOut(&'static str),
    /// An option that can be given once.
    #[error("`{0}` is given twice for one version of the Internet protocol")]
    #[diagnostic(code(cloister::address), help("give one of IPv4 and one of IPv6"))]
    Twice(&'static str),
    /// A router without an address.
    #[error("the router {0} is given, and no address of the guest's own in its network")]
    #[diagnostic(
        code(cloister::address),
        help("give the guest's address as well, by `--ip ADDR/PREFIX`, or neither")
    )]
    RouterAlone(IpAddr),
    /// A router that the guest does not reach.
    #[error("the router {1} is not in the network of {0}, or is no other host of it")]
    #[diagnostic(
        code(cloister::address),
        help("a guest reaches its router without one: correct `--ip` or `--gateway`")
    )]
    Outside(Prefixed, IpAddr),
    /// A network that is too small for QEMU.
    #[error("the network of {0} has no room for the router and the server that QEMU plays")]
    #[diagnostic(code(cloister::address), help("give a prefix of {1} or less"))]
    SmallNetwork(Prefixed, u8),
    /// More servers of names than a guest takes.
    #[error("a guest asks at most {SERVERS} servers of names, and here are {0}")]
    #[diagnostic(code(cloister::servers), help("give `--dns` {SERVERS} times or less"))]
    ManyServers(usize),
    /// A server that is no host.
    #[error("{0} is no server of names")]
    #[diagnostic(code(cloister::servers), help("give `--dns` the address of a host"))]
    NoServer(IpAddr),
    /// Packets that QEMU's own network does not pass.
    #[error("user networking passes packets of at most 1500 bytes, and `--mtu` says {0}")]
    #[diagnostic(code(cloister::mtu), help("leave `--mtu` away, or use `--net tap:IF`"))]
    LongPackets(u16),
    /// A tap that cannot be used.
    #[error("the interface `{interface}` cannot be the guest's: {}", trouble.why())]
    #[diagnostic(code(cloister::tap), help("{}", trouble.advice(.interface)))]
    Tap {
        /// Its name.
        interface: String,
        /// What is wrong with it.
        trouble: TapTrouble,
    },
    /// A socket whose path, or the guest's beside it, would be none.
    #[error("`{}` is too long for the path of a socket", .0.display())]
    #[diagnostic(
        code(cloister::socket),
        help("give a path of at most {PEER_MAX} bytes, or a relative one")
    )]
    LongSocket(PathBuf),
    /// A socket that cannot be used.
    #[error("the socket `{}` cannot be the guest's network: {}", peer.display(), trouble.why())]
    #[diagnostic(code(cloister::socket), help("{}", trouble.advice()))]
    Socket {
        /// The peer's path.
        peer: PathBuf,
        /// What is wrong with it, or with the guest's.
        trouble: SocketTrouble,
    },
    /// A file that cannot be written.
    #[error("what the guest sends and receives cannot be written to `{}`: {why}", file.display())]
    #[diagnostic(
        code(cloister::capture),
        help("give `--pcap` a file in a folder that is there and that you may write to")
    )]
    Capture {
        /// The file.
        file: PathBuf,
        /// Why it cannot.
        why: String,
    },
}

impl NetworkError {
    /// The status that the process ends with.
    pub(in crate::vm) fn status(&self) -> u8 {
        match self {
            NetworkError::Port { .. }
            | NetworkError::Tap { .. }
            | NetworkError::Socket { .. }
            | NetworkError::Capture { .. } => status::NOT_STARTED,
            _ => status::USAGE,
        }
    }
}

fn without_publish(backend: &Backend) -> &'static str {
    match backend {
        Backend::Tap(_) | Backend::Socket(_) => {
            "leave `--publish` away: the guest has an address of its own, and all its ports"
        }
        Backend::User | Backend::None => "leave one of them away",
    }
}
