//! Which addresses are public: none of this machine, its network or its provider's inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::Host;

/// A resolver that leaves out what is not public; nothing left is [`NotPublic`].
#[derive(Debug)]
pub(super) struct PublicOnly {
    inner: DefaultResolver,
    allow_loopback: bool,
}

/// See [`PublicOnly`].
#[derive(Debug)]
pub(super) struct NotPublic;

impl PublicOnly {
    pub(super) fn new(allow_loopback: bool) -> Self {
        Self { inner: DefaultResolver::default(), allow_loopback }
    }
}

impl Resolver for PublicOnly {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let all = self.inner.resolve(uri, config, timeout)?;
        // The operator's own proxy may stand anywhere.
        if config.proxy().is_some_and(|proxy| proxy.uri() == uri) {
            return Ok(all);
        }
        let mut kept = self.inner.empty();
        for address in all.iter().filter(|address| ip_is_allowed(address.ip(), self.allow_loopback))
        {
            kept.push(*address);
        }
        if kept.is_empty() { Err(Error::Other(Box::new(NotPublic))) } else { Ok(kept) }
    }
}

/// What can be told of a host before it is resolved.
pub(super) fn host_is_allowed(host: &Host<&str>, allow_loopback: bool) -> bool {
    match host {
        Host::Ipv4(ip) => ip_is_allowed(IpAddr::V4(*ip), allow_loopback),
        Host::Ipv6(ip) => ip_is_allowed(IpAddr::V6(*ip), allow_loopback),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            let inside = [".localhost", ".local", ".internal", ".lan", ".home.arpa"];
            match name.as_str() {
                "localhost" => allow_loopback,
                name => name.contains('.') && !inside.iter().any(|end| name.ends_with(end)),
            }
        }
    }
}

fn ip_is_allowed(ip: IpAddr, allow_loopback: bool) -> bool {
    let ip = ip.to_canonical();
    if ip.is_loopback() {
        return allow_loopback;
    }
    match ip {
        IpAddr::V4(ip) => v4_is_public(ip),
        IpAddr::V6(ip) => v6_is_public(ip),
    }
}

/// 198.18.0.0/15 stays: tunnels hand out its addresses as stand-ins for public names.
fn v4_is_public(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let special = a == 0 || a >= 240 || (a == 192 && matches!((b, c), (0, 0) | (88, 99)));
    let inside = ip.is_private() || ip.is_loopback() || ip.is_link_local();
    !(inside || shared || special || ip.is_multicast() || ip.is_documentation())
}

fn v6_is_public(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        v4_is_public(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, benchmarks, identifiers; documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // Only 2000::/3 is given out.
        [first, ..] => first >> 13 == 1,
    }
}

impl std::fmt::Display for NotPublic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name leads to no public address")
    }
}

impl std::error::Error for NotPublic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_allowed() {
        let allowed = |ip: &str, loopback| ip_is_allowed(ip.parse().unwrap(), loopback);
        for ip in ["1.1.1.1", "172.32.0.1", "198.18.0.5", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(allowed(ip, false), "{ip}");
        }
        for ip in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "fe80::1",
            "fc00::1",
            "::",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
            "2001:20::1",
            "3fff::1",
            "fec0::1",
            "ff02::1",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "2002:7f00:1::1",
            "2002:c0a8:101::1",
            "192.88.99.1",
            "192.0.0.8",
            "198.51.100.7",
            "240.0.0.1",
        ] {
            assert!(!allowed(ip, true), "{ip}");
        }
        for ip in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(allowed(ip, true) && !allowed(ip, false), "{ip}");
        }
    }

    #[test]
    fn names_of_the_inside_are_refused() {
        let allowed = |name: &str| host_is_allowed(&Host::Domain(name), false);
        for name in ["localhost", "db", "nas.local", "metadata.google.internal", "a.LOCALHOST."] {
            assert!(!allowed(name), "{name}");
        }
        assert!(
            allowed("tempfile.redpandaai.co") && host_is_allowed(&Host::Domain("localhost"), true)
        );
    }
}
