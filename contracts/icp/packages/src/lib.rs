//! The package registry on the Internet Computer.
use merogate_core::packages::{self, queries, state::Channel};
use merogate_core::{Decision, Here, Id, View};
use merogate_icp::{id, proven, shared_methods, Blob, Chain, Proven, Rules};

struct Packages;

impl Rules for Packages {
    fn decide(view: &impl View, here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision {
        packages::decide(view, &Chain, here, envelope, signature)
    }

    fn group_of(_view: &impl View, subject: &Id) -> Id {
        *subject
    }

    /// A signer has one row of nonces for all packages.
    fn counted_in(_package: &Id) -> Id {
        [0; 32]
    }

    fn next_nonce(view: &impl View, _package: &Id, signer: &Id) -> u64 {
        queries::nonce(view, signer)
    }
}

shared_methods!(Packages);

#[ic_cdk::query]
fn package(package: Blob) -> Proven {
    proven(|view| {
        queries::package(view, &id(&package));
    })
}

#[ic_cdk::query]
fn release(package: Blob, version: String) -> Proven {
    proven(|view| {
        queries::release(view, &id(&package), &version);
    })
}

/// The highest stable release, and the highest pre-release.
#[ic_cdk::query]
fn latest(package: Blob) -> Proven {
    proven(|view| {
        let package = id(&package);
        queries::package(view, &package);
        queries::latest(view, &package, Channel::Stable);
        queries::latest(view, &package, Channel::PreRelease);
    })
}

/// Releases, newest first.
#[ic_cdk::query]
fn releases(package: Blob, offset: u32, length: u32) -> Proven {
    proven(|view| {
        queries::release_page(view, &id(&package), offset, length);
    })
}

#[ic_cdk::query]
fn nonce(signer: Blob) -> Proven {
    proven(|view| {
        queries::nonce(view, &id(&signer));
    })
}

ic_cdk::export_candid!();
