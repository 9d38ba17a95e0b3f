//! The link: the card, its buffers, and who is where on the cable.

pub mod card;
pub mod ethernet;
pub mod frames;
pub mod header;
pub mod inbox;
pub mod loopback;
pub mod neighbours;
