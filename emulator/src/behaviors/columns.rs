//! The columns of the table of behaviors.

use zerocopy::{Immutable, IntoBytes};

use crate::errno::Errno;
use crate::rules::{Options, Rule};

/// Where a value of a behavior is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// Released kernels do this.
    Kernels,
    /// A document promises this, and no released kernel does it.
    Documents,
    /// An interface of the kernel that these options do not use yet works like this.
    Interface,
    /// A mistake that a patch could make.
    Mistake,
}

/// A value of a behavior.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// Its identifier.
    pub name: &'static str,
    /// What a kernel with this value does, as a clause: "a negative length is refused: EINVAL".
    pub clause: &'static str,
    /// Where it is known from.
    pub evidence: Evidence,
    /// The source: a document, a measurement, or what a patch would do.
    pub source: &'static str,
}

/// One row of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) question: &'static str,
    /// What a check is about, before the clause of a value.
    pub(super) subject: &'static str,
    pub(super) options: &'static [Options],
    pub(super) rules: &'static [Rule],
    pub(super) values: &'static [Value],
}

/// What happens to a call that a check refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, IntoBytes, Immutable)]
#[repr(u8)]
pub enum Check {
    /// It fails with `EINVAL`.
    #[default]
    Einval,
    /// There is no check.
    Unchecked,
    /// It fails with `EFAULT`.
    Efault,
    /// It fails with `E2BIG`.
    E2big,
    /// It fails with `EOPNOTSUPP`.
    Eopnotsupp,
    /// It fails with `ENOPROTOOPT`.
    Enoprotoopt,
    /// It fails with `ENOBUFS`.
    Enobufs,
    /// It fails with `EMSGSIZE`.
    Emsgsize,
    /// It fails with `ERANGE`.
    Erange,
    /// It fails with `EPERM`.
    Eperm,
    /// It succeeds, and nothing is written.
    Succeeds,
}

impl Check {
    /// All of them, in the order of their numbers.
    pub(super) const ALL: [Check; 11] = [
        Check::Einval,
        Check::Unchecked,
        Check::Efault,
        Check::E2big,
        Check::Eopnotsupp,
        Check::Enoprotoopt,
        Check::Enobufs,
        Check::Emsgsize,
        Check::Erange,
        Check::Eperm,
        Check::Succeeds,
    ];

    pub(super) const VALUES: &'static [Value] = &[
        Value {
            name: "Einval",
            clause: "gives EINVAL",
            evidence: Evidence::Kernels,
            source: "the rules of this behavior",
        },
        mistake("Unchecked", "is not checked"),
        mistake("Efault", "gives EFAULT"),
        mistake("E2big", "gives E2BIG"),
        mistake("Eopnotsupp", "gives EOPNOTSUPP"),
        mistake("Enoprotoopt", "gives ENOPROTOOPT"),
        mistake("Enobufs", "gives ENOBUFS"),
        mistake("Emsgsize", "gives EMSGSIZE"),
        mistake("Erange", "gives ERANGE"),
        mistake("Eperm", "gives EPERM"),
        mistake("Succeeds", "succeeds at once, and nothing is written"),
    ];

    /// What the call ends with; `None` if it goes on.
    #[inline]
    pub const fn ends(self) -> Option<Result<(), Errno>> {
        Some(Err(match self {
            Check::Einval => Errno::EINVAL,
            Check::Unchecked => return None,
            Check::Efault => Errno::EFAULT,
            Check::E2big => Errno::E2BIG,
            Check::Eopnotsupp => Errno::EOPNOTSUPP,
            Check::Enoprotoopt => Errno::ENOPROTOOPT,
            Check::Enobufs => Errno::ENOBUFS,
            Check::Emsgsize => Errno::EMSGSIZE,
            Check::Erange => Errno::ERANGE,
            Check::Eperm => Errno::EPERM,
            Check::Succeeds => return Some(Ok(())),
        }))
    }
}

const fn mistake(name: &'static str, clause: &'static str) -> Value {
    Value { name, clause, evidence: Evidence::Mistake, source: "another error, or none" }
}

