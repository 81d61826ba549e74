//! Semantic versions 2.0.0 (https://semver.org/spec/v2.0.0.html) as the registry takes them: strict, each number a u32, no build metadata,
//! since two versions that differ in it alone have one precedence (item 10) and would be two releases of one rank.
use core::cmp::Ordering;

/// A version that was parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
    /// Identifiers with dots between them, behind the hyphen; empty for a stable version.
    pub pre_release: &'a str,
}

/// A number without leading zeros (item 2).
fn number(text: &str) -> Option<u32> {
    let is_plain =
        text.bytes().all(|c| c.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain {
        text.parse().ok()
    } else {
        None
    }
}

fn is_numeric(identifier: &str) -> bool {
    identifier.bytes().all(|c| c.is_ascii_digit())
}

/// Of [0-9A-Za-z-], not empty, and without leading zeros when all are digits (item 9).
fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
        && !(is_numeric(text) && text.len() > 1 && text.starts_with('0'))
}

/// Item 11.4: digits by value and below the rest, the rest in ASCII order. Without leading zeros the longer number is the greater one.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    match (is_numeric(a), is_numeric(b)) {
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

/// Items 11.3 and 11.4: none is above any, then the first difference counts, then the longer list.
fn compare_pre_releases(a: &str, b: &str) -> Ordering {
    if a.is_empty() || b.is_empty() {
        return a.is_empty().cmp(&b.is_empty());
    }
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(one), Some(other)) => compare_identifiers(one, other),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl<'a> Version<'a> {
    /// The version that a text is, or none.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (numbers, pre_release) = match text.split_once('-') {
            Some((numbers, rest)) => (numbers, Some(rest)),
            None => (text, None),
        };
        if pre_release.is_some_and(|rest| !rest.split('.').all(is_identifier)) {
            return None;
        }
        let mut parts = numbers.split('.').map(number);
        let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() {
            return None;
        }
        Some(Self { major, minor, patch, pre_release: pre_release.unwrap_or("") })
    }

    /// Which of two has the higher precedence (item 11).
    pub fn compare(&self, other: &Version<'_>) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_pre_releases(self.pre_release, other.pre_release))
    }
}
