//! Who holds a port of this machine, where the system tells.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use domains::notice::Protocol;

use super::Publish;

/// The state of a socket that listens, in the system's list of TCP's.
const LISTENS: &str = "0A";

/// Who holds a port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Holder {
    /// A process.
    Process {
        /// What it is called.
        name: String,
        /// Its number.
        id: u32,
    },
    /// A process that this user may not look at.
    Unseen {
        /// The number of the user that it is of.
        user: u32,
    },
}

/// Who holds the host's port of `publish`; none if the system does not tell.
pub(super) fn find(publish: &Publish) -> Option<Holder> {
    find_below(Path::new("/proc"), publish)
}

fn find_below(proc: &Path, publish: &Publish) -> Option<Holder> {
    let tables = [
        publish.protocol.name().to_owned(),
        format!("{}6", publish.protocol),
    ];
    let sockets = tables.iter().flat_map(|table| {
        let text = fs::read_to_string(proc.join("net").join(table));
        text.unwrap_or_default()
            .lines()
            .filter_map(Socket::read)
            .collect::<Vec<_>>()
    });
    let socket = sockets.into_iter().find(|socket| socket.holds(publish))?;
    let process = process_with(proc, &socket.inode);
    Some(process.unwrap_or(Holder::Unseen { user: socket.user }))
}

/// A line of the system's list of sockets.
#[derive(Debug)]
struct Socket {
    /// None for an address of IPv6 that is not that of any.
    address: Option<Ipv4Addr>,
    port: u16,
    listens: bool,
    user: u32,
    inode: String,
}

impl Socket {
    /// `sl local remote state queues timer retransmissions user timeout inode`.
    fn read(line: &str) -> Option<Socket> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (address, port) = words.get(1)?.split_once(':')?;
        Some(Socket {
            address: address_of(address)?,
            port: u16::from_str_radix(port, 16).ok()?,
            listens: *words.get(3)? == LISTENS,
            user: words.get(7)?.parse().ok()?,
            inode: (*words.get(9)?).to_owned(),
        })
    }

    fn holds(&self, publish: &Publish) -> bool {
        let is_bound = publish.protocol == Protocol::Udp || self.listens;
        let meets = self.address.is_some_and(|own| {
            own == publish.address || own.is_unspecified() || publish.address.is_unspecified()
        });
        is_bound && meets && self.port == publish.host
    }
}

/// Addresses stand there in words of 32 bits, each as the processor reads it. Of
/// those of IPv6, any and those that are mapped meet one of IPv4.
fn address_of(digits: &str) -> Option<Option<Ipv4Addr>> {
    let word = |at: usize| {
        let digits = digits.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let v4 = |word: u32| Some(Ipv4Addr::from(word.to_ne_bytes()));
    const MAPPED: u32 = u32::from_ne_bytes([0, 0, 0xff, 0xff]);
    match digits.len() {
        8 => Some(v4(word(0)?)),
        32 => Some(match [word(0)?, word(1)?, word(2)?, word(3)?] {
            [0, 0, 0, 0] => v4(0),
            [0, 0, MAPPED, low] => v4(low),
            _ => None,
        }),
        _ => None,
    }
}

/// The process that has the socket with this number open, of those whose files this
/// user may see.
fn process_with(proc: &Path, inode: &str) -> Option<Holder> {
    let target = format!("socket:[{inode}]");
    let processes = fs::read_dir(proc).ok()?.flatten();
    let mut processes = processes.filter_map(|entry| {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((id, entry.path()))
    });
    let (id, path) = processes.find(|(_, path)| has_open(path, &target))?;
    let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
    let name = name.trim().to_owned();
    Some(Holder::Process { name, id })
}

fn has_open(process: &Path, target: &str) -> bool {
    let files = fs::read_dir(process.join("fd"))
        .into_iter()
        .flatten()
        .flatten();
    files
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|link| link == Path::new(target))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};
    use std::os::unix::fs::symlink;
    use std::process;

    use super::*;

    #[test]
    fn a_port_that_we_hold_is_ours() {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let udp = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port");
        for (port, kind) in [
            (tcp.local_addr().expect("bound").port(), "tcp"),
            (udp.local_addr().expect("bound").port(), "udp"),
        ] {
            let publish = format!("{port}:80/{kind}").parse().expect("ports");
            match find(&publish) {
                Some(Holder::Process { id, name }) => {
                    assert_eq!(id, process::id());
                    assert!(!name.is_empty());
                }
                other => panic!("{kind}: {other:?}"),
            }
        }
    }

    const HEAD: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when \
                        retrnsmt   uid  timeout inode\n";

    fn line(address: &str, state: &str) -> String {
        format!("   0: {address}:1F90 0:0 {state} 0:0 00:0 0 1000 0 77 1 0 100 0 0 10 0\n")
    }

    /// Who holds port 8080 where these sockets are listed.
    fn holder(tcp: &str, tcp6: &str, has_process: bool) -> Option<Holder> {
        let proc = tempfile::tempdir().expect("a folder");
        let at = |name: &str| proc.path().join(name);
        fs::create_dir_all(at("net")).expect("a folder");
        fs::create_dir_all(at("31/fd")).expect("a folder");
        fs::write(at("net/tcp"), [HEAD, tcp].concat()).expect("a file");
        fs::write(at("net/tcp6"), [HEAD, tcp6].concat()).expect("a file");
        fs::write(at("31/comm"), "web server\n").expect("a file");
        if has_process {
            symlink("socket:[77]", at("31/fd/3")).expect("a link");
        }
        find_below(proc.path(), &"8080:80".parse().expect("ports"))
    }

    #[test]
    fn a_holder_is_known_by_the_number_of_its_socket() {
        let any = u32::from_ne_bytes([127, 0, 0, 1]);
        let own = line(&format!("{any:08X}"), LISTENS);
        let name = "web server".to_owned();
        assert_eq!(
            holder(&own, "", true),
            Some(Holder::Process { name, id: 31 })
        );
        assert_eq!(holder(&own, "", false), Some(Holder::Unseen { user: 1000 }));
    }

    #[test]
    fn only_who_listens_at_such_an_address_holds_it() {
        let zero = "00000000";
        let other = format!("{:08X}", u32::from_ne_bytes([10, 0, 0, 1]));
        let mapped = [zero, zero, "FFFF0000", zero].concat();
        let six = [zero, zero, zero, "01000000"].concat();
        for (tcp, tcp6, is_held) in [
            (line(zero, LISTENS), String::new(), true),
            (line(zero, "01"), String::new(), false),
            (line(&other, LISTENS), String::new(), false),
            (String::new(), line(&zero.repeat(4), LISTENS), true),
            (
                String::new(),
                line(&mapped, LISTENS),
                cfg!(target_endian = "little"),
            ),
            (String::new(), line(&six, LISTENS), false),
            ("nonsense\n   0: zz\n".to_owned(), "\n".to_owned(), false),
        ] {
            let holder = holder(&tcp, &tcp6, false);
            assert_eq!(holder.is_some(), is_held, "{tcp}{tcp6}");
        }
    }
}
