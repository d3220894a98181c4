//! Which addresses are public, and which networks are one's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A network, as `10.1.0.0/16` or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    start: u128,
    bits: u32,
    v4: bool,
}

/// An address as 128 bits, and whether it is of version 4. A version 4 address inside one of version 6 is what it stands for.
fn plain(ip: IpAddr) -> (u128, bool) {
    match ip.to_canonical() {
        IpAddr::V4(ip) => (u128::from(ip.to_bits()) << 96, true),
        IpAddr::V6(ip) => (ip.to_bits(), false),
    }
}

fn cut(bits: u128, keep: u32) -> u128 {
    if keep == 0 { 0 } else { bits & (u128::MAX << (128 - keep)) }
}

impl Net {
    /// Whether an address is inside.
    pub fn holds(&self, ip: IpAddr) -> bool {
        let (bits, v4) = plain(ip);
        v4 == self.v4 && cut(bits, self.bits) == self.start
    }
}

impl FromStr for Net {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a network such as 10.1.0.0/16 or an address");
        let (ip, bits) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
        let (start, v4) = plain(ip.trim().parse().map_err(|_| wrong())?);
        let most = if v4 { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |b| b.trim().parse().map_err(|_| wrong()))?;
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { start: cut(start, bits), bits, v4 })
    }
}

/// Whether an address belongs to the public internet: IANA's special-purpose registries left out, and of the addresses
/// that carry another inside, only those whose inner one is public.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = a == 0
        || ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || (a == 100 && b & 0xC0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && b & 0xFE == 18)
        || ip.is_documentation()
        || a >= 224;
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    let inner = |hi: u16, lo: u16| is_public_v4(Ipv4Addr::from_bits(u32::from(hi) << 16 | u32::from(lo)));
    match s[0] {
        // NAT64, RFC 6052.
        0x64 if s[1] == 0xFF9B && s[2..6] == [0; 4] => inner(s[6], s[7]),
        // 6to4, RFC 3056.
        0x2002 => inner(s[1], s[2]),
        // Teredo, ORCHID, benchmarks; documentation.
        0x2001 if s[1] < 0x200 || s[1] == 0xDB8 => false,
        0x3FFF if s[1] < 0x1000 => false,
        first => first & 0xE000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_not_public() {
        for not in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "::7f00:1",
        ] {
            assert!(!is_public(not.parse().unwrap()), "{not}");
        }
        for yes in [
            "1.1.1.1",
            "93.184.216.34",
            "172.32.0.1",
            "100.128.0.1",
            "2606:2800:220:1::1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(yes.parse().unwrap()), "{yes}");
        }
    }

    #[test]
    fn networks_hold_what_they_say() {
        let net = |t: &str| t.parse::<Net>().unwrap();
        assert!(net("10.1.0.0/16").holds("10.1.2.3".parse().unwrap()));
        assert!(net("10.1.0.0/16").holds("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!net("10.1.0.0/16").holds("10.2.0.1".parse().unwrap()));
        assert!(net("127.0.0.1").holds("127.0.0.1".parse().unwrap()));
        assert!(!net("127.0.0.1").holds("127.0.0.2".parse().unwrap()));
        assert!(net("fd00::/8").holds("fd12::1".parse().unwrap()));
        assert!(net("0.0.0.0/0").holds("9.9.9.9".parse().unwrap()));
        assert!(!net("0.0.0.0/0").holds("2606::1".parse().unwrap()));
        for not in ["", "10.1", "10.0.0.0/33", "x/8", "::/129"] {
            assert!(not.parse::<Net>().is_err(), "{not}");
        }
    }
}
