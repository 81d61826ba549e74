//! Which keys are none. Their comparison with the nodes' own rule is a test in TypeScript.
use merogate_core::{is_strong, verify, Host, Id, Signature};

/// y coordinates of the eight points whose order divides eight.
fn small_order() -> Vec<Id> {
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    let eight = *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05";
    let other = *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a";
    vec![[0; 32], one, minus_one, eight, other]
}

/// The base point (RFC 8032 5.1): y is 4/5.
const BASE: Id = [
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
];

#[test]
fn are_points_that_are_not_of_small_order() {
    assert!(is_strong(&BASE));
    for mut y in small_order() {
        assert!(!is_strong(&y));
        y[31] |= 0x80;
        assert!(!is_strong(&y));
    }
    // 2^255 - 19 + n is n again
    for low in 0xed..=0xff {
        let mut y = [0xff; 32];
        y[0] = low;
        y[31] = 0x7f;
        assert!(!is_strong(&y));
    }
    // limbs full of ones, of a point that there is
    let mut ones = [0xff; 32];
    ones[25..].copy_from_slice(&[118, 123, 192, 85, 101, 162, 140]);
    assert!(is_strong(&ones));
    // no point has y = 2
    let mut two = [0; 32];
    two[0] = 2;
    assert!(!is_strong(&two));
}

/// Takes whatever it is asked.
struct Gullible;

impl Host for Gullible {
    fn sha256(&self, _: &[u8]) -> Id {
        [0; 32]
    }

    fn verify(&self, _: &Id, _: &[u8], _: &Signature) -> bool {
        true
    }

    fn is_contract(&self, _: &[u8]) -> bool {
        true
    }
}

#[test]
fn are_asked_about_only_with_signatures_that_every_verifier_takes_alike() {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&BASE);
    assert!(verify(&Gullible, &BASE, b"message", &signature));
    for length in [0, 1, 63] {
        assert!(!verify(&Gullible, &BASE, b"message", &signature[..length]));
    }
    assert!(!verify(&Gullible, &[0; 32], b"message", &signature));
    for weak in small_order() {
        let mut other = signature;
        other[..32].copy_from_slice(&weak);
        assert!(!verify(&Gullible, &BASE, b"message", &other));
    }
    // S of the order of the group is 0 once more
    let order = b"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10";
    let mut other = signature;
    other[32..].copy_from_slice(order);
    assert!(!verify(&Gullible, &BASE, b"message", &other));
    other[32] -= 1;
    assert!(verify(&Gullible, &BASE, b"message", &other));
}
