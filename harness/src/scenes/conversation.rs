//! A connection that is changed step by step, and read after each step.
//!
//! Scenes do not change; this tests the transitions between states. As with scenes, an expected
//! state comes from what was done to the connection and from `sock_diag`, never from the options
//! under test.

use std::io::Read;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Instant;

use mptcp_emulator::SocketBehavior;
use rustix::net::connect_unspec;
use socket2::{SockRef, Socket};

use super::expected_state::{ExpectedState, Kind};
use super::fixture::{Fixture, Member, Phase, SocketKind};
use super::fixtures::{REST, UNREST};
use super::observe::draw;
use super::path_manager::{Manager, choose};
use super::recipe::{Addresses, Protocol, Side};
use super::sock_diag::sizes;
use super::sockets::{Ends, NETWORK_V6, listener, mptcp, talk};
use super::system::during;
use super::tools::{PATIENCE, Tools};
use crate::kernel::Kernel;
use crate::kernel::Sizes;

/// An MPTCP connection with both its ends, in the namespace of this process, which has to be
/// [`super::Enclosure::Private`].
pub struct Conversation {
    tools: Tools,
    sizes: Sizes,
    holding: SocketBehavior,
    over: Addresses,
    /// The server's listening address, for joins.
    to: SocketAddr,
    _listener: Socket,
    /// The client, then the server.
    ends: [Fixture; 2],
    inodes: [u32; 2],
    /// The id that the next subflow gets.
    next_id: u32,
    /// Which ends have shut down sending.
    shut: [bool; 2],
    expected_states: [ExpectedState; 2],
}

impl Conversation {
    /// Connects, and sends the client's first byte, which a join needs.
    ///
    /// # Errors
    /// Which step failed, and why. All other changes have the same errors.
    pub fn new(over: Addresses) -> Result<Conversation, String> {
        let mut tools = Tools::new();
        tools.manager.listen().map_err(during("listening to path manager events"))?;
        if over == Addresses::V6 {
            // It exists if fixtures or another conversation were built before.
            let _ = tools.manager.own_network(NETWORK_V6, 64);
        }
        choose(Manager::Userspace).map_err(during("choosing the path manager"))?;
        let sizes = sizes(&mut tools.sock_diag)?;
        let holding = Kernel::running(Some(sizes)).revision.sockets;

        let (listener, to) = listener(Protocol::Mptcp, over).map_err(during("listening"))?;
        let client = mptcp(over.domain()).map_err(during("socket"))?;
        client.connect(&to.into()).map_err(during("connect"))?;
        let (server, _) = listener.accept().map_err(during("accept"))?;
        for end in [&client, &server] {
            end.set_read_timeout(Some(PATIENCE)).map_err(during("SO_RCVTIMEO"))?;
        }
        let ends = Ends { client, server };
        ends.talk(1, 0).map_err(during("the first byte"))?;

        let names = ends.names().map_err(during("getsockname"))?;
        let inodes = ends.inodes().map_err(during("fstat"))?;
        let defaults = tools.manager.defaults(&holding).map_err(during("reading limits"))?;
        let subject = |socket, side, names| Fixture {
            side,
            defaults,
            standing: Phase::Live,
            names: Some(names),
            bytes: if side == Side::Client { [1, 0] } else { [0, 1] },
            roster: vec![Member::initial(over)],
            ..Fixture::new(socket, SocketKind::Mptcp)
        };
        let ends = [
            subject(ends.client, Side::Client, names[0]),
            subject(ends.server, Side::Server, names[1]),
        ];
        let mut conversation = Conversation {
            tools,
            sizes,
            holding,
            over,
            to,
            _listener: listener,
            ends,
            inodes,
            next_id: 2,
            shut: [false; 2],
            expected_states: [ExpectedState::blank(), ExpectedState::blank()],
        };
        conversation.rest()?;
        Ok(conversation)
    }

    /// The sizes of the kernel's structures, as `sock_diag` shows them.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// The expected state of an end, when the connection last came to rest.
    pub fn expected(&self, side: Side) -> &ExpectedState {
        &self.expected_states[side as usize]
    }

    /// Joins a subflow from the client's address with this number; the initial subflow has address
    /// 0. Neither end of the connection may have been shut down.
    pub fn add_subflow(&mut self, address: u8) -> Result<(), String> {
        let client = self.over.address(address);
        let token = self.tools.token(self.inodes[0])?;
        self.tools.join(token, address, client, self.to, 0)?;
        for end in &mut self.ends {
            end.roster.push(Member::new(client, self.next_id));
        }
        self.next_id += 1;
        self.rest()
    }

