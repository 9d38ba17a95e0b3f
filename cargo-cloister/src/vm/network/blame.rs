//! What QEMU's own words say of a network that it could not make.
//!
//! This tool looks before QEMU starts, and the system changes between the two: so
//! what QEMU finds is told the same way.

use std::io;

use domains::network::Setting;

use super::error::NetworkError;
use super::trouble::{SocketTrouble, TapTrouble};
use super::{Backend, Network, given, port};

/// The network's part in QEMU's last `words`; none if it is not to blame.
pub(super) fn blame(words: &str, network: &Network, setting: &Setting) -> Option<NetworkError> {
    port_of(words, network, setting)
        .or_else(|| tap_of(words, network))
        .or_else(|| socket_of(words, network))
        .or_else(|| capture_of(words, network))
}

/// `Could not set up host forwarding rule 'tcp:127.0.0.1:8080-:80'`
fn port_of(words: &str, network: &Network, setting: &Setting) -> Option<NetworkError> {
    let (_, rest) = words.split_once("Could not set up host forwarding rule '")?;
    let (rule, _) = rest.split_once('\'')?;
    let guest = given::address_v4(setting);
    let mut all = network.publish.iter();
    let publish = all.find(|publish| publish.forward_rule(guest) == rule)?;
    Some(port::refused(publish, publish.try_host_port().err()))
}

/// `could not configure /dev/net/tun (tap0): Device or resource busy`, or
/// `could not open /dev/net/tun: No such file or directory`
fn tap_of(words: &str, network: &Network) -> Option<NetworkError> {
    let Backend::Tap(tap) = &network.backend else {
        return None;
    };
    let trouble = match words.split_once("could not configure /dev/net/tun (") {
        Some((_, rest)) => trouble_of(rest.split_once("): ")?.1),
        None => {
            let (_, why) = words.split_once("could not open /dev/net/tun: ")?;
            TapTrouble::NoDevice(io::Error::other(first(why).to_owned()))
        }
    };
    Some(tap.error(trouble))
}

fn trouble_of(why: &str) -> TapTrouble {
    match first(why) {
        "Device or resource busy" => TapTrouble::Busy,
        "Operation not permitted" => TapTrouble::NotOurs,
        other => TapTrouble::Other(other.to_owned()),
    }
}

/// `can't bind unix=PATH.guest to socket: Permission denied`
fn socket_of(words: &str, network: &Network) -> Option<NetworkError> {
    let Backend::Socket(socket) = &network.backend else {
        return None;
    };
    let (_, rest) = words.split_once("can't bind unix=")?;
    let (_, why) = rest.split_once(" to socket: ")?;
    Some(socket.error(SocketTrouble::Other(first(why).to_owned())))
}

/// `net dump: can't open FILE: No such file or directory`
fn capture_of(words: &str, network: &Network) -> Option<NetworkError> {
    let file = network.capture.as_ref()?;
    let (_, rest) = words.split_once("net dump: can't open ")?;
    let why = rest
        .strip_prefix(&*file.to_string_lossy())?
        .strip_prefix(": ")?;
    Some(NetworkError::Capture {
        file: file.clone(),
        why: first(why).to_owned(),
    })
}

/// Lines of QEMU's are joined by semicolons.
fn first(words: &str) -> &str {
    words.split("; ").next().unwrap_or(words)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::super::trouble::PortTrouble;
    use super::*;

    fn blamed(words: &str, network: &Network) -> Option<NetworkError> {
        blame(words, network, &Setting::NONE)
    }

    #[test]
    fn a_port_that_was_taken_meanwhile_has_its_holder_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = taken.local_addr().expect("bound").port();
        let network = Network {
            backend: Backend::User,
            publish: vec![
                "0:81".parse().expect("ports"),
                format!("{port}:80").parse().expect("ports"),
            ],
            ..Network::default()
        };
        let words = format!(
            "qemu-system-x86_64: -netdev user,id=net: Could not set up host forwarding rule \
             'tcp:127.0.0.1:{port}-:80'"
        );
        let Some(NetworkError::Port {
            publish, trouble, ..
        }) = blamed(&words, &network)
        else {
            panic!("it is a port");
        };
        assert_eq!(publish.host, port);
        assert!(
            matches!(trouble, PortTrouble::Taken(Some(_))),
            "{trouble:?}"
        );
        assert!(blamed("no such machine", &network).is_none());
        assert!(blamed(&words.replace(":80'", ":82'"), &network).is_none());
    }

    #[test]
    fn a_tap_that_was_taken_or_lost_meanwhile_is_named() {
        let network = Network {
            backend: "tap:tap0".parse().expect("a tap"),
            ..Network::default()
        };
        let said = |words: &str| blamed(words, &network).expect("it is the tap").to_string();
        let configure = "qemu: -netdev tap: could not configure /dev/net/tun (tap0): ";
        for (why, expected) in [
            ("Device or resource busy", "another program has it"),
            ("Operation not permitted", "belongs to another user"),
            ("Invalid argument; more words", "Invalid argument"),
        ] {
            let said = said(&format!("{configure}{why}"));
            assert!(
                said.contains(expected) && !said.contains("more words"),
                "{said}"
            );
        }
        let said = said("qemu: could not open /dev/net/tun: No such file or directory");
        assert!(
            said.contains("/dev/net/tun cannot be opened: No such file"),
            "{said}"
        );
    }

    #[test]
    fn a_socket_that_cannot_be_made_is_named() {
        let network = Network {
            backend: "dgram:/a/net".parse().expect("a socket"),
            ..Network::default()
        };
        let words = "qemu: can't bind unix=/a/net.guest to socket: Permission denied; more";
        let error = blamed(words, &network).expect("it is the socket");
        let expected = "`/a/net` cannot be the guest's network: Permission denied";
        assert!(error.to_string().ends_with(expected), "{error}");
    }

    #[test]
    fn a_file_that_was_lost_meanwhile_is_named() {
        let network = Network {
            backend: Backend::User,
            capture: Some("/a/b.pcap".into()),
            ..Network::default()
        };
        let words = "qemu: net dump: can't open /a/b.pcap: No such file or directory";
        let error = blamed(words, &network).expect("it is the file");
        let expected = "written to `/a/b.pcap`: No such file or directory";
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}
