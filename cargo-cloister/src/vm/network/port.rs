//! Whether a port of this machine can be published.

use std::io::{self, ErrorKind};

use super::error::NetworkError;
use super::trouble::PortTrouble;
use super::{Publish, holder};

/// Below it, ports are for whoever has the right.
const PRIVILEGED: u16 = 1024;

/// Looks whether the port can be had now.
pub(super) fn try_out(publish: &Publish) -> Result<(), NetworkError> {
    let tried = publish.try_host_port();
    tried.map_err(|source| refused(publish, Some(source)))
}

/// The error about a port that could not be had, for this reason if it is known.
pub(super) fn refused(publish: &Publish, source: Option<io::Error>) -> NetworkError {
    let kind = source.as_ref().map(io::Error::kind);
    let trouble = match kind {
        Some(ErrorKind::AddrInUse) => PortTrouble::Taken(holder::find(publish)),
        Some(ErrorKind::PermissionDenied) if publish.host < PRIVILEGED => {
            PortTrouble::Privileged
        }
        Some(ErrorKind::AddrNotAvailable) => PortTrouble::Foreign,
        _ => PortTrouble::Other,
    };
    NetworkError::Port {
        publish: *publish,
        trouble,
        source,
    }
}

#[cfg(test)]
mod tests {
    use miette::Diagnostic;

    use super::*;

    fn help(publish: &str, kind: ErrorKind) -> String {
        let publish = publish.parse().expect("ports");
        let error = refused(&publish, Some(kind.into()));
        let help = error.help().expect("each says what to do");
        format!("{error}: {help}")
    }

    #[test]
    fn each_reason_has_its_advice() {
        let told = help("80:80", ErrorKind::PermissionDenied);
        assert!(
            told.contains("below 1024") && told.contains("8080"),
            "{told}"
        );
        let told = help("192.0.2.1:8080:80", ErrorKind::AddrNotAvailable);
        assert!(told.contains("no address of this machine"), "{told}");
        let told = help("8080:80/udp", ErrorKind::OutOfMemory);
        assert!(told.contains("udp port 8080 on 127.0.0.1"), "{told}");
    }
}
