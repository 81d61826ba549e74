//! Signed requests: their bytes, their hashes, and the checks that every contract makes of every one of them, in one order.
use alloc::vec::Vec;

use crate::host::{Here, Host, Refused};
use crate::interface::{limit, tag, Refusal, ENVELOPE_VERSION};
use crate::keys::{is_strong, verify_by_strong};
use crate::layout::{decode, record, Id, Layout, Malformed, Reader};

record! {
    /// Which contract something is meant for; nothing that was signed for one is good at another.
    pub struct Domain {
        /// Number of the chain, see `interface::chain`.
        pub chain: u8,
        /// Names the network; how it is made differs per chain.
        pub network: Id,
        /// The contract's address in the chain's own bytes.
        pub contract: Vec<u8>,
    }
}

record! {
    /// A request without what is asked for.
    pub struct Head {
        pub domain: Domain,
        /// A context, a group or a package: the operation says which.
        pub subject: Id,
        pub signer: Id,
        pub nonce: u64,
        /// Last second at which it may be applied, Unix time.
        pub valid_until: u64,
        /// Apply only at this revision of the member list.
        pub if_members_revision: Option<u64>,
        /// Apply only at this revision of the application.
        pub if_application_revision: Option<u64>,
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<O> {
    pub head: Head,
    pub operation: O,
}

impl<O: Layout> Layout for Envelope<O> {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        if u8::read(from)? != ENVELOPE_VERSION {
            return Err(Malformed);
        }
        Ok(Self { head: Head::read(from)?, operation: O::read(from)? })
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.push(ENVELOPE_VERSION);
        self.head.write(to);
        self.operation.write(to);
    }
}

/// The request that bytes are.
pub fn decode_envelope<O: Layout>(bytes: &[u8]) -> Result<Envelope<O>, Refusal> {
    if bytes.len() > limit::ENVELOPE_BYTES {
        return Err(Refusal::LimitExceeded);
    }
    decode(bytes).map_err(|Malformed| Refusal::Malformed)
}

/// SHA-256 of what a tag marks.
pub(crate) fn tagged_hash(host: &impl Host, tag: &[u8], parts: &[&[u8]]) -> Id {
    let mut bytes = tag.to_vec();
    for part in parts {
        bytes.extend_from_slice(part);
    }
    host.sha256(&bytes)
}

/// What the signer of an envelope signs, over the bytes as they came.
pub fn envelope_digest(host: &impl Host, envelope: &[u8]) -> Id {
    tagged_hash(host, tag::OPERATION, &[envelope])
}

/// Whether the request is meant for this contract, now.
pub(crate) fn check_domain_and_time(head: &Head, here: &Here<'_>) -> Result<(), Refusal> {
    if head.domain != *here.domain {
        return Err(Refusal::WrongDomain);
    }
    let latest = here.now.saturating_add(limit::VALIDITY_SECONDS);
    if head.valid_until < here.now || head.valid_until > latest {
        return Err(Refusal::Expired);
    }
    Ok(())
}

/// Whether the signer signed the bytes as they came, with a key that means something.
pub(crate) fn check_signature(
    host: &impl Host,
    signer: &Id,
    envelope: &[u8],
    signature: &[u8],
) -> Result<(), Refusal> {
    if !is_strong(signer) {
        return Err(Refusal::WeakKey);
    }
    if verify_by_strong(host, signer, &envelope_digest(host, envelope), signature) {
        Ok(())
    } else {
        Err(Refusal::BadSignature)
    }
}

/// A nonce that is not the one that would have been right.
pub(crate) fn check_nonce(given: u64, expected: u64) -> Result<(), Refused> {
    if given == expected {
        Ok(())
    } else {
        Err(Refused { refusal: Refusal::BadNonce, expected: Some(expected) })
    }
}
