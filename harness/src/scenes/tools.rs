//! Uses `sock_diag` and the path manager together, to change a connection's subflows and to confirm
//! the change.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use super::path_manager::PathManager;
use super::sock_diag::{Record, SockDiag, subflows};
use super::system::during;

/// Time limit of any single step.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Netlink sockets to change and read connections.
pub(super) struct Tools {
    pub sock_diag: SockDiag,
    pub manager: PathManager,
}

impl Tools {
    pub fn new() -> Tools {
        Tools { sock_diag: SockDiag::new(), manager: PathManager::new() }
    }

    /// The local token of the connection behind a descriptor.
    pub fn token(&mut self, inode: u32) -> Result<u32, String> {
        let seen = self.sock_diag.mptcp().map_err(during("sock_diag"))?;
        let info =
            &seen.iter().find(|seen| seen.inode == inode).ok_or("sock_diag does not show it")?.info;
        super::observe::token(info).ok_or_else(|| "sock_diag reports no token".to_owned())
    }

    /// Makes a subflow. Tries again while the kernel refuses.
    pub fn join(
        &mut self,
        token: u32,
        id: u8,
        from: IpAddr,
        to: SocketAddr,
        flags: u32,
    ) -> Result<(), String> {
        retry(|| self.manager.join(token, id, from, to, flags)).map_err(during("joining a subflow"))
    }

    /// Waits until each of some ends has a number of established subflows.
    pub fn await_subflows(
        &mut self,
        ends: &[u32],
        wanted: usize,
        look: impl Fn(&mut SockDiag) -> io::Result<Vec<Record>>,
    ) -> Result<(), String> {
        retry(|| {
            let seen = look(&mut self.sock_diag)?;
            let standing = ends.iter().map(|&inode| subflows(&seen, inode).count());
            match standing.min() {
                Some(fewest) if fewest < wanted => {
                    Err(io::Error::other(format!("{fewest} of {wanted} subflows stand")))
                }
                _ => Ok(()),
            }
        })
        .map_err(during("awaiting the joins"))
    }

    /// Removes a subflow of a client, named by its client address.
    pub fn remove(&mut self, inode: u32, gone: IpAddr) -> Result<(), String> {
        let token = self.token(inode)?;
        let seen = self.sock_diag.tcp().map_err(during("sock_diag"))?;
        let subflow = subflows(&seen, inode)
            .find(|subflow| subflow.local.ip().to_canonical() == gone)
            .ok_or("the subflow to remove is not there")?;
        self.manager
            .remove(token, subflow.local, subflow.remote)
            .map_err(during("removing a subflow"))
    }

    /// Removes an address of a client, and with it the subflows from there.
    pub fn remove_address(&mut self, inode: u32, id: u8) -> Result<(), String> {
        let token = self.token(inode)?;
        self.manager.remove_address(token, id).map_err(during("removing an address"))
    }
}

/// Tries again, at first without a pause, until it works or time runs out.
fn retry(mut step: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let start = Instant::now();
    loop {
        match step() {
            Err(_) if start.elapsed() < PATIENCE => thread::sleep(Duration::from_micros(200)),
            done => return done,
        }
    }
}
