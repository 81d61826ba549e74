//! How bytes are read and written: Borsh, strict. Integers are little-endian, lengths and counts u32, an option is one byte and its value,
//! and a decoder takes every byte, so that a value has one encoding only.
use alloc::{string::String, vec::Vec};

use crate::interface::{Approvers, Role};

/// 32 bytes: a public key, or the id of a context, group, package or blob, or a hash.
pub type Id = [u8; 32];
/// An ed25519 signature.
pub type Signature = [u8; 64];

/// Bytes of any length.
pub type Bytes = Vec<u8>;

/// The bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Bytes that are still to be read.
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }
}

/// A type with one encoding.
pub trait Layout: Sized {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed>;
    fn write(&self, to: &mut Vec<u8>);

    /// So many of them in a row. Each takes a byte at least, so no count makes room for more than there are bytes.
    fn read_many(from: &mut Reader<'_>, count: usize) -> Result<Vec<Self>, Malformed> {
        let mut all = Vec::with_capacity(count.min(from.0.len()));
        for _ in 0..count {
            all.push(Self::read(from)?);
        }
        Ok(all)
    }

    fn write_many(all: &[Self], to: &mut Vec<u8>) {
        for one in all {
            one.write(to);
        }
    }
}

/// The value that bytes are, all of them.
pub fn decode<T: Layout>(bytes: &[u8]) -> Result<T, Malformed> {
    let mut from = Reader(bytes);
    let value = T::read(&mut from)?;
    if from.0.is_empty() {
        Ok(value)
    } else {
        Err(Malformed)
    }
}

/// The bytes of a value.
pub fn encode(value: &impl Layout) -> Vec<u8> {
    let mut to = Vec::new();
    value.write(&mut to);
    to
}

impl Layout for u8 {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(from.array::<1>()?[0])
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.push(*self);
    }

    fn read_many(from: &mut Reader<'_>, count: usize) -> Result<Vec<Self>, Malformed> {
        Ok(from.take(count)?.to_vec())
    }

    fn write_many(all: &[Self], to: &mut Vec<u8>) {
        to.extend_from_slice(all);
    }
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Layout for $type {
            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(<$type>::from_le_bytes(from.array()?))
            }

            fn write(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
integers!(u16 u32 u64 u128 i64);

impl<const N: usize> Layout for [u8; N] {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.array()
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self);
    }
}

impl Layout for bool {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        to.push(u8::from(*self));
    }
}

impl<T: Layout> Layout for Option<T> {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        if bool::read(from)? {
            Ok(Some(T::read(from)?))
        } else {
            Ok(None)
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        self.is_some().write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }
}

impl<T: Layout> Layout for Vec<T> {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = u32::read(from)?;
        T::read_many(from, usize::try_from(count).map_err(|_| Malformed)?)
    }

    fn write(&self, to: &mut Vec<u8>) {
        // nothing of ours comes near four thousand million
        (self.len() as u32).write(to);
        T::write_many(self, to);
    }
}

impl Layout for String {
    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        String::from_utf8(Vec::read(from)?).map_err(|_| Malformed)
    }

    fn write(&self, to: &mut Vec<u8>) {
        (self.len() as u32).write(to);
        to.extend_from_slice(self.as_bytes());
    }
}

macro_rules! tuples {
    ($(($($part:ident $at:tt),*))*) => {$(
        impl<$($part: Layout),*> Layout for ($($part,)*) {
            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(($($part::read(from)?,)*))
            }

            fn write(&self, to: &mut Vec<u8>) {
                $(self.$at.write(to);)*
            }
        }
    )*};
}
tuples!((A 0, B 1)(A 0, B 1, C 2)(A 0, B 1, C 2, D 3)(A 0, B 1, C 2, D 3, E 4, F 5));

macro_rules! ordinals {
    ($($type:ty)*) => {$(
        impl Layout for $type {
            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                <$type>::from_number(u8::read(from)?).ok_or(Malformed)
            }

            fn write(&self, to: &mut Vec<u8>) {
                to.push(self.number());
            }
        }
    )*};
}
ordinals!(Role Approvers);

/// A struct whose layout is that of its fields, in their order.
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }

        impl $crate::Layout for $name {
            fn read(from: &mut $crate::Reader<'_>) -> Result<Self, $crate::Malformed> {
                Ok(Self { $($field: $crate::Layout::read(from)?,)* })
            }

            fn write(&self, to: &mut $crate::Bytes) {
                $($crate::Layout::write(&self.$field, to);)*
            }
        }
    };
}
pub(crate) use record;

/// An enum of requests: one byte of ordinal, then the fields of the variant that has it.
macro_rules! operations {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $ordinal:path { $($field:ident: $type:ty),* $(,)? },)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_meta])* $variant { $($field: $type),* },)* }

        impl $crate::layout::Layout for $name {
            fn read(
                from: &mut $crate::layout::Reader<'_>,
            ) -> Result<Self, $crate::layout::Malformed> {
                match <u8 as $crate::layout::Layout>::read(from)? {
                    $($ordinal => Ok(Self::$variant {
                        $($field: $crate::layout::Layout::read(from)?),*
                    }),)*
                    _ => Err($crate::layout::Malformed),
                }
            }

            fn write(&self, to: &mut alloc::vec::Vec<u8>) {
                match self {
                    $(Self::$variant { $($field),* } => {
                        to.push($ordinal);
                        $($crate::layout::Layout::write($field, to);)*
                    })*
                }
            }
        }
    };
}
pub(crate) use operations;
