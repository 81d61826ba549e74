//! What is said of ed25519 keys and signatures before a chain's own verifier is asked: verifiers differ in which weak keys and which second
//! encodings they take, and the rules must not.
use crate::host::Host;
use crate::layout::{Id, Signature};

/// A number modulo 2^255 - 19: sixteen limbs of 16 bits, which may be larger or negative in between. What is made of them stays far below
/// 63 bits (at most 2^17 each, sixteen products times 38 are below 2^44), so nothing is checked for overflow: that would cost twenty times
/// as much as all the rest, on chains that count every instruction.
type Field = [i64; 16];

const ONE: Field = {
    let mut one = [0; 16];
    one[0] = 1;
    one
};
/// d of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 5.1).
const D: Field = [
    0x78a3, 0x1359, 0x4dca, 0x75eb, 0xd8ab, 0x4141, 0x0a4d, 0x0070, 0xe898, 0x7779, 0x4079, 0x8cc7,
    0xfe73, 0x2b6f, 0x6cee, 0x5203,
];

/// Brings every limb but the lowest back to 16 bits.
fn carry(number: &mut Field) {
    let mut over = 0;
    for limb in number.iter_mut() {
        let sum = limb.wrapping_add(over);
        over = sum >> 16;
        *limb = sum & 0xffff;
    }
    // 2^256 is 38
    number[0] = number[0].wrapping_add(over.wrapping_mul(38));
}

fn multiply(a: &Field, b: &Field) -> Field {
    let mut wide = [0i64; 31];
    for (i, x) in a.iter().enumerate() {
        for (sum, y) in wide[i..i + 16].iter_mut().zip(b) {
            *sum = sum.wrapping_add(x.wrapping_mul(*y));
        }
    }
    let (low, high) = wide.split_at(16);
    let mut product = [0; 16];
    product.copy_from_slice(low);
    for (sum, over) in product.iter_mut().zip(high) {
        *sum = sum.wrapping_add(over.wrapping_mul(38));
    }
    carry(&mut product);
    carry(&mut product);
    product
}

/// A number squared so many times.
fn squared(number: &Field, times: usize) -> Field {
    let mut result = *number;
    for _ in 0..times {
        result = multiply(&result, &result);
    }
    result
}

/// Bytes of the least number that is the same modulo 2^255 - 19.
fn reduced(number: &Field) -> Id {
    let mut limbs = *number;
    for _ in 0..3 {
        carry(&mut limbs);
    }
    for _ in 0..2 {
        let mut less = [0i64; 16];
        less[0] = limbs[0] - 0xffed;
        for at in 1..16 {
            let last = if at == 15 { 0x7fff } else { 0xffff };
            less[at] = limbs[at] - last - ((less[at - 1] >> 16) & 1);
            less[at - 1] &= 0xffff;
        }
        let is_negative = (less[15] >> 16) & 1 == 1;
        less[15] &= 0xffff;
        if !is_negative {
            limbs = less;
        }
    }
    let mut bytes = [0; 32];
    for (at, limb) in limbs.iter().enumerate() {
        bytes[2 * at] = (limb & 0xff) as u8;
        bytes[2 * at + 1] = ((limb >> 8) & 0xff) as u8;
    }
    bytes
}

/// Whether a number is a square, by Euler's criterion: its power (p - 1) / 2 = 4 (2^252 - 3) + 2 is 1.
fn is_square(number: &Field) -> bool {
    let two = squared(number, 1);
    let nine = multiply(number, &squared(&two, 2));
    let eleven = multiply(&nine, &two);
    // named for the ones at the end of the power
    let ones_5 = multiply(&squared(&eleven, 1), &nine);
    let ones_10 = multiply(&squared(&ones_5, 5), &ones_5);
    let ones_20 = multiply(&squared(&ones_10, 10), &ones_10);
    let ones_40 = multiply(&squared(&ones_20, 20), &ones_20);
    let ones_50 = multiply(&squared(&ones_40, 10), &ones_10);
    let ones_100 = multiply(&squared(&ones_50, 50), &ones_50);
    let ones_200 = multiply(&squared(&ones_100, 100), &ones_100);
    let ones_250 = multiply(&squared(&ones_200, 50), &ones_50);
    let power = multiply(&squared(&ones_250, 2), number);
    reduced(&multiply(&squared(&power, 2), &two)) == reduced(&ONE)
}

/// y coordinates of the points whose order divides eight, without the sign of x.
const SMALL_ORDER: [Id; 5] = [
    [0; 32],
    {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    },
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    {
        let mut bytes = [0xff; 32];
        bytes[0] = 0xec;
        bytes[31] = 0x7f;
        bytes
    },
];

/// 2^255 - 19.
const P: Id = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed;
    bytes[31] = 0x7f;
    bytes
};
/// Order of the group of points, 2^252 + 27742317777372353535851937790883648493.
const L: Id = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Whether a little-endian number is below another.
fn is_below(number: &Id, bound: &Id) -> bool {
    number.iter().rev().lt(bound.iter().rev())
}

/// y without the sign of x.
fn y_of(bytes: &Id) -> Id {
    let mut y = *bytes;
    y[31] &= 0x7f;
    y
}

/// Whether bytes are a canonical y, and not that of a point of small order. Whether there is such a point at all, it does not look.
fn is_strong_encoding(bytes: &Id) -> bool {
    let y = y_of(bytes);
    is_below(&y, &P) && !SMALL_ORDER.contains(&y)
}

/// Whether bytes are the canonical encoding of a point that is not of small order: without this one key could stand for many messages, or
/// for none, and a group could be left to a manager that nobody is.
pub fn is_strong(key: &Id) -> bool {
    if !is_strong_encoding(key) {
        return false;
    }
    let bytes = y_of(key);
    let mut y = [0; 16];
    for at in 0..16 {
        y[at] = i64::from(bytes[2 * at]) | i64::from(bytes[2 * at + 1]) << 8;
    }
    // x^2 = u / v has a root when u v is a square (RFC 8032 5.1.3)
    let square = multiply(&y, &y);
    let mut u = square;
    u[0] -= 1;
    let mut v = multiply(&D, &square);
    v[0] += 1;
    is_square(&multiply(&u, &v))
}

/// Strict verification, the same on every chain: a plain signature of 64 bytes, S below the order, no R and no key of small order.
pub fn verify(host: &impl Host, key: &Id, message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = Signature::try_from(signature) else {
        return false;
    };
    let (mut r, mut s) = ([0; 32], [0; 32]);
    r.copy_from_slice(&signature[..32]);
    s.copy_from_slice(&signature[32..]);
    is_below(&s, &L)
        && is_strong_encoding(&r)
        && is_strong(key)
        && host.verify(key, message, &signature)
}
