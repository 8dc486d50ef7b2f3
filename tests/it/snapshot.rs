//! Trees read from checkouts and folders as people really have them.

mod checkout;
