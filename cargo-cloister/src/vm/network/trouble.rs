//! What is wrong with a port, a tap or a socket, and what to do about it.

use std::io;

use super::Publish;
use super::holder::Holder;

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

/// What is wrong with a socket to which frames should go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SocketTrouble {
    /// There is none.
    Missing,
    /// It is another kind of file.
    NoSocket,
    /// It is one of streams.
    NoDatagrams,
    /// It was left by somebody who is gone.
    Silent,
    /// Another guest has the guest's.
    Busy,
    /// A file has the path of the guest's.
    InTheWay,
    /// Anything else, in the words of the system or QEMU's.
    Other(String),
}

impl PortTrouble {
    pub(super) fn why(&self) -> String {
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

    pub(super) fn advice(&self, publish: &Publish) -> String {
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
    pub(super) fn why(&self) -> String {
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

    pub(super) fn advice(&self, interface: &str) -> String {
        match self {
            TapTrouble::Busy => "end that program, or make another tap".to_owned(),
            TapTrouble::NoDevice(_) => {
                "load the system's module `tun`, or have the container given /dev/net/tun"
                    .to_owned()
            }
            // What has the name is not to be taken from whoever uses it.
            TapTrouble::NoTap | TapTrouble::NotOurs => {
                "make one under another name: `sudo ip tuntap add dev NAME mode tap user $USER`, \
                 then `sudo ip link set NAME up`; docs/network.md has all of it"
                    .to_owned()
            }
            TapTrouble::SeveralQueues => format!(
                "make it anew with one: `sudo ip link del {interface}`, then `sudo ip tuntap add \
                 dev {interface} mode tap user $USER` and `sudo ip link set {interface} up`"
            ),
            _ => format!(
                "make one: `sudo ip tuntap add dev {interface} mode tap user $USER`, then `sudo ip \
                 link set {interface} up`; docs/network.md has all of it"
            ),
        }
    }
}

impl SocketTrouble {
    pub(super) fn why(&self) -> String {
        match self {
            SocketTrouble::Missing => "there is none at that path".to_owned(),
            SocketTrouble::NoSocket => "it is a file, and no socket".to_owned(),
            SocketTrouble::NoDatagrams => "it is no socket of datagrams".to_owned(),
            SocketTrouble::Silent => "nobody listens there".to_owned(),
            SocketTrouble::Busy => "another guest is its peer".to_owned(),
            SocketTrouble::InTheWay => {
                "the guest's own would be the same with `.guest` behind it, and there is a file"
                    .to_owned()
            }
            SocketTrouble::Other(words) => words.clone(),
        }
    }

    pub(super) fn advice(&self) -> &'static str {
        match self {
            SocketTrouble::Busy => {
                "end that guest, or have this one's network listen elsewhere"
            }
            SocketTrouble::InTheWay => "move the file away, or choose another path",
            _ => {
                "start first what plays the network, on a UNIX socket of datagrams; \
                 docs/network.md has all of it"
            }
        }
    }
}
