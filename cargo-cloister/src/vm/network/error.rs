//! Why a guest cannot have the network that was asked for.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use domains::network::setting::SERVERS;
use domains::status;
use miette::Diagnostic;
use thiserror::Error;

use super::holder::Holder;
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
        help("leave it away, or give `--net user` or `--net tap:IF`")
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

/// What is wrong with a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PortTrouble {
    /// Somebody has it.
    Taken(Option<Holder>),
    /// It takes a right that this user does not have.
    Privileged,
    /// The address is not this machine's.
    Foreign,
    /// Anything else.
    Other,
}

/// What is wrong with a tap.
#[derive(Debug)]
pub enum TapTrouble {
    /// There is none.
    Missing,
    /// It is something else.
    NoTap,
    /// It was made for several queues.
    SeveralQueues,
    /// It belongs to somebody else.
    NotOurs,
    /// Somebody has it.
    Busy,
    /// The device of all taps cannot be opened.
    NoDevice(io::Error),
    /// Anything else, in QEMU's words.
    Other(String),
}

impl NetworkError {
    /// The status that the process ends with.
    pub(in crate::vm) fn status(&self) -> u8 {
        match self {
            NetworkError::Port { .. }
            | NetworkError::Tap { .. }
            | NetworkError::Capture { .. } => status::NOT_STARTED,
            _ => status::USAGE,
        }
    }
}

fn without_publish(backend: &Backend) -> &'static str {
    match backend {
        Backend::Tap(_) => {
            "leave `--publish` away: the guest has an address of its own, and all its ports"
        }
        Backend::User | Backend::None => "leave one of them away",
    }
}

impl PortTrouble {
    fn why(&self) -> String {
        match self {
            PortTrouble::Taken(Some(Holder::Process { name, id })) => {
                format!("`{name}` has it (process {id})")
            }
            PortTrouble::Taken(Some(Holder::Unseen { user })) => {
                format!("a process of the user with number {user} has it, which we may not see")
            }
            PortTrouble::Taken(None) => {
                "it is taken, and the system does not say by whom".to_owned()
            }
            PortTrouble::Privileged => "ports below 1024 take a right".to_owned(),
            PortTrouble::Foreign => "that is no address of this machine".to_owned(),
            PortTrouble::Other => "the system refuses it".to_owned(),
        }
    }

    fn advice(&self, publish: &Publish) -> String {
        let guest = publish.guest;
        match self {
            PortTrouble::Taken(_) => format!(
                "choose another port of this machine, or have one chosen by `--publish 0:{guest}`, \
                 or stop who has it"
            ),
            PortTrouble::Privileged => format!(
                "choose a port from 1024 on, such as 8080:{guest}, or let users have it by `sysctl \
                 net.ipv4.ip_unprivileged_port_start={}`",
                publish.host
            ),
            PortTrouble::Foreign => {
                "give one that `ip address` shows, or 0.0.0.0 for all of them".to_owned()
            }
            PortTrouble::Other => "choose another port of this machine".to_owned(),
        }
    }
}

impl TapTrouble {
    fn why(&self) -> String {
        match self {
            TapTrouble::Missing => "there is none of that name".to_owned(),
            TapTrouble::NoTap => "it is no tap".to_owned(),
            TapTrouble::SeveralQueues => "it was made for several queues".to_owned(),
            TapTrouble::NotOurs => "it belongs to another user".to_owned(),
            TapTrouble::Busy => "another program has it".to_owned(),
            TapTrouble::NoDevice(error) => format!("/dev/net/tun cannot be opened: {error}"),
            TapTrouble::Other(words) => words.clone(),
        }
    }

    fn advice(&self, interface: &str) -> String {
        match self {
            TapTrouble::Busy => "end that program, or make another tap".to_owned(),
            TapTrouble::NoDevice(_) => {
                "load the system's module `tun`, or have the container given /dev/net/tun"
                    .to_owned()
            }
            _ => format!(
                "make one: `sudo ip tuntap add dev {interface} mode tap user $USER`, then `sudo ip \
                 link set {interface} up`; docs/network.md has all of it"
            ),
        }
    }
}
