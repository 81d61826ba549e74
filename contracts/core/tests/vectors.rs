//! Envelopes of the vectors that the codec in TypeScript and the borsh package agree on: they decode, and encode to the same bytes.
use merogate_core::{decode, decode_envelope, encode, groups, packages, Envelope, Layout};

const GROUPS: &str = include_str!("../../../test/vectors/anchor-envelopes.json");
const PACKAGES: &str = include_str!("../../../test/vectors/package-envelopes.json");

/// Bytes of each envelope of a file, which has one a line.
fn envelopes(file: &str) -> Vec<Vec<u8>> {
    let digits =
        |line: &str| Some(line.split("\"envelope\": \"").nth(1)?.split('"').next()?.to_owned());
    let found: Vec<String> = file.lines().filter_map(digits).collect();
    assert!(found.len() > 5);
    let byte = |text: &str, at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
    found.iter().map(|text| (0..text.len() / 2).map(|at| byte(text, at)).collect()).collect()
}

fn check<O: Layout>(file: &str) {
    for bytes in envelopes(file) {
        let envelope: Envelope<O> = decode(&bytes).expect("a vector");
        assert_eq!(encode(&envelope), bytes);
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(decode::<Envelope<O>>(&longer).is_err());
        for length in 0..bytes.len() {
            assert!(decode::<Envelope<O>>(&bytes[..length]).is_err());
        }
    }
}

#[test]
fn decodes_what_is_asked_of_groups() {
    check::<groups::Operation>(GROUPS);
}

#[test]
fn decodes_what_is_asked_of_packages() {
    check::<packages::Operation>(PACKAGES);
}

#[test]
fn takes_no_operation_of_the_other_contract() {
    for bytes in envelopes(PACKAGES) {
        assert!(decode_envelope::<groups::Operation>(&bytes).is_err());
    }
    for bytes in envelopes(GROUPS) {
        assert!(decode_envelope::<packages::Operation>(&bytes).is_err());
    }
}
