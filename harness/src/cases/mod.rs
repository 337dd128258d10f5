//! Cases: one call each, with everything that decides its answer; how they are stored,
//! generated and simplified.

pub mod boundary_values;
mod case;
pub mod codec;
pub mod generate;
pub mod lattice;
mod place;
mod poison;
pub mod shrink;
pub mod snapshot;

pub use case::{BLOCKS, Block, Case, Data, Full, INPUT, Input, Opt, is_known, option_name};
pub use place::{Entry, Place};
pub use poison::{POISONS, poison_byte};
