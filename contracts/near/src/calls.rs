//! How a call comes in and its answer goes out: Borsh in the layouts of the core, and JSON where a standard of NEAR has it.
use merogate_core::interface::Refusal;
use merogate_core::{decode, encode, Layout, Malformed, Refused};
use near_sdk::env;

/// To be called first: texts of panics are lost without it.
pub fn begin() {
    env::setup_panic_hook();
}

/// Ends the call without any effect. What was attached goes back.
pub fn refuse(refused: impl Into<Refused>) -> ! {
    let Refused { refusal, expected } = refused.into();
    let mut text = String::from("E");
    text.push_str(&refusal.number().to_string());
    text.push(':');
    text.push_str(refusal.name());
    if let Some(nonce) = expected {
        text.push(':');
        text.push_str(&nonce.to_string());
    }
    env::panic_str(&text)
}

/// Bytes of what a call is given.
pub(crate) fn input() -> Vec<u8> {
    env::input().unwrap_or_default()
}

/// What a call is given.
pub fn arguments<T: Layout>() -> T {
    match decode(&input()) {
        Ok(value) => value,
        Err(Malformed) => refuse(Refusal::Malformed),
    }
}

/// What a call answers.
pub fn answer(value: &impl Layout) {
    env::value_return(encode(value));
}
