//! The stored form of a case.

use mptcp_harness::cases::codec::{SIZE, SIZE_OPT, decode, encode};
use mptcp_proptests::{any_case, holds};
use proptest::prelude::*;

/// What is stored is what is read back; the format says all of a case.
#[test]
fn a_case_survives_storing() {
    holds(any_case(), |(_, _, case)| {
        prop_assert_eq!(decode(&encode(&case)), Ok(case));
        Ok(())
    });
}

/// Bytes are a case or they are not, and nothing breaks; a case has one
/// stored form only.
#[test]
fn any_bytes_can_be_looked_at() {
    let bytes = prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..2 * SIZE),
        3 => prop::collection::vec(any::<u8>(), SIZE),
        3 => prop::collection::vec(any::<u8>(), SIZE_OPT),
    ];
    holds(bytes, |bytes| {
        if let Ok(case) = decode(&bytes) {
            prop_assert_eq!(encode(&case).to_vec(), bytes);
        }
        Ok(())
    });
}

/// The same close to what is a case: a few bytes of a stored one changed.
#[test]
fn a_changed_case_is_refused_or_is_another() {
    let changes = prop::collection::vec((0..SIZE, any::<u8>()), 1..4);
    holds((any_case(), changes), |((_, _, case), changes)| {
        let mut bytes = encode(&case);
        for (at, value) in changes {
            bytes[at] = value;
        }
        match decode(&bytes) {
            Ok(other) => {
                prop_assert_eq!(&encode(&other), &bytes);
                prop_assert_eq!(other == case, bytes == encode(&case));
            }
            // Every reason can be read.
            Err(reason) => prop_assert!(!reason.to_string().is_empty()),
        }
        Ok(())
    });
}

/// Cut short or drawn out, it is no case.
#[test]
fn only_one_size_is_a_case() {
    holds((any_case(), 0..2 * SIZE_OPT), |((_, _, case), size)| {
        let mut bytes = encode(&case);
        let whole = bytes.len();
        bytes.resize(size, 0);
        prop_assert_eq!(decode(&bytes).is_ok(), size == whole);
        Ok(())
    });
}
