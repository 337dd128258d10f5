//! The declaration of a structure together with the table of its fields.

use crate::release::Release;

/// The place and the name of some bytes of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name in the UAPI header; `(hole)` for padding; bit fields that share bytes are
    /// one field, each with its width in bits, lowest bits (on little endian) first: `a:4,b:4`.
    pub name: &'static str,
    /// Bytes from the start of the structure.
    pub offset: u16,
    /// Bytes.
    pub size: u16,
    /// The first release whose header has the field under this name with this meaning; an earlier
    /// one than 5.16, the first with `SOL_MPTCP`, where the structure came to other interfaces
    /// before. `None` for a field that is older, or as old as its structure.
    pub since: Option<Release>,
    /// The first release whose structure has these bytes, if that is earlier than `since`: they
    /// were padding or reserved, or had another meaning.
    pub bytes_since: Option<Release>,
    /// What the field holds, and in which unit: the text of its documentation.
    pub about: &'static str,
}

/// The [`Field::name`] of padding.
pub const HOLE: &str = "(hole)";

/// The field that the byte at `offset` belongs to; `None` past the end.
pub const fn field_at(fields: &'static [Field], offset: usize) -> Option<&'static Field> {
    let mut i = 0;
    while i < fields.len() {
        let start = fields[i].offset as usize;
        if offset >= start && offset < start + fields[i].size as usize {
            return Some(&fields[i]);
        }
        i += 1;
    }
    None
}

/// Whether the table covers `size` bytes, in order, without a gap.
pub(super) const fn covers(fields: &[Field], size: usize) -> bool {
    let (mut i, mut end) = (0, 0);
    while i < fields.len() {
        if fields[i].offset as usize != end || fields[i].size == 0 {
            return false;
        }
        end += fields[i].size as usize;
        i += 1;
    }
    end == size
}

/// Declares a structure of a given size together with its table of fields. `field: type = "label"`
/// gives a field another name in the table than its own. `#[since(6, 5)]` is [`Field::since`];
/// `#[since(6, 5, bytes 5, 16)]` has [`Field::bytes_since`] as well.
macro_rules! abi_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident, $size:literal bytes {
            $(
                $(#[doc = $about:literal])+
                $(#[doc($hidden:ident)])?
                $(#[since($major:literal, $minor:literal $(, bytes $early_major:literal, $early_minor:literal)?)])?
                pub $field:ident : $type:ty $(= $label:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq,
            zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::KnownLayout, zerocopy::Immutable,
        )]
        #[repr(C)]
        pub struct $name { $(
            $(#[doc = $about])+
            $(#[doc = concat!(" Since ", $major, ".", $minor, ".")])?
            $(#[doc($hidden)])?
            pub $field: $type,
        )* }

        impl $name {
            /// Every byte of the structure, in order of offset.
            pub const FIELDS: &'static [$crate::abi::field::Field] = &[ $( $crate::abi::field::Field {
                name: abi_struct!(@label $field $($label)?),
                offset: core::mem::offset_of!($name, $field) as u16,
                size: size_of::<$type>() as u16,
                since: abi_struct!(@release $($major, $minor)?),
                bytes_since: abi_struct!(@release $($($early_major, $early_minor)?)?),
                about: concat!($($about),+),
            } ),* ];
        }

        const _: () = assert!(size_of::<$name>() == $size);
        const _: () = assert!($crate::abi::field::covers($name::FIELDS, $size));
    };
    (@release) => { None };
    (@release $major:literal, $minor:literal) => { Some($crate::release::Release::mainline($major, $minor)) };
    (@label $field:ident) => { stringify!($field) };
    (@label $field:ident $label:expr) => { $label };
}

pub(super) use abi_struct;
