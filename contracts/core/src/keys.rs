//! What is said of ed25519 keys and signatures before a chain's own verifier is asked: verifiers differ in which weak keys and which second
//! encodings they take, and the rules must not.
use core::num::Wrapping;

use crate::host::Host;
use crate::layout::{Id, Signature};

/// A number modulo 2^255 - 19: nine limbs of 29 bits, which may be a little larger in between. Nothing that is made of them comes near 64 bits
/// (nine products of at most 2^30 and 2^29 are below 2^63), so nothing is checked for overflow, and products are written out: anything else
/// costs many times as much, on chains that count every instruction.
type Field = [Wrapping<u64>; LIMBS];

const LIMBS: usize = 9;
const LIMB_BITS: usize = 29;
const MASK: Wrapping<u64> = Wrapping((1 << LIMB_BITS) - 1);
/// What 2^261, the first number that limbs have no place for, is.
const OVER: Wrapping<u64> = Wrapping(19 << 6);
/// Bits of the last limb that belong to a number below 2^255.
const LAST_BITS: usize = 255 - LIMB_BITS * (LIMBS - 1);

/// The number that 32 bytes are, little-endian.
const fn number_of(bytes: &Id) -> Field {
    let mut number = [Wrapping(0); LIMBS];
    let (mut rest, mut bits, mut limb, mut at) = (0u64, 0, 0, 0);
    while at < 32 {
        rest |= (bytes[at] as u64) << bits;
        bits += 8;
        if bits >= LIMB_BITS {
            number[limb] = Wrapping(rest & MASK.0);
            rest >>= LIMB_BITS;
            bits -= LIMB_BITS;
            limb += 1;
        }
        at += 1;
    }
    number[limb] = Wrapping(rest);
    number
}

const ONE: Field = number_of(&{
    let mut one = [0; 32];
    one[0] = 1;
    one
});
const MINUS_ONE: Field = number_of(&{
    let mut bytes = P;
    bytes[0] -= 1;
    bytes
});
/// d of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 5.1).
const D: Field = number_of(&[
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00,
    0x98, 0xe8, 0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
]);

/// Brings every limb back to 29 bits, or one more at the beginning.
fn carry(number: &mut Field) {
    let mut over = Wrapping(0);
    for limb in number.iter_mut() {
        let sum = *limb + over;
        *limb = sum & MASK;
        over = sum >> LIMB_BITS;
    }
    number[0] += over * OVER;
}

fn add(a: &Field, b: &Field) -> Field {
    let mut sum = *a;
    for (limb, other) in sum.iter_mut().zip(b) {
        *limb += *other;
    }
    sum
}

