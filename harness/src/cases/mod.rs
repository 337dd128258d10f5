//! Cases: one call each, with everything that decides its answer; how they are stored,
//! generated and simplified.

pub(crate) mod boundary_numbers;
pub mod boundary_values;
mod case;
pub mod codec;
pub mod generate;
pub(crate) mod input;
pub mod lattice;
mod place;
mod poison;
pub mod shrink;
pub mod snapshot;

pub use case::{Case, is_known, option_name};
pub use input::{BLOCKS, Block, Data, Full, INPUT, Input, Opt, Value};
pub use place::{Entry, Place};
pub use poison::{POISONS, poison_byte};
