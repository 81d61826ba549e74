//! A package while an operation changes it: header, releases, lines and what they offer, kept consistent on top of what is stored.
use alloc::string::String;
use core::cmp::Ordering;

use crate::draft::{read, Draft};
use crate::interface::{limit, Refusal};
use crate::layout::Id;
use crate::packages::majors::{add_major, remove_major};
use crate::packages::operation::Release;
use crate::packages::semver::Version;
use crate::packages::state::{
    line_key, number_key, package_key, release_key, Channel, Line, Package, Published,
};

/// Where a version is offered.
fn channel_of(version: &Version<'_>) -> Channel {
    if version.pre_release.is_empty() {
        Channel::Stable
    } else {
        Channel::PreRelease
    }
}

/// A version that was checked before it got here.
fn known_version(text: &str) -> Version<'_> {
    match Version::parse(text) {
        Some(version) => version,
        None => panic!("a stored version is none"),
    }
}

pub(crate) struct PackageDraft<'a> {
    pub id: Id,
    pub rows: Draft<'a>,
    header: Package,
}

impl<'a> PackageDraft<'a> {
    pub fn new(id: Id, rows: Draft<'a>, header: Package) -> Self {
        Self { id, rows, header }
    }

    pub fn header(&self) -> &Package {
        &self.header
    }

    /// Changes the header, and counts the change.
    pub fn update(&mut self, change: impl FnOnce(&mut Package)) -> Result<u64, Refusal> {
        if self.header.revision >= limit::PACKAGE_REVISION {
            return Err(Refusal::LimitExceeded);
        }
        change(&mut self.header);
        self.header.revision += 1;
        self.rows.set(package_key(&self.id), &self.header);
        Ok(self.header.revision)
    }

    /// Number and record of a release.
    pub fn find(&self, version: &str) -> Option<(u32, Published)> {
        let number = read(&self.rows, &number_key(&self.id, version))?;
        Some((number, self.release(number)?))
    }

    /// Whether a version was never there, and is above all of its line that are on offer.
    pub fn is_next(&self, text: &str) -> bool {
        if read::<u32>(&self.rows, &number_key(&self.id, text)).is_some() {
            return false;
        }
        let version = known_version(text);
        let Line { stable, pre_release } = self.line(version.major);
        [stable, pre_release].into_iter().filter_map(|number| self.release(number)).all(|below| {
            version.compare(&known_version(&below.release.version)) == Ordering::Greater
        })
    }

    /// Adds a release with the next number. Its version is above all others of its line, so it is the highest of its channel there.
    pub fn insert(&mut self, release: &Release, publisher: Id) {
        let version = known_version(&release.version);
        let channel = channel_of(&version);
        let line = self.line(version.major);
        let number = self.header.releases + 1;
        let previous = line.highest(channel);
        let release = release.clone();
        let published =
            Published { release: release.clone(), publisher, previous, next: 0, yank_reason: None };
        self.set_release(number, &published);
        self.link(previous, |below| below.next = number);
        if previous == 0 {
            add_major(&mut self.rows, &self.id, channel, version.major);
        }
        self.set_line(version.major, line.with_highest(channel, number));
        self.rows.set(number_key(&self.id, &release.version), &number);
    }

    /// Takes a release that was not yanked out of what is offered.
    pub fn yank(&mut self, number: u32, published: Published, reason: String) {
        let Published { previous, next, .. } = published;
        let text = published.release.version.clone();
        let version = known_version(&text);
        let channel = channel_of(&version);
        let yanked = Published { previous: 0, next: 0, yank_reason: Some(reason), ..published };
        self.set_release(number, &yanked);
        self.link(previous, |below| below.next = next);
        self.link(next, |above| above.previous = previous);
        if next == 0 {
            let line = self.line(version.major);
            self.set_line(version.major, line.with_highest(channel, previous));
            if previous == 0 {
                remove_major(&mut self.rows, &self.id, channel, version.major);
            }
        }
    }

    /// Changes a neighbour's link; number 0 has none.
    fn link(&mut self, number: u32, change: impl FnOnce(&mut Published)) {
        if let Some(mut published) = self.release(number) {
            change(&mut published);
            self.set_release(number, &published);
        }
    }

    fn release(&self, number: u32) -> Option<Published> {
        if number == 0 {
            return None;
        }
        read(&self.rows, &release_key(&self.id, number))
    }

    fn set_release(&mut self, number: u32, published: &Published) {
        self.rows.set(release_key(&self.id, number), published);
    }

    fn line(&self, major: u32) -> Line {
        read(&self.rows, &line_key(&self.id, major)).unwrap_or(Line { stable: 0, pre_release: 0 })
    }

    fn set_line(&mut self, major: u32, line: Line) {
        self.rows.set(line_key(&self.id, major), &line);
    }
}
