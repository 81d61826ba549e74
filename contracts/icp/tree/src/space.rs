//! Blocks of stable memory, of a few sizes. Those that are free again are linked, size by size.
use crate::{Hash, Platform};

/// What the memory begins with, so that nothing else is taken for it.
const MAGIC: [u8; 8] = *b"merogat\x01";
/// Where things lie in front of the blocks.
const ROOT: u64 = 8;
const END: u64 = 48;
const FREE: u64 = 56;
const FIRST: u64 = 256;
/// Bytes of a page.
const PAGE: u64 = 65_536;

/// Sizes of blocks. Rows of the rules are below 10 000 bytes.
const SIZES: [u64; 16] =
    [64, 96, 128, 192, 256, 384, 512, 768, 1_024, 1_536, 2_048, 3_072, 4_096, 6_144, 8_192, 16_384];

/// Which size so many bytes need.
fn class_of(length: u64) -> usize {
    match SIZES.iter().position(|size| *size >= length) {
        Some(class) => class,
        None => panic!("a row is too large"),
    }
}

/// A place of a node, and whether that is a leaf. 0 is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link(pub u64);

impl Link {
    pub const NONE: Link = Link(0);

    pub fn leaf(at: u64) -> Self {
        Link(at | 1)
    }

    pub fn is_leaf(self) -> bool {
        self.0 & 1 == 1
    }

    pub fn at(self) -> u64 {
        self.0 & !1
    }
}

pub(crate) fn read_u64(platform: &impl Platform, at: u64) -> u64 {
    let mut bytes = [0; 8];
    platform.read(at, &mut bytes);
    u64::from_le_bytes(bytes)
}

pub(crate) fn write_u64(platform: &impl Platform, at: u64, value: u64) {
    platform.write(at, &value.to_le_bytes());
}

/// Makes a memory that is empty ready.
pub(crate) fn format(platform: &impl Platform) {
    assert!(platform.pages() == 0, "the memory is in use");
    platform.grow(1);
    platform.write(0, &MAGIC);
    write_u64(platform, END, FIRST);
}

/// Ends the message when the memory is not of this kind.
pub(crate) fn check(platform: &impl Platform) {
    let mut magic = [0; 8];
    if platform.pages() > 0 {
        platform.read(0, &mut magic);
    }
    assert!(magic == MAGIC, "the memory is of another kind");
}

/// The root, and its hash.
pub(crate) fn root(platform: &impl Platform) -> (Link, Hash) {
    let mut bytes = [0; 40];
    platform.read(ROOT, &mut bytes);
    let (mut link, mut hash) = ([0; 8], [0; 32]);
    link.copy_from_slice(&bytes[..8]);
    hash.copy_from_slice(&bytes[8..]);
    (Link(u64::from_le_bytes(link)), hash)
}

pub(crate) fn set_root(platform: &impl Platform, link: Link, hash: &Hash) {
    write_u64(platform, ROOT, link.0);
    platform.write(ROOT + 8, hash);
}

/// A block of so many bytes at least.
pub(crate) fn take(platform: &impl Platform, length: u64) -> u64 {
    let class = class_of(length);
    let head = FREE + 8 * class as u64;
    let free = read_u64(platform, head);
    if free != 0 {
        write_u64(platform, head, read_u64(platform, free));
        return free;
    }
    let at = read_u64(platform, END);
    let end = at + SIZES[class];
    let pages = end.div_ceil(PAGE);
    if pages > platform.pages() {
        platform.grow(pages - platform.pages());
    }
    write_u64(platform, END, end);
    at
}

/// Gives a block back that was taken for so many bytes.
pub(crate) fn give(platform: &impl Platform, at: u64, length: u64) {
    let head = FREE + 8 * class_of(length) as u64;
    write_u64(platform, at, read_u64(platform, head));
    write_u64(platform, head, at);
}

/// Whether a block for so many bytes holds so many others.
pub(crate) fn fits(length: u64, other: u64) -> bool {
    class_of(length) == class_of(other)
}
