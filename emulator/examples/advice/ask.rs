//! The four options, asked so that the answer holds on every kernel and with any number
//! of subflows. `docs/advice.md` has the reasons.

use mptcp_emulator::Errno;
use mptcp_emulator::abi::{
    FullInfo, MPTCP_FULL_INFO, MPTCP_INFO, MPTCP_INFO_FLAG_FALLBACK, MPTCP_SUBFLOW_ADDRS,
    MPTCP_TCPINFO, MptcpInfo, SubflowAddrs, SubflowData, SubflowInfo, TcpInfo,
};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes};

/// `getsockopt(fd, SOL_MPTCP, …)` on one socket: the real one, or a test's.
pub trait Kernel {
    /// Asks with all of `optval`; the length that comes back. `MPTCP_FULL_INFO` takes
    /// arrays, and the head of its structure from [`Arrays::head`].
    fn ask(
        &mut self,
        option: i32,
        optval: &mut [u8],
        arrays: Option<Arrays<'_>>,
    ) -> Result<usize, Errno>;
}

/// What `MPTCP_FULL_INFO` fills: as many elements as there are of both.
pub struct Arrays<'a> {
    /// The numbers and addresses of the subflows.
    pub subflow_infos: &'a mut [SubflowInfo],
    /// Their `tcp_info`.
    pub tcp_infos: &'a mut [TcpInfo],
}

impl Arrays<'_> {
    /// The structure that asks for these arrays; its first 40 bytes are the question.
    pub fn head(&mut self) -> FullInfo {
        FullInfo {
            size_tcpinfo_user: size_of::<TcpInfo>() as u32,
            size_sfinfo_user: size_of::<SubflowInfo>() as u32,
            size_arrays_user: self.subflow_infos.len().min(self.tcp_infos.len()) as u32,
            subflow_info: self.subflow_infos.as_mut_ptr().expose_provenance() as u64,
            tcp_info: self.tcp_infos.as_mut_ptr().expose_provenance() as u64,
            ..FullInfo::new_zeroed()
        }
    }
}

/// What there is to know of a connection.
pub struct Connection {
    /// All zero where the kernel does not have a field.
    pub info: MptcpInfo,
    /// How much of `info` the kernel has filled, in bytes.
    pub info_length: usize,
    /// Bytes in the kernel's `tcp_info`.
    pub size_kernel: u32,
    /// Whether `MPTCP_FULL_INFO` told it, all of one moment.
    pub full: bool,
    /// One for each subflow.
    pub subflows: Vec<Subflow>,
}

/// A subflow of it.
pub struct Subflow {
    /// Its number, where `MPTCP_FULL_INFO` told it.
    pub id: Option<u32>,
    /// Where from, where to.
    pub addrs: SubflowAddrs,
    /// All zero where the kernel does not have a field.
    pub tcp_info: TcpInfo,
}

/// The elements of one option with a header.
struct Elements {
    bytes: Vec<u8>,
    stride: usize,
    size_kernel: u32,
}

/// What there is to know of a socket; `None` for one that fell back to TCP.
///
/// # Errors
/// Those of a descriptor that is no socket.
pub fn learn(kernel: &mut impl Kernel) -> Result<Option<Connection>, Errno> {
    match connection(kernel) {
        // IPv4 and IPv6 refuse in words of their own.
        Err(Errno::EOPNOTSUPP | Errno::ENOPROTOOPT) => Ok(None),
        Ok(found) if found.info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK != 0 => Ok(None),
        found => found.map(Some),
    }
}

fn connection(kernel: &mut impl Kernel) -> Result<Connection, Errno> {
    // First the option that every kernel has: its refusal means one thing only.
    let mut info = MptcpInfo::new_zeroed();
    let info_length = kernel.ask(MPTCP_INFO, info.as_mut_bytes(), None)?;
    match full_info(kernel) {
        Err(Errno::EOPNOTSUPP) => {}
        found => return found,
    }
    loop {
        let tcp_infos = elements(kernel, MPTCP_TCPINFO, size_of::<TcpInfo>())?;
        let addrs = elements(kernel, MPTCP_SUBFLOW_ADDRS, size_of::<SubflowAddrs>())?;
        // A subflow came or went between the two: they are not of one moment.
        if tcp_infos.len() != addrs.len() {
            continue;
        }
        let subflow =
            |n| Subflow { id: None, addrs: addrs.element(n), tcp_info: tcp_infos.element(n) };
        return Ok(Connection {
            info,
            info_length,
            size_kernel: tcp_infos.size_kernel,
            full: false,
            subflows: (0..tcp_infos.len()).map(subflow).collect(),
        });
    }
}

fn full_info(kernel: &mut impl Kernel) -> Result<Connection, Errno> {
    let mut slots = 1;
    loop {
        let mut subflow_infos = vec![SubflowInfo::new_zeroed(); slots];
        let mut tcp_infos = vec![TcpInfo::new_zeroed(); slots];
        let mut full = FullInfo::new_zeroed();
        let arrays = Arrays { subflow_infos: &mut subflow_infos, tcp_infos: &mut tcp_infos };
        let length = kernel.ask(MPTCP_FULL_INFO, full.as_mut_bytes(), Some(arrays))?;
        let count = full.num_subflows as usize;
        if count > slots {
            slots = count;
            continue;
        }
        let subflow = |n| {
            let SubflowInfo { id, addrs, .. } =
                element(subflow_infos.as_bytes(), full.size_sfinfo_user as usize, n);
            let tcp_info = element(tcp_infos.as_bytes(), full.size_tcpinfo_user as usize, n);
            Subflow { id: Some(id), addrs, tcp_info }
        };
        return Ok(Connection {
            info: full.mptcp_info,
            info_length: length.saturating_sub(FullInfo::HEADER),
            size_kernel: full.size_tcpinfo_kernel,
            full: true,
            subflows: (0..count).map(subflow).collect(),
        });
    }
}

/// `MPTCP_TCPINFO` or `MPTCP_SUBFLOW_ADDRS`, with room for all.
fn elements(kernel: &mut impl Kernel, option: i32, size: usize) -> Result<Elements, Errno> {
    const HEADER: usize = size_of::<SubflowData>();
    let mut slots = 1;
    loop {
        // All of it new: what the kernel wrote last time would be refused.
        let mut bytes = vec![0; HEADER + slots * size];
        let question = SubflowData {
            size_subflow_data: HEADER as u32,
            num_subflows: 0,
            size_kernel: 0,
            size_user: size as u32,
        };
        bytes[..HEADER].copy_from_slice(question.as_bytes());
        let length = kernel.ask(option, &mut bytes, None)?;
        let answer: SubflowData = element(&bytes, HEADER, 0);
        if answer.num_subflows as usize <= slots {
            bytes.truncate(length);
            bytes.drain(..HEADER);
            let stride = answer.size_user as usize;
            return Ok(Elements { bytes, stride, size_kernel: answer.size_kernel });
        }
        slots = answer.num_subflows as usize;
    }
}

impl Elements {
    fn len(&self) -> usize {
        self.bytes.len() / self.stride
    }

    fn element<T: FromBytes + IntoBytes + Immutable>(&self, n: usize) -> T {
        element(&self.bytes, self.stride, n)
    }
}

/// An element that may be shorter than the structure, with zeros behind it.
fn element<T: FromBytes + IntoBytes + Immutable>(bytes: &[u8], stride: usize, n: usize) -> T {
    let mut whole = T::new_zeroed();
    whole.as_mut_bytes()[..stride].copy_from_slice(&bytes[n * stride..][..stride]);
    whole
}
