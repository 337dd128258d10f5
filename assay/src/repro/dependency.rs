//! What a part of the program uses and another part defines.

/// A definition that only some programs have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dependency {
    /// `need_compat` and `call_compat`.
    Compat,
    /// `need_tcp_info`.
    TcpInfoSize,
    /// `need_mptcp_info`.
    MptcpInfoSize,
    /// `put`.
    Put,
    /// `expect`.
    Expect,
    /// `expect_zeros`.
    ExpectZeros,
    /// `left_open`.
    LeftOpen,
    /// `htons` and `htonl`.
    NetworkOrder,
    /// `htobe64`.
    NetworkOrder64,
}

impl Dependency {
    /// The fragment that defines it.
    pub(super) const fn fragment(self) -> &'static str {
        match self {
            Dependency::Compat => include_str!("compat.c"),
            Dependency::TcpInfoSize => include_str!("tcp_info_size.c"),
            Dependency::MptcpInfoSize => include_str!("mptcp_info_size.c"),
            Dependency::Put => include_str!("put.c"),
            Dependency::Expect => include_str!("expect.c"),
            Dependency::ExpectZeros => include_str!("expect_zeros.c"),
            Dependency::LeftOpen => include_str!("left_open.c"),
            Dependency::NetworkOrder => "#include <arpa/inet.h>",
            Dependency::NetworkOrder64 => "#include <endian.h>",
        }
    }
}
