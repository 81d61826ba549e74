//! What the contracts on NEAR, the Internet Computer and Stellar have in common. No chain, no clock and no storage in here, and
//! nothing but `core` and `alloc`: what a chain knows comes in by traits.
//!
//! [`interface`] has the names and numbers that these share with the contracts on Ethereum and with the nodes.
#![no_std]
#![forbid(unsafe_code)]

// generated, and laid out by what generates it
#[rustfmt::skip]
pub mod interface;
