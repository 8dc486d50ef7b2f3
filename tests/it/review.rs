//! Whole reviews over real HTTP against the simulator, and everything that can go wrong between a
//! job and GitHub.

mod bench;
mod faults;
mod order;
mod publishing;
mod recovery;
mod rules;
mod trees;
mod way;
