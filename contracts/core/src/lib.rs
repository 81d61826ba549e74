//! What the contracts on NEAR, the Internet Computer and Stellar have in common: their rules. No chain, no clock and no storage in here, and
//! nothing but `core` and `alloc`. A contract passes what it knows through [`View`], [`Host`] and [`Here`], calls [`groups::decide`] or
//! [`packages::decide`], and stores what that answers only when it is no refusal: so refusals have no effect on any chain, also where the platform does not roll back by
//! itself.
//!
//! [`interface`] has the names and numbers that these contracts share with those on Ethereum and with the nodes. The rules are those of the
//! reference model in TypeScript, which a test holds them to.
#![no_std]
#![forbid(unsafe_code)]
extern crate alloc;

mod draft;
mod envelope;
pub mod groups;
mod host;
// generated, and laid out by what generates it
#[rustfmt::skip]
pub mod interface;
mod keys;
mod layout;
pub mod packages;

pub use draft::read;
pub use envelope::{decode_envelope, envelope_digest, Domain, Envelope, Head};
pub use host::{Accepted, Decision, Event, Here, Host, Refused, Value, View};
pub use keys::{is_strong, verify};
pub use layout::{decode, encode, Bytes, Id, Layout, Malformed, Reader, Signature};
