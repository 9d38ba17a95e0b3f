//! The headers of IPv6 between that of IP and what a packet carries.

use smoltcp::wire::IpProtocol;

use super::parse::Fragment;
use crate::bytes;

/// The most headers that a packet may have. Real ones have one or two.
const HEADERS: usize = 8;
/// The most options that a header may have.
const OPTIONS: usize = 32;
/// The number of the header of a part.
pub const NEXT_PART: u8 = 44;
/// Bytes of the header of a fragment, and what others are a multiple of.
const UNIT: usize = 8;

/// What stands behind the headers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Headers<'a> {
    /// What the packet carries.
    pub protocol: IpProtocol,
    /// That.
    pub payload: &'a [u8],
    /// Which part it is of a larger packet; then no header behind that was looked at.
    pub fragment: Option<Fragment>,
}

/// Passes over the headers that begin `payload`; none if the packet is not for those
/// who do not know one of them.
pub fn walk(first: IpProtocol, payload: &[u8]) -> Option<Headers<'_>> {
    // What every router looks at stands in front of all else.
    let headers = match first {
        IpProtocol::HopByHop => {
            let (next, rest) = pass_over(first, payload)?;
            pass_over_all(next, rest)?
        }
        _ => pass_over_all(first, payload)?,
    };
    if headers.protocol != IpProtocol::Ipv6Frag {
        return carried(headers);
    }
    let fragment = fragment(headers.payload)?;
    let protocol = IpProtocol::from(bytes::byte(headers.payload, 0)?);
    let payload = headers.payload.get(UNIT..)?;
    if fragment.at == 0 && fragment.is_last {
        // Complete by itself (RFC 6946).
        return walk_behind_fragment(protocol, payload);
    }
    Some(Headers {
        protocol,
        payload,
        fragment: Some(fragment),
    })
}

/// The same for what was put together, or was never apart: it has no fragments again.
pub fn walk_behind_fragment(first: IpProtocol, payload: &[u8]) -> Option<Headers<'_>> {
    carried(pass_over_all(first, payload)?)
}

/// What is no header any more.
fn carried(headers: Headers<'_>) -> Option<Headers<'_>> {
    let is_header = matches!(
        headers.protocol,
        IpProtocol::HopByHop
            | IpProtocol::Ipv6Frag
            | IpProtocol::IpSecAh
            | IpProtocol::IpSecEsp
            | IpProtocol::Ipv6NoNxt
    );
    (!is_header).then_some(headers)
}

/// Passes over options and routes, up to a bound.
fn pass_over_all(first: IpProtocol, payload: &[u8]) -> Option<Headers<'_>> {
    let (mut protocol, mut payload) = (first, payload);
    for _ in 0..HEADERS {
        if !matches!(protocol, IpProtocol::Ipv6Opts | IpProtocol::Ipv6Route) {
            return Some(Headers {
                protocol,
                payload,
                fragment: None,
            });
        }
        (protocol, payload) = pass_over(protocol, payload)?;
    }
    None
}

/// What stands behind a header that may be passed over.
fn pass_over(header: IpProtocol, payload: &[u8]) -> Option<(IpProtocol, &[u8])> {
    let may_be = match header {
        // Nothing is routed on from here (RFC 8200, 4.4).
        IpProtocol::Ipv6Route => bytes::byte(payload, 3)? == 0,
        _ => has_only_known_options(payload),
    };
    let next = IpProtocol::from(bytes::byte(payload, 0)?);
    let rest = payload.get(size_of_header(payload)?..)?;
    may_be.then_some((next, rest))
}

fn size_of_header(header: &[u8]) -> Option<usize> {
    let units = usize::from(bytes::byte(header, 1)?);
    units.checked_add(1)?.checked_mul(UNIT)
}

fn fragment(header: &[u8]) -> Option<Fragment> {
    let place = bytes::half(header, 2)?;
    Some(Fragment {
        identity: bytes::word(header, 4)?,
        at: usize::from(place & !7),
        is_last: place & 1 == 0,
    })
}

/// Whether all options of a header may be passed over by who does not know them
/// (RFC 8200, 4.2).
fn has_only_known_options(header: &[u8]) -> bool {
    let options = size_of_header(header).and_then(|size| header.get(2..size));
    let Some(mut options) = options else {
        return false;
    };
    for _ in 0..OPTIONS {
        let size = match options {
            [] => return true,
            [0, ..] => 1,
            [kind, size, ..] if kind >> 6 == 0 => usize::from(*size).saturating_add(2),
            _ => return false,
        };
        match options.get(size..) {
            Some(rest) => options = rest,
            None => return false,
        }
    }
    false
}
