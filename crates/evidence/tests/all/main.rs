//! The engine against reference software, published tables and worlds of known truth.

mod common;
mod design;
mod did;
mod few;
mod last;
mod regress;
mod second;
mod spc;
mod worlds;
