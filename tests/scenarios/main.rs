//! What the program promises, shown by the real binary over sockets: each scenario starts
//! `neurocards run` on a fresh folder against the sandbox, and at its end the harness checks what
//! always holds (`promises`).

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

mod appliance;
mod customer;
mod deaths;
mod promises;
mod secrets;
mod terminal;

mod backups;
mod bad_input;
mod broadcast;
mod buying;
mod by_hand;
mod cabinet;
mod canary;
mod choice;
mod commands;
mod console;
mod crashes;
mod doctor;
mod documents;
mod evening;
mod gifts;
mod growth;
mod harness;
mod import;
mod in_a_terminal;
mod journey;
mod keys;
mod leaving;
mod limits;
mod machine;
mod no_service;
mod operator;
mod orders;
mod payments;
mod plug;
mod report;
mod second_copy;
mod services;
mod setup;
mod soak;
mod stopping;
mod strange_files;
mod supervised;
mod telegram;
mod tickets;
mod troubles;
mod upgrades;
mod wall_clock;
mod watching;
mod words;

pub(crate) use appliance::{Appliance, Setup};
pub(crate) use customer::{AD, Customer, OWN, UGC, What};
