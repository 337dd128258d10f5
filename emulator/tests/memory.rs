//! Pages: how far an access goes, and what is left where it stops.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use mptcp_emulator::Access::{Nothing as N, Read as R, ReadWrite as W};
use mptcp_emulator::{Content, Fault, PAGE, PagedMemory, Pages, UserMemory};

const BASE: u64 = 0x7000_0000;

#[test]
fn how_far_an_access_goes() {
    let pages = Pages::new([N, W, W, R, W, N, R]);
    assert_eq!(pages.access(), &[N, W, W, R, W, N, R]);
    assert_eq!(Pages::<7>::LEN, 28672);
    assert_eq!(PAGE, 4096);
    // Offset, readable bytes from there on, writable ones. Reading goes
    // through pages 1 to 4 and ends at 20480; writing ends at 12288.
    let reaches = [
        (0, 0, 0),
        (4095, 0, 0),
        (4096, 16384, 8192),
        (4097, 16383, 8191),
        (12287, 8193, 1),
        (12288, 8192, 0),
        (16383, 4097, 0),
        (16384, 4096, 4096),
        (20479, 1, 1),
        (20480, 0, 0),
        (24576, 4096, 0),
        (28671, 1, 0),
        (28672, 0, 0),
        (usize::MAX, 0, 0),
    ];
    for (offset, readable, writable) in reaches {
        assert_eq!(pages.readable(offset), readable, "readable from {offset}");
        assert_eq!(pages.writable(offset), writable, "writable from {offset}");
    }
}

