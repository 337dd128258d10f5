//! Sockets that own their contents.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use crate::abi::SUBFLOW_INFO;
use crate::content::Content;
use crate::revision::Revision;
use crate::socket::{Connection, SizeMismatch, Socket, Subflow};

/// The bytes of a structure and their mask, to be filled in; both are of one length.
#[derive(Debug, PartialEq, Eq)]
pub struct ContentMut<'a> {
    /// The bytes.
    pub bytes: &'a mut [u8],
    /// The mask: 0 for a byte that is known, else a [`crate::OpenReason`].
    pub mask: &'a mut [u8],
}

impl ContentMut<'_> {
    /// Copies the first bytes of a content, the same number as there are in both.
    pub fn copy_from(&mut self, content: Content<'_>) {
        let len = self.bytes.len().min(content.len());
        let content = content.first(len);
        self.mask[..len].fill(0);
        self.bytes[..len].copy_from_slice(content.bytes());
        self.mask[..content.mask().len()].copy_from_slice(content.mask());
    }
}

/// The two structures of a subflow, to be filled in.
#[derive(Debug, PartialEq, Eq)]
pub struct SubflowMut<'a> {
    /// `struct tcp_info`.
    pub tcp_info: ContentMut<'a>,
    /// `struct mptcp_subflow_info`.
    pub subflow_info: ContentMut<'a>,
}

/// An array of structures of one size.
#[derive(Clone, PartialEq, Eq)]
struct Structures {
    size: usize,
    bytes: Vec<u8>,
    /// INVARIANT: as long as `bytes`.
    mask: Vec<u8>,
}

impl Structures {
    fn new(size: u32, count: usize) -> Structures {
        let size = size as usize;
        Structures { size, bytes: vec![0; size * count], mask: vec![0; size * count] }
    }

    #[inline]
    fn content(&self) -> Content<'_> {
        Content::masked(&self.bytes, &self.mask).unwrap_or(Content::exact(&[]))
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = ContentMut<'_>> {
        let size = self.size.max(1);
        let masks = self.mask.chunks_exact_mut(size);
        let both = self.bytes.chunks_exact_mut(size).zip(masks);
        both.map(|(bytes, mask)| ContentMut { bytes, mask })
    }
}

/// Without the bytes, which may be thousands.
impl fmt::Debug for Structures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of structures of {}", self.bytes.len(), self.size)
    }
}

/// A [`Connection`] that owns its contents, each structure as long as the revision has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedConnection {
    info: Structures,
    tcp_infos: Structures,
    subflow_infos: Structures,
}

impl OwnedConnection {
    /// A connection on a kernel of a revision, with all bytes known and zero.
    pub fn new(revision: &Revision, subflows: usize) -> OwnedConnection {
        OwnedConnection {
            info: Structures::new(revision.mptcp_info, 1),
            tcp_infos: Structures::new(revision.tcp_info, subflows),
            subflow_infos: Structures::new(SUBFLOW_INFO, subflows),
        }
    }

    /// A connection with these contents, cut to the sizes of the revision.
    ///
    /// # Errors
    /// [`SizeMismatch`] if a content is shorter than the revision's structure.
    pub fn of<'a>(
        revision: &Revision,
        info: Content<'_>,
        subflows: impl ExactSizeIterator<Item = Subflow<'a>>,
    ) -> Result<OwnedConnection, SizeMismatch> {
        let check = |structure, bytes, size| match bytes < size as usize {
            true => Err(SizeMismatch { structure, bytes, count: 1, size }),
            false => Ok(()),
        };
        let mut owned = OwnedConnection::new(revision, subflows.len());
        check("mptcp_info", info.len(), revision.mptcp_info)?;
        owned.info_mut().copy_from(info);
        for (mut to, from) in owned.subflows_mut().zip(subflows) {
            check("tcp_info", from.tcp_info.len(), revision.tcp_info)?;
            check("mptcp_subflow_info", from.subflow_info.len(), SUBFLOW_INFO)?;
            to.tcp_info.copy_from(from.tcp_info);
            to.subflow_info.copy_from(from.subflow_info);
        }
        Ok(owned)
    }

    /// The connection as the model takes it.
    #[inline]
    pub fn as_connection(&self) -> Connection<'_> {
        Connection {
            info: self.info.content(),
            tcp_infos: self.tcp_infos.content(),
            tcp_info: self.tcp_infos.size,
            subflow_infos: self.subflow_infos.content(),
        }
    }

    /// An MPTCP socket with this connection.
    #[inline]
    pub fn as_socket(&self) -> Socket<'_> {
        Socket::Mptcp(self.as_connection())
    }

    /// `struct mptcp_info`, to be filled in.
    pub fn info_mut(&mut self) -> ContentMut<'_> {
        ContentMut { bytes: &mut self.info.bytes, mask: &mut self.info.mask }
    }

    /// The subflows, to be filled in.
    pub fn subflows_mut(&mut self) -> impl Iterator<Item = SubflowMut<'_>> {
        let both = self.tcp_infos.iter_mut().zip(self.subflow_infos.iter_mut());
        both.map(|(tcp_info, subflow_info)| SubflowMut { tcp_info, subflow_info })
    }
}

/// A [`Socket`] that owns its contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedSocket {
    /// An MPTCP socket that has not fallen back to plain TCP.
    Mptcp(OwnedConnection),
    /// Any other socket.
    Other(Socket<'static>),
}

impl OwnedSocket {
    /// The socket as the model takes it.
    #[inline]
    pub fn as_socket(&self) -> Socket<'_> {
        match self {
            OwnedSocket::Mptcp(connection) => connection.as_socket(),
            OwnedSocket::Other(socket) => *socket,
        }
    }
}