/// Written out, and put where it is needed: what is squared has a third less to do.
#[rustfmt::skip]
#[inline(always)]
fn product(a: &Field, b: &Field) -> Field {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8] = *a;
    let [b0, b1, b2, b3, b4, b5, b6, b7, b8] = *b;
    // each column, with what the one before it has too much
    let c0 = a0 * b0;
    let c1 = a0 * b1 + a1 * b0 + (c0 >> LIMB_BITS);
    let c2 = a0 * b2 + a1 * b1 + a2 * b0 + (c1 >> LIMB_BITS);
    let c3 = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 + (c2 >> LIMB_BITS);
    let c4 = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0 + (c3 >> LIMB_BITS);
    let c5 = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0 + (c4 >> LIMB_BITS);
    let c6 = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0 + (c5 >> LIMB_BITS);
    let c7 = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0 + (c6 >> LIMB_BITS);
    let c8 = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0 + (c7 >> LIMB_BITS);
    let c9 = a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + (c8 >> LIMB_BITS);
    let c10 = a2 * b8 + a3 * b7 + a4 * b6 + a5 * b5 + a6 * b4 + a7 * b3 + a8 * b2 + (c9 >> LIMB_BITS);
    let c11 = a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + (c10 >> LIMB_BITS);
    let c12 = a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + (c11 >> LIMB_BITS);
    let c13 = a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + (c12 >> LIMB_BITS);
    let c14 = a6 * b8 + a7 * b7 + a8 * b6 + (c13 >> LIMB_BITS);
    let c15 = a7 * b8 + a8 * b7 + (c14 >> LIMB_BITS);
    let c16 = a8 * b8 + (c15 >> LIMB_BITS);
    // the upper half comes back at the bottom
    let p0 = (c0 & MASK) + (c9 & MASK) * OVER;
    let p1 = (c1 & MASK) + (c10 & MASK) * OVER + (p0 >> LIMB_BITS);
    let p2 = (c2 & MASK) + (c11 & MASK) * OVER + (p1 >> LIMB_BITS);
    let p3 = (c3 & MASK) + (c12 & MASK) * OVER + (p2 >> LIMB_BITS);
    let p4 = (c4 & MASK) + (c13 & MASK) * OVER + (p3 >> LIMB_BITS);
    let p5 = (c5 & MASK) + (c14 & MASK) * OVER + (p4 >> LIMB_BITS);
    let p6 = (c6 & MASK) + (c15 & MASK) * OVER + (p5 >> LIMB_BITS);
    let p7 = (c7 & MASK) + (c16 & MASK) * OVER + (p6 >> LIMB_BITS);
    let p8 = (c8 & MASK) + (c16 >> LIMB_BITS) * OVER + (p7 >> LIMB_BITS);
    let first = (p0 & MASK) + (p8 >> LIMB_BITS) * OVER;
    [
        first & MASK, (p1 & MASK) + (first >> LIMB_BITS), p2 & MASK, p3 & MASK, p4 & MASK,
        p5 & MASK, p6 & MASK, p7 & MASK, p8 & MASK,
    ]
}

fn multiply(a: &Field, b: &Field) -> Field {
    product(a, b)
}

/// A number squared so many times.
fn squared(number: &Field, times: usize) -> Field {
    let mut result = *number;
    for _ in 0..times {
        result = product(&result, &result);
    }
    result
}

/// The least number that is the same modulo 2^255 - 19.
fn reduced(number: &Field) -> Field {
    let mut least = *number;
    // 2^255 is 19; what is left is below twice that
    for _ in 0..2 {
        carry(&mut least);
        let over = least[LIMBS - 1] >> LAST_BITS;
        least[LIMBS - 1] &= Wrapping((1 << LAST_BITS) - 1);
        least[0] += over * Wrapping(19);
    }
    carry(&mut least);
    // what 19 more bring over 2^255 was not below 2^255 - 19
    let mut more = least;
    more[0] += 19;
    carry(&mut more);
    if more[LIMBS - 1] >> LAST_BITS == Wrapping(0) {
        return least;
    }
    more[LIMBS - 1] &= Wrapping((1 << LAST_BITS) - 1);
    more
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
    reduced(&multiply(&squared(&power, 2), &two)) == ONE
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
    let y = number_of(&y_of(key));
    // x^2 = u / v has a root when u v is a square (RFC 8032 5.1.3)
    let square = multiply(&y, &y);
    let u = add(&square, &MINUS_ONE);
    let v = add(&multiply(&D, &square), &ONE);
    is_square(&multiply(&u, &v))
}

/// Strict verification, the same on every chain: a plain signature of 64 bytes, S below the order, no R and no key of small order.
pub fn verify(host: &impl Host, key: &Id, message: &[u8], signature: &[u8]) -> bool {
    is_strong(key) && verify_by_strong(host, key, message, signature)
}

/// The same by a key that was looked at.
pub(crate) fn verify_by_strong(
    host: &impl Host,
    key: &Id,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Ok(signature) = Signature::try_from(signature) else {
        return false;
    };
    let (mut r, mut s) = ([0; 32], [0; 32]);
    r.copy_from_slice(&signature[..32]);
    s.copy_from_slice(&signature[32..]);
    is_below(&s, &L) && is_strong_encoding(&r) && host.verify(key, message, &signature)
}
