//! The one door for signed requests. It is anybody's: whoever brings a request has no other part in it.
use merogate_core::interface::limit;
use merogate_core::{envelope_digest, Accepted, Here};

use crate::chain::{now, Chain};
use crate::creation;
use crate::log::{self, Entry};
use crate::settings::{domain, settings};
use crate::store::{commit, Stored};
use crate::types::{Applied, Blob, Refused};
use crate::Rules;
use merogate_icp_tree::Write;

/// Bytes of a message with a request, beside the envelope: the signature, and what Candid needs.
const AROUND_ENVELOPE: usize = 1_024;

/// What a request does, and what is written down of that; nothing is stored yet.
fn decide<R: Rules>(
    stored: &Stored,
    envelope: &[u8],
    signature: &[u8],
) -> Result<(Accepted, Option<Write>), Refused> {
    let settings = settings(stored);
    let (now, has_predecessor) = (now(), settings.predecessor.is_some());
    let here = Here { domain: &domain(&settings), now, has_predecessor };
    let accepted = R::decide(stored, &here, envelope, signature)?;
    let made = creation::admit(stored, &settings, now, accepted.event.as_ref())?;
    Ok((accepted, made))
}

/// `apply`: does what a request asks for. A refusal keeps nothing.
pub fn apply<R: Rules>(envelope: &[u8], signature: &[u8]) -> Result<Applied, Refused> {
    let stored = Stored::open();
    let (accepted, made) = decide::<R>(&stored, envelope, signature)?;
    let place = log::next_place(&stored);
    let entry = Entry::new(place, envelope_digest(&Chain, envelope), &accepted);
    let changed = accepted.event.is_some();
    let mut writes = accepted.writes;
    writes.extend(made);
    writes.extend(log::remember::<R>(&stored, &entry));
    commit(&stored.0, &writes);
    Ok(Applied { place, changed })
}

/// `check`: what `apply` would refuse now, and with which number.
pub fn check<R: Rules>(envelope: &[u8], signature: &[u8]) -> Option<Refused> {
    decide::<R>(&Stored::open(), envelope, signature).err()
}

/// Takes in what has a chance, before it costs anything. What is dropped has no number, so all else is let through and answered.
pub fn inspect() {
    let is_taken = match ic_cdk::api::msg_method_name().as_str() {
        "apply" => {
            let given = ic_cdk::api::msg_arg_data();
            given.len() <= limit::ENVELOPE_BYTES + AROUND_ENVELOPE
                && candid::decode_args::<(Blob, Blob)>(&given).is_ok()
        }
        "check" | "cycles" | "adopt_group" | "adopt_context" => true,
        _ => false,
    };
    if is_taken {
        ic_cdk::api::accept_message();
    }
}
