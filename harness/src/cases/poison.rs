//! What fills the street before a call.

/// How many patterns of poison there are. Two suffice to notice a byte that
/// is written with the very value that stood there; the others are for luck.
pub const POISONS: u8 = 4;

/// The byte of a poison at an offset of the street. Neighbours differ, and so
/// do bytes a structure's size apart, so that shifted bytes show; a byte is
/// never zero, as what kernels clear is; and any two poisons differ in every
/// byte.
pub fn poison_byte(poison: u8, at: usize) -> u8 {
    let mixed = (at as u32).wrapping_mul(0x9E37_79B1) >> 24;
    let six = (mixed % 63) as u8 + 1;
    (six | (poison << 6)).rotate_left(3)
}
