//! The Internet protocol of both versions: addresses, headers, parts, ways, groups.

pub mod addresses;
pub mod checksum;
pub mod extension;
pub mod groups;
pub mod header;
pub mod ndp;
pub mod parse;
pub mod paths;
pub mod prefix;
pub mod quote;
pub mod reassembly;
pub mod sum;
