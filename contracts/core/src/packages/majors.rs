//! Which major lines of a package have something to offer in a channel: a set of u32 numbers whose greatest is found in a few look-ups, as a
//! tree of bits. A word of 256 bits says which of 256 numbers are in the set; above it three levels of words say which words below are not
//! empty. Numbers under 256, nearly all there are, live in one word that no level above mentions: it counts when nothing greater is there.
use crate::draft::{read, Draft};
use crate::host::View;
use crate::layout::Id;
use crate::packages::state::{word_key, Channel};

/// The bit `n` of a word is bit `n % 8` of its byte `n / 8`.
type Word = [u8; 32];

const EMPTY: Word = [0; 32];
const LEVELS: u8 = 4;

/// A number without its `count` lowest bytes.
fn above(major: u32, count: u8) -> u32 {
    major.checked_shr(8 * u32::from(count)).unwrap_or(0)
}

fn set_bits(rows: &mut Draft<'_>, id: &Id, channel: Channel, major: u32, is_in: bool) {
    for level in 0..LEVELS {
        let key = word_key(id, channel, level, above(major, level + 1));
        let before: Word = read(rows, &key).unwrap_or(EMPTY);
        let position = (above(major, level) % 256) as usize;
        let (byte, bit) = (position / 8, 1 << (position % 8));
        let mut after = before;
        after[byte] = if is_in { after[byte] | bit } else { after[byte] & !bit };
        if after == EMPTY {
            rows.remove(key);
        } else {
            rows.set(key, &after);
        }
        // the levels above say only whether this word is empty
        if major < 256 || (if is_in { before } else { after }) != EMPTY {
            return;
        }
    }
}

/// Puts a number into the set.
pub(crate) fn add_major(rows: &mut Draft<'_>, id: &Id, channel: Channel, major: u32) {
    set_bits(rows, id, channel, major, true);
}

/// Takes a number out of the set.
pub(crate) fn remove_major(rows: &mut Draft<'_>, id: &Id, channel: Channel, major: u32) {
    set_bits(rows, id, channel, major, false);
}

/// Position of the highest bit of a word that is not empty.
fn highest_bit(word: &Word) -> Option<u32> {
    let byte = word.iter().rposition(|byte| *byte != 0)?;
    Some(8 * byte as u32 + 7 - word[byte].leading_zeros())
}

/// The greatest number of the set.
pub(crate) fn highest_major(view: &(impl View + ?Sized), id: &Id, channel: Channel) -> Option<u32> {
    let mut prefix = 0;
    for level in (0..LEVELS).rev() {
        let word: Word = read(view, &word_key(id, channel, level, prefix)).unwrap_or(EMPTY);
        match highest_bit(&word) {
            Some(bit) => prefix = prefix * 256 + bit,
            // only the way down from an empty top leads to empty words, and at its end lie the numbers under 256
            None if level == 0 => return None,
            None => {}
        }
    }
    Some(prefix)
}
