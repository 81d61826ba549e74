//! Keys as rows of bits: each byte is a bit that says that there is one, and its own eight. So a key that another one begins with comes before
//! it, as in the order of bytes, and differs from it in a bit.

/// Bits of a byte.
const STEP: usize = 9;

/// The bit of a key at a position: 0 behind its end.
pub(crate) fn bit(key: &[u8], at: u16) -> usize {
    let (byte, rest) = (usize::from(at) / STEP, usize::from(at) % STEP);
    match key.get(byte) {
        None => 0,
        Some(_) if rest == 0 => 1,
        Some(value) => usize::from(value >> (STEP - 1 - rest) & 1),
    }
}

/// The first position at which two keys differ; none when they are the same.
pub(crate) fn difference(one: &[u8], other: &[u8]) -> Option<u16> {
    let at = one.iter().zip(other).position(|(a, b)| a != b).unwrap_or(one.len().min(other.len()));
    let rest = match (one.get(at), other.get(at)) {
        (None, None) => return None,
        (Some(a), Some(b)) => 1 + (a ^ b).leading_zeros() as usize,
        _ => 0,
    };
    Some((at * STEP + rest) as u16)
}