macro_rules! behaviors {
    (
        checks {$(
            #[doc = $subject:literal] $check:ident $check_name:ident:
            [$($check_options:ident),*] [$($check_rule:ident),*];
        )+}
        $(
            #[doc = $question:literal] $field:ident $name:ident: [$($options:ident),*] [$($rule:ident),*] {
                $first:ident: $first_clause:literal, $first_evidence:ident $first_source:literal;
                $($value:ident: $clause:literal, $evidence:ident $source:literal;)*
            }
        )+
    ) => {
        $(
            #[doc = $question]
            #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, IntoBytes, Immutable)]
            #[repr(u8)]
            pub enum $name {
                #[doc = $first_clause]
                #[doc = concat!("\n\nSource: ", $first_source)]
                #[default]
                $first,
                $(
                    #[doc = $clause]
                    #[doc = concat!("\n\nSource: ", $source)]
                    $value,
                )*
            }
        )+

        /// How a kernel behaves: a value for each behavior. The default is what the newest kernels
        /// do.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, IntoBytes, Immutable)]
        #[repr(C)]
        pub struct Behaviors {
            $( #[doc = concat!("What becomes of", $subject, "?")] pub $check: Check, )+
            $( #[doc = $question] pub $field: $name, )+
        }

        pub(super) const NEWEST: Behaviors = Behaviors {
            $( $check: Check::Einval, )+
            $( $field: $name::$first, )+
        };

        /// A point at which a kernel could behave differently.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Behavior {
            $( #[doc = concat!("What becomes of", $subject, "?")] $check_name, )+
            $( #[doc = $question] $name, )+
        }

        impl Behavior {
            /// All behaviors, in the order of the table.
            pub const ALL: &'static [Behavior] =
                &[$(Behavior::$check_name,)+ $(Behavior::$name,)+];

            pub(super) const fn row(self) -> &'static Row {
                static ROWS: &[Row] = &[
                    $( Row {
                        name: stringify!($check),
                        question: concat!("What becomes of", $subject, "?"),
                        subject: $subject.trim_ascii(),
                        options: &[$(Options::$check_options),*],
                        rules: &[$(Rule::$check_rule),*],
                        values: Check::VALUES,
                    }, )+
                    $( Row {
                        name: stringify!($field),
                        question: $question.trim_ascii(),
                        subject: "",
                        options: &[$(Options::$options),*],
                        rules: &[$(Rule::$rule),*],
                        values: &[
                            Value {
                                name: stringify!($first),
                                clause: $first_clause,
                                evidence: Evidence::$first_evidence,
                                source: $first_source,
                            },
                            $( Value {
                                name: stringify!($value),
                                clause: $clause,
                                evidence: Evidence::$evidence,
                                source: $source,
                            }, )*
                        ],
                    }, )+
                ];
                &ROWS[self as usize]
            }
        }

        impl Behaviors {
            /// Whether these are [`Behaviors::NEWEST`], whose values all have the number 0. This is
            /// faster than a comparison of each field.
            #[inline]
            pub(crate) fn is_newest(&self) -> bool {
                let bytes = self.as_bytes();
                // The last word overlaps the one before it.
                let last = bytes.last_chunk().map_or(0, |word| u64::from_ne_bytes(*word));
                let words = bytes.as_chunks().0.iter();
                words.fold(last, |all, word| all | u64::from_ne_bytes(*word)) == 0
            }

            /// The number of a behavior's value, an index of [`Behavior::values`].
            pub const fn get(&self, behavior: Behavior) -> u8 {
                match behavior {
                    $( Behavior::$check_name => self.$check as u8, )+
                    $( Behavior::$name => self.$field as u8, )+
                }
            }

            /// These behaviors, but for one. A number that no value has changes nothing.
            #[must_use]
            pub fn with(mut self, behavior: Behavior, value: u8) -> Behaviors {
                let value = usize::from(value);
                match behavior {
                    $( Behavior::$check_name => {
                        self.$check = Check::ALL.get(value).copied().unwrap_or(self.$check);
                    } )+
                    $( Behavior::$name => {
                        let all = [$name::$first, $($name::$value),*];
                        self.$field = all.get(value).copied().unwrap_or(self.$field);
                    } )+
                }
                self
            }
        }
    };
}

pub(super) use behaviors;
