//! What is expected of the bytes of one name.

use super::dependency::Dependency;

/// What is expected of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// As this machine has its numbers.
    Number(u64),
    /// As networks have them.
    Network(u64),
    /// More of them than a number has.
    Zeros,
    /// The port of the scene's listener, of 2 bytes.
    Port,
    /// It depends on the moment.
    Open,
}

impl Value {
    /// What a check of so many bytes uses.
    pub(super) fn dependencies(self, len: usize) -> &'static [Dependency] {
        match self {
            Value::Number(_) | Value::Port => &[Dependency::Expect],
            Value::Network(_) if len > 4 => &[Dependency::Expect, Dependency::NetworkOrder64],
            Value::Network(_) => &[Dependency::Expect, Dependency::NetworkOrder],
            Value::Zeros => &[Dependency::ExpectZeros],
            Value::Open => &[Dependency::LeftOpen],
        }
    }

    /// As C, of the element `i` where it differs from one to the next.
    pub(super) fn text(self, len: usize, step: u64, first: usize) -> String {
        let (value, is_network) = match self {
            Value::Number(value) => (value, false),
            Value::Network(value) => (value, true),
            Value::Port => return "PORT".into(),
            _ => return "0".into(),
        };
        let origin = value.wrapping_sub(step.wrapping_mul(first as u64));
        let origin = match origin {
            short if short <= 0xffff && !is_network => short.to_string(),
            long => format!("{long:#x}"),
        };
        let text = match step {
            0 => origin,
            1 => format!("{origin} + i"),
            _ => format!("{origin} + {step} * i"),
        };
        match (is_network, len) {
            (true, 2) => format!("htons({text})"),
            (true, 4) => format!("htonl({text})"),
            (true, _) => format!("htobe64({text})"),
            _ => text,
        }
    }
}
