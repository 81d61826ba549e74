//! SHA-256 of short texts. What changes a row computes a hash for each level of the tree, so what a hasher does around the two blocks that most of
//! them have would cost a third of it.
use merogate_icp_tree::Hash;
use sha2::block_api::compress256;

const BLOCK: usize = 64;
/// What the hash begins with (FIPS 180-4, 5.3.3).
const START: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// Of parts, one after another.
pub(crate) fn sha256(parts: &[&[u8]]) -> Hash {
    let mut state = START;
    let mut block = [0; BLOCK];
    let (mut filled, mut length) = (0, 0u64);
    for part in parts {
        length += part.len() as u64;
        let mut rest = *part;
        while rest.len() >= BLOCK - filled {
            let (now, later) = rest.split_at(BLOCK - filled);
            block[filled..].copy_from_slice(now);
            compress256(&mut state, &[block]);
            (filled, rest) = (0, later);
        }
        block[filled..filled + rest.len()].copy_from_slice(rest);
        filled += rest.len();
    }
    block[filled] = 0x80;
    block[filled + 1..].fill(0);
    // the length has eight bytes at the end
    if filled + 1 > BLOCK - 8 {
        compress256(&mut state, &[block]);
        block.fill(0);
    }
    block[BLOCK - 8..].copy_from_slice(&(8 * length).to_be_bytes());
    compress256(&mut state, &[block]);
    let mut hash = [0; 32];
    for (bytes, word) in hash.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    hash
}
