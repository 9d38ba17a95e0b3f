//! What the command line gives the guest for its network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use domains::network::Setting;
use domains::network::setting::{SERVERS, flag};

use super::error::NetworkError;
use super::neighbours::Neighbours;
use super::prefixed::Prefixed;
use super::{Backend, HostName};

/// Addresses, routers, servers and a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// The guest's own addresses: one of each version, at most.
    pub addresses: Vec<Prefixed>,
    /// Its routers, likewise.
    pub routers: Vec<IpAddr>,
    /// Servers of names.
    pub servers: Vec<IpAddr>,
    /// What it is called.
    pub host: HostName,
}

impl Given {
    /// What the guest is told, if it goes together.
    pub fn setting(&self, backend: &Backend) -> Result<Setting, NetworkError> {
        let [host, domain] = self.host.texts();
        let mut setting = Setting {
            host,
            domain,
            ..Setting::NONE
        };
        for is_wanted in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
            self.version(is_wanted, backend, &mut setting)?;
        }
        self.servers(backend, &mut setting)?;
        Ok(setting)
    }

    /// Tells address and router of one version.
    fn version(
        &self,
        is_wanted: fn(&IpAddr) -> bool,
        backend: &Backend,
        setting: &mut Setting,
    ) -> Result<(), NetworkError> {
        let own = self
            .addresses
            .iter()
            .filter(|own| is_wanted(&own.address()));
        let own = only(own.copied(), "--ip")?;
        let router = self.routers.iter().filter(|router| is_wanted(router));
        let router = only(router.copied(), "--gateway")?;
        match (own, router) {
            (None, None) => Ok(()),
            (None, Some(router)) => Err(NetworkError::RouterAlone(router)),
            (Some(own), router) => {
                judge(own, router, backend)?;
                let router = match backend {
                    Backend::User => Some(Neighbours::of(own, router).router),
                    Backend::Tap(_) | Backend::Socket(_) | Backend::None => router,
                };
                tell(own, router, setting);
                Ok(())
            }
        }
    }

    /// Tells the servers. Who is lent no address is told of none by DHCP, either: in
    /// QEMU's network there is one.
    fn servers(&self, backend: &Backend, setting: &mut Setting) -> Result<(), NetworkError> {
        let mut servers = self.servers.clone();
        if servers.len() > SERVERS {
            return Err(NetworkError::ManyServers(servers.len()));
        }
        if let Some(server) = servers
            .iter()
            .find(|it| it.is_unspecified() || it.is_multicast())
        {
            return Err(NetworkError::NoServer(*server));
        }
        let own = self.addresses.iter().find(|own| own.address().is_ipv4());
        if let (Some(own), Backend::User, []) = (own, backend, servers.as_slice()) {
            let router = self.routers.iter().find(|router| router.is_ipv4());
            servers.push(Neighbours::of(*own, router.copied()).server);
        }
        for (place, server) in setting.servers.iter_mut().zip(&servers) {
            *place = mapped(*server);
            setting.flags |= flag::STATIC_SERVERS;
        }
        Ok(())
    }
}

/// The only one of them; an error if there are several.
fn only<T>(
    mut all: impl Iterator<Item = T>,
    option: &'static str,
) -> Result<Option<T>, NetworkError> {
    let first = all.next();
    match all.next() {
        None => Ok(first),
        Some(_) => Err(NetworkError::Twice(option)),
    }
}

/// Whether a router can be one for `own`.
fn judge(own: Prefixed, router: Option<IpAddr>, backend: &Backend) -> Result<(), NetworkError> {
    if *backend == Backend::User {
        Neighbours::judge(own, router)?;
    }
    let Some(router) = router else {
        return Ok(());
    };
    let is_of_link = match router {
        IpAddr::V4(_) => false,
        IpAddr::V6(router) => router.is_unicast_link_local(),
    };
    let is_host = Prefixed::new(router, own.prefix()).is_ok();
    match own.is_beside(router) && is_host && router != own.address() || is_of_link {
        true => Ok(()),
        false => Err(NetworkError::Outside(own, router)),
    }
}

fn tell(own: Prefixed, router: Option<IpAddr>, setting: &mut Setting) {
    match own.address() {
        IpAddr::V4(address) => {
            setting.flags |= flag::STATIC_V4;
            setting.address_v4 = address.octets();
            setting.prefix_v4 = own.prefix();
            if let Some(IpAddr::V4(router)) = router {
                setting.router_v4 = router.octets();
            }
        }
        IpAddr::V6(address) => {
            setting.flags |= flag::STATIC_V6;
            setting.address_v6 = address.octets();
            setting.prefix_v6 = own.prefix();
            if let Some(IpAddr::V6(router)) = router {
                setting.router_v6 = router.octets();
            }
        }
    }
}

fn mapped(server: IpAddr) -> [u8; 16] {
    match server {
        IpAddr::V4(server) => server.to_ipv6_mapped().octets(),
        IpAddr::V6(server) => server.octets(),
    }
}

/// The guest's address of IPv4, if a setting gives it.
pub(super) fn address_v4(setting: &Setting) -> Option<Ipv4Addr> {
    v4(setting).map(|_| Ipv4Addr::from(setting.address_v4))
}

/// The address of IPv4 that a setting gives, with its router.
pub(super) fn v4(setting: &Setting) -> Option<(Prefixed, IpAddr)> {
    let own = Ipv4Addr::from(setting.address_v4);
    let router = Ipv4Addr::from(setting.router_v4);
    let own = Prefixed::new(own.into(), setting.prefix_v4).ok();
    let own = own.filter(|_| setting.flags & flag::STATIC_V4 != 0);
    own.map(|own| (own, router.into()))
}

/// The address of IPv6 that a setting gives, with its router.
pub(super) fn v6(setting: &Setting) -> Option<(Prefixed, IpAddr)> {
    let own = Ipv6Addr::from(setting.address_v6);
    let router = Ipv6Addr::from(setting.router_v6);
    let own = Prefixed::new(own.into(), setting.prefix_v6).ok();
    let own = own.filter(|_| setting.flags & flag::STATIC_V6 != 0);
    own.map(|own| (own, router.into()))
}

#[cfg(test)]
mod tests;
