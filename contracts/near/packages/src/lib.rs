//! The package registry on NEAR.
use merogate_core::interface::Refusal;
use merogate_core::packages::{self, queries, state::Channel};
use merogate_core::{Decision, Here, Id};
use merogate_near::{answer, arguments, entry_points, shared_entry_points, Chain, Rules};

struct Packages;

impl Rules for Packages {
    const NOT_FOUND: Refusal = Refusal::PackageNotFound;

    fn decide(here: &Here<'_>, envelope: &[u8], signature: &[u8]) -> Decision {
        packages::decide(&Chain, &Chain, here, envelope, signature)
    }

    fn is_known(package: &Id) -> bool {
        queries::package(&Chain, package).is_some()
    }

    fn group_of(subject: &Id) -> Id {
        *subject
    }

    /// A signer has one row of nonces for all packages.
    fn counted_in(_package: &Id) -> Id {
        [0; 32]
    }

    fn next_nonce(_package: &Id, signer: &Id) -> u64 {
        queries::nonce(&Chain, signer)
    }
}

shared_entry_points!(Packages, "packages");

entry_points! {
    package => answer(&queries::package(&Chain, &arguments()));
    release => release_of_version();
    latest => latest_of_channels();
    releases => page_of_releases();
    nonce => answer(&queries::nonce(&Chain, &arguments()));
}

/// A release with its position in the order of publication.
fn release_of_version() {
    let (id, version): (Id, String) = arguments();
    answer(&queries::release(&Chain, &id, &version));
}

/// The highest stable release, and the highest pre-release.
fn latest_of_channels() {
    let id: Id = arguments();
    let of = |channel| queries::latest(&Chain, &id, channel);
    answer(&(of(Channel::Stable), of(Channel::PreRelease)));
}

/// Revision, total, and releases, newest first.
fn page_of_releases() {
    let (id, offset, length) = arguments();
    let page = queries::release_page(&Chain, &id, offset, length);
    answer(&page.map(|queries::ReleasePage { revision, total, items }| (revision, total, items)));
}
