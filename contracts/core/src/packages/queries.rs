//! What can be read of the registry's records. Each costs a bounded number of look-ups by key.
use alloc::vec::Vec;

use crate::draft::read;
use crate::host::View;
use crate::interface::limit;
use crate::layout::Id;
use crate::packages::majors::highest_major;
use crate::packages::state::{
    line_key, nonce_key, number_key, package_key, release_key, Channel, Line, Package, Published,
};

/// A package by its id.
pub fn package(view: &impl View, id: &Id) -> Option<Package> {
    read(view, &package_key(id))
}

/// A release with its position in the order of publication, from 0.
pub type Numbered = (u32, Published);

fn release_at(view: &impl View, id: &Id, number: u32) -> Option<Numbered> {
    Some((number.checked_sub(1)?, read(view, &release_key(id, number))?))
}

/// A release by its version.
pub fn release(view: &impl View, id: &Id, version: &str) -> Option<Numbered> {
    release_at(view, id, read(view, &number_key(id, version))?)
}

/// The highest release of a channel that is not yanked: that of the highest line that has one.
pub fn latest(view: &impl View, id: &Id, channel: Channel) -> Option<Numbered> {
    let line: Line = read(view, &line_key(id, highest_major(view, id, channel)?))?;
    release_at(view, id, line.highest(channel))
}

/// Part of a list of releases. Start over when another page shows another revision.
pub struct ReleasePage {
    pub revision: u64,
    pub total: u32,
    pub items: Vec<Numbered>,
}

/// Releases, newest first by slot; at most `limit::RELEASE_PAGE`, whatever is asked for.
pub fn release_page(view: &impl View, id: &Id, offset: u32, length: u32) -> Option<ReleasePage> {
    let Package { revision, releases: total, .. } = package(view, id)?;
    let newest = total.saturating_sub(offset);
    let end = newest.saturating_sub(length.min(limit::RELEASE_PAGE as u32));
    let items = (end + 1..=newest).rev().filter_map(|number| release_at(view, id, number));
    Some(ReleasePage { revision, total, items: items.collect() })
}

/// The nonce that a signer must use next.
pub fn nonce(view: &impl View, signer: &Id) -> u64 {
    read(view, &nonce_key(signer)).unwrap_or(0)
}
