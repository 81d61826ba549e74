//! Precedence of versions, by the examples of https://semver.org/spec/v2.0.0.html#spec-item-11.
use merogate_core::packages::Version;
use std::cmp::Ordering;

const RISING: [&str; 14] = [
    "0.9.9",
    "1.0.0-0",
    "1.0.0-9",
    "1.0.0-10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1--",
    "4294967295.0.0",
];

#[test]
fn orders_the_examples() {
    for (at, one) in RISING.iter().enumerate() {
        for (place, other) in RISING.iter().enumerate() {
            let (a, b) = (Version::parse(one).unwrap(), Version::parse(other).unwrap());
            assert_eq!(a.compare(&b), at.cmp(&place), "{one} {other}");
        }
    }
    let same = Version::parse("1.0.0-a").unwrap();
    assert_eq!(same.compare(&same), Ordering::Equal);
}

#[test]
fn takes_nothing_that_is_no_version() {
    for text in [
        "",
        "1",
        "1.0",
        "1.0.0.0",
        "01.0.0",
        "1.00.0",
        "1.0.0-",
        "1.0.0-01",
        "1.0.0-a..b",
        "1.0.0+build",
        "1.0.0-a+b",
        "v1.0.0",
        "1.0.0 ",
        " 1.0.0",
        "1.0.-1",
        "4294967296.0.0",
        "1.0.0-é",
        "+1.0.0",
        "1..0",
    ] {
        assert!(Version::parse(text).is_none(), "{text}");
    }
    assert!(Version::parse("1.0.0-00a.0.-").is_some());
}
