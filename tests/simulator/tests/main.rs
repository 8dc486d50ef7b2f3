//! Tests of the simulator through its sockets, as a client would meet it. The modules say that they
//! are tests, so that clippy lets their helpers panic, too.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod checks;
#[cfg(test)]
mod client;
#[cfg(test)]
mod contents;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod happy;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod payloads;
#[cfg(test)]
mod talk;