/// Runs something on pages that hold 0, 1, 2 … with a mask of nines, and
/// gives back bytes and mask.
fn on<const PAGES: usize>(
    pages: Pages<PAGES>,
    work: impl FnOnce(&mut PagedMemory<'_, PAGES>),
) -> (Vec<u8>, Vec<u8>) {
    let mut bytes: Vec<u8> = (0..PAGES * PAGE).map(|at| at as u8).collect();
    let mut mask = vec![9; PAGES * PAGE];
    let mut memory = PagedMemory::new(&pages, BASE, &mut bytes, &mut mask).unwrap();
    work(&mut memory);
    let (seen, seen_mask) = (memory.bytes().to_vec(), memory.mask().to_vec());
    assert_eq!((&seen, &seen_mask), (&bytes, &mask));
    (bytes, mask)
}

#[test]
fn memory_is_as_long_as_its_pages() {
    let pages = Pages::new([W, R]);
    for (bytes, mask, fits) in [
        (8192, 8192, true),
        (8191, 8192, false),
        (8192, 8191, false),
        (8192, 8193, false),
        (4096, 4096, false),
    ] {
        let (mut bytes, mut mask) = (vec![0; bytes], vec![0; mask]);
        let memory = PagedMemory::new(&pages, BASE, &mut bytes, &mut mask);
        assert_eq!(memory.is_some(), fits);
    }
}

#[test]
fn an_integer_is_loaded_whole_or_not() {
    on(Pages::new([R, W, N]), |memory| {
        // Bytes 0x00 to 0x03 at the start; 0xfe, 0xff, 0x00, 0x01 across the
        // border of two readable pages.
        assert_eq!(memory.load(BASE), Ok(i32::from_ne_bytes([0, 1, 2, 3])));
        assert_eq!(memory.load(BASE + 4094), Ok(i32::from_ne_bytes([0xfe, 0xff, 0, 1])));
        assert!(memory.load(BASE + 8188).is_ok());
        for at in [8189, 8190, 8191, 8192] {
            assert_eq!(memory.load(BASE + at), Err(Fault), "{at}");
        }
        assert_eq!(memory.load(BASE - 1), Err(Fault));
        assert_eq!(memory.load(0), Err(Fault));
        assert_eq!(memory.load(u64::MAX), Err(Fault));
    });
}

#[test]
fn an_integer_is_stored_whole_or_not() {
    let (bytes, mask) = on(Pages::new([W, R]), |memory| {
        assert_eq!(memory.store(BASE + 4092, -1), Ok(()));
        for at in [4093, 4094, 4095, 4096] {
            assert_eq!(memory.store(BASE + at, 0), Err(Fault), "{at}");
        }
        assert_eq!(memory.store(BASE - 2, 0), Err(Fault));
    });
    assert_eq!(bytes[4091..4097], [0xfb, 0xff, 0xff, 0xff, 0xff, 0]);
    assert_eq!(mask[4091..4097], [9, 0, 0, 0, 0, 9]);
}

#[test]
fn a_block_is_read_from_read_only_pages_too() {
    on(Pages::new([W, R, N]), |memory| {
        let mut into = [0; 4];
        assert_eq!(memory.copy_in(BASE + 4094, &mut into), Ok(()));
        assert_eq!(into, [0xfe, 0xff, 0, 1]);
        assert_eq!(memory.copy_in(BASE + 8188, &mut into), Ok(()));
        assert_eq!(memory.copy_in(BASE + 8189, &mut into), Err(Fault));
        // Nothing to read: no address is a bad one.
        assert_eq!(memory.copy_in(BASE + 8192, &mut []), Ok(()));
        assert_eq!(memory.copy_in(u64::MAX, &mut []), Ok(()));
    });
}

#[test]
fn a_copy_stops_at_the_first_byte_that_cannot_be_written() {
    let (bytes, mask) = on(Pages::new([W, R, W]), |memory| {
        let six = [1, 2, 3, 4, 5, 6];
        assert_eq!(memory.copy_out(BASE + 4090, Content::exact(&six)), Ok(()), "up to the border");
        assert_eq!(memory.copy_out(BASE + 4093, Content::exact(&six)), Err(Fault));
        assert_eq!(memory.copy_out(BASE + 4096, Content::exact(&six)), Err(Fault));
        // From the read-only page into the writable one behind it: the first
        // byte faults, so nothing is written.
        assert_eq!(memory.copy_out(BASE + 8190, Content::exact(&six)), Err(Fault));
        assert_eq!(memory.copy_out(BASE - 1, Content::exact(&six)), Err(Fault));
        assert_eq!(memory.copy_out(0, Content::exact(&[])), Ok(()));
    });
    assert_eq!(bytes[4089..4097], [0xf9, 1, 2, 3, 1, 2, 3, 0]);
    assert_eq!(mask[4089..4097], [9, 0, 0, 0, 0, 0, 0, 9]);
    assert_eq!(bytes[8190..8194], [0xfe, 0xff, 0, 1]);
    assert_eq!(mask[8190..8194], [9; 4]);
    assert_eq!(mask[0], 9);
}

#[test]
fn a_mask_is_copied_with_its_bytes() {
    let content = Content::masked(&[1, 2, 3, 4], &[0, 1, 2, 1]).unwrap();
    let (bytes, mask) = on(Pages::new([W]), |memory| {
        assert_eq!(memory.copy_out(BASE + 8, content), Ok(()));
        assert_eq!(memory.copy_out(BASE + 4094, content), Err(Fault));
    });
    assert_eq!(bytes[7..13], [7, 1, 2, 3, 4, 12]);
    assert_eq!(mask[7..13], [9, 0, 1, 2, 1, 9]);
    assert_eq!(mask[4092..], [9, 9, 0, 1]);
}

#[test]
fn the_last_page_below_2_64_does_not_run_over_into_the_first() {
    let pages = Pages::new([W]);
    let (mut bytes, mut mask) = (vec![0; PAGE], vec![9; PAGE]);
    let top = 0u64.wrapping_sub(PAGE as u64);
    let mut memory = PagedMemory::new(&pages, top, &mut bytes, &mut mask).unwrap();
    assert_eq!(memory.copy_out(u64::MAX - 1, Content::exact(&[1, 2, 3])), Err(Fault));
    assert_eq!(memory.store(u64::MAX - 2, 5), Err(Fault));
    assert_eq!(bytes[4093..], [0, 1, 2]);
    assert_eq!(mask[..2], [9, 9]);
}

#[test]
fn what_the_program_writes_needs_no_permission_and_stays_on_the_pages() {
    let pages = Pages::new([N, R]);
    let (mut bytes, mut mask) = (vec![0; 2 * PAGE], vec![0; 2 * PAGE]);
    let mut memory = PagedMemory::new(&pages, 0x1000, &mut bytes, &mut mask).unwrap();
    memory.write(0x1fff, &[1, 2]);
    memory.write(0x2ffe, &[3, 4, 5]);
    memory.write(0x0fff, &[6]);
    memory.write(0x3000, &[7]);
    let written: Vec<_> = memory.bytes().iter().zip(0..).filter(|(byte, _)| **byte != 0).collect();
    assert_eq!(written, [(&1, 0xfff), (&2, 0x1000), (&3, 0x1ffe), (&4, 0x1fff)]);
}