    /// Has the client's path manager remove a subflow, by its index in the expected state. The
    /// initial subflow stays listed, closed.
    pub fn remove_subflow(&mut self, at: usize) -> Result<(), String> {
        let member = self.ends[0].roster.get(at).ok_or("no such subflow")?;
        self.tools.remove(self.inodes[0], member.client)?;
        for (end, expected) in self.ends.iter_mut().zip(&self.expected_states) {
            if at == 0 {
                close(&mut end.roster[..1], expected);
            } else {
                end.roster.remove(at);
            }
        }
        self.rest()
    }

    /// Sends a number of bytes from one end, and reads them at the other.
    pub fn send(&mut self, from: Side, bytes: usize) -> Result<(), String> {
        let [client, server] = self.sockets()?;
        let (sender, receiver) = match from {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        talk(&sender, &receiver, bytes).map_err(during("exchanging data"))?;
        self.ends[from as usize].bytes[0] += bytes as u64;
        self.ends[1 - from as usize].bytes[1] += bytes as u64;
        self.rest()
    }

    /// Shuts down the sending side of one end. Once both ends are shut down, the connection is
    /// closed. The end that closed first keeps all its subflows, closed; the other end keeps only
    /// the initial one.
    pub fn shut_down(&mut self, side: Side) -> Result<(), String> {
        let sockets = self.sockets()?;
        sockets[side as usize].shutdown(Shutdown::Write).map_err(during("shutdown"))?;
        let (last, first) = (side as usize, 1 - side as usize);
        if self.shut[first] {
            for end in sockets {
                (&*end).read_to_end(&mut Vec::new()).map_err(during("reading the end"))?;
            }
            self.ends[first].standing = Phase::Closed;
            close(&mut self.ends[first].roster, &self.expected_states[first]);
            strip(&mut self.ends[last], Phase::ClosedLast);
        }
        self.shut[last] = true;
        self.rest()
    }

    /// The client calls connect with `AF_UNSPEC`. The server is notified, unless both ends were
    /// shut down. The connection cannot be changed afterwards.
    pub fn disconnect(&mut self) -> Result<(), String> {
        let [client, _] = self.sockets()?;
        connect_unspec(&*client).map_err(during("disconnect"))?;
        if self.shut != [true; 2] {
            strip(&mut self.ends[1], Phase::Reset);
        }
        // The state of its first subflow is reset.
        self.ends[0].roster[0].closed = None;
        strip(&mut self.ends[0], Phase::Disconnected);
        self.rest()
    }

    /// Reads both ends again. Returns whether either changed. Call it if a call disagrees with the
    /// model, before the kernel is blamed.
    pub fn retake(&mut self) -> Result<bool, String> {
        let before = self.expected_states.clone();
        self.rest()?;
        Ok(before != self.expected_states)
    }

    fn sockets(&self) -> Result<[SockRef<'_>; 2], String> {
        let [client, server] = self.ends.each_ref().map(|end| end.descriptor.as_ref());
        let (client, server) = client.zip(server).ok_or("no descriptor")?;
        Ok([client, server].map(|end: &OwnedFd| SockRef::from(end)))
    }

    /// Waits, for a limited time, until both ends show the same expected state twice.
    fn rest(&mut self) -> Result<(), String> {
        let start = Instant::now();
        let mut last = None;
        loop {
            let testimony = self.tools.sock_diag.look().map_err(during("sock_diag"))?;
            let [client, server] =
                self.ends.each_ref().map(|end| draw(end, &testimony, self.sizes, &self.holding));
            let now = client.and_then(|client| Ok([client, server?]));
            if let Ok(expected_states) = &now
                && last.as_ref() == Some(expected_states)
            {
                self.expected_states = expected_states.clone();
                return Ok(());
            }
            if start.elapsed() > UNREST {
                return Err(now.err().unwrap_or("it does not come to rest".into()));
            }
            last = now.ok();
            thread::sleep(REST);
        }
    }
}

/// Subflows are closed, and stay listed.
fn close(roster: &mut [Member], expected: &ExpectedState) {
    let Kind::Mptcp { subflows, .. } = &expected.kind else {
        return;
    };
    for (member, subflow) in roster.iter_mut().zip(subflows) {
        member.closed.get_or_insert((subflow.local, subflow.remote));
    }
}

/// An end keeps only its first subflow. Unless that was closed before, the kernel resets it; its id
/// is then undocumented.
fn strip(end: &mut Fixture, standing: Phase) {
    end.standing = standing;
    end.roster.truncate(1);
    for first in &mut end.roster {
        if first.closed.is_none() {
            first.id = None;
        }
    }
}
