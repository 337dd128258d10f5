//! placeholder
pub mod case;
pub mod cast;
pub mod check;
pub mod codec;
mod extents;
pub mod finding;
pub mod generate;
pub mod judge;
pub mod kernel;
pub mod lattice;
pub mod palette;
mod raw;
pub mod region;
pub mod rig;
pub mod scene;
pub mod shrink;
pub mod street;
pub mod trial;
