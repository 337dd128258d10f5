//! The bytes that fill the street before a call.

/// The number of poisons. A second poison shows a byte that is written with the value of the first.
/// The others make a coincidence less likely.
pub const POISONS: u8 = 4;

/// The byte of a poison at an offset of the street. Neighbours differ, and so do bytes that are a
/// structure's size apart, so that shifted bytes are visible. No byte is zero, because kernels
/// clear memory with zeros. Any two poisons differ in every byte.
pub fn poison_byte(poison: u8, at: usize) -> u8 {
    let mixed = (at as u32).wrapping_mul(0x9E37_79B1) >> 24;
    let six = (mixed % 63) as u8 + 1;
    (six | (poison << 6)).rotate_left(3)
}
