//! Builds the sockets of a plan.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};

use mptcp_emulator::SocketBehavior;
use rustix::net::connect_unspec;
use socket2::{Socket, Type};

use super::fixture::{Arrangement, Fixture, Member, Phase, SocketKind};
use super::path_manager::{BACKUP, Defaults, ENDPOINT_SUBFLOW, Manager, choose};
use super::recipe::{Addresses, Change, Link, NotMptcp, Protocol, Recipe, Side, Unconnected};
use super::sock_diag::SockDiag;
use super::sockets::{BlackHole, Ends, NETWORK_V6, listener, mptcp, stream};
use super::system::during;
use super::tools::{PATIENCE, Tools};

/// The endpoints of the in-kernel path manager for each family, and its limit of extra subflows,
/// for [`Change::KernelManaged`].
const ENDPOINTS: u8 = 2;
/// Its limit of accepted `ADD_ADDR`s. Nothing sends any, but with 0 the field could not be
/// distinguished from an empty one.
const ACCEPTED_MAX: u32 = 3;
/// Whether earlier fixtures of this process added its endpoints. Kernels differ in how they answer
/// if an endpoint is added twice.
static HAS_ENDPOINTS: AtomicBool = AtomicBool::new(false);
/// Bytes from the client and from the server, unequal to distinguish the ends.
const TALK: (usize, usize) = (1500, 700);

/// Builds scenes, one plan after another.
pub(super) struct Builder {
    tools: Tools,
    private: bool,
    /// The behaviour of this kernel's sockets.
    holding: SocketBehavior,
}

impl Builder {
    /// In a private namespace this also sets up addresses, endpoints, limits and the listener for
    /// path manager events.
    pub fn new(private: bool, holding: SocketBehavior) -> Result<Builder, String> {
        let mut maker = Builder { tools: Tools::new(), private, holding };
        if private {
            let manager = &mut maker.tools.manager;
            manager.listen().map_err(during("listening to path manager events"))?;
            manager.set_limits(ACCEPTED_MAX, ENDPOINTS.into()).map_err(during("setting limits"))?;
            // A kernel without IPv6 needs neither the network of addresses nor the endpoints on it.
            let v6 = manager.own_network(NETWORK_V6, 64).is_ok();
            let families = if v6 { &[Addresses::V4, Addresses::V6][..] } else { &[Addresses::V4] };
            let endpoints =
                families.iter().flat_map(|over| (1..=ENDPOINTS).map(|n| over.address(n)));
            if !HAS_ENDPOINTS.load(Ordering::Relaxed) {
                for (id, ip) in (1..).zip(endpoints) {
                    let added = manager.add_endpoint(id, ip, ENDPOINT_SUBFLOW);
                    added.map_err(during("adding an endpoint"))?;
                }
                HAS_ENDPOINTS.store(true, Ordering::Relaxed);
            }
        }
        Ok(maker)
    }

    /// Builds a plan's sockets, or returns which step failed and why.
    pub fn make(&mut self, plan: &Recipe) -> Result<Arrangement, String> {
        match *plan {
            Recipe::Unconnected(over, idle) => self.idle(over, idle),
            Recipe::Link(link) => self.link(&link),
            Recipe::NotMptcp(stranger) => {
                stranger_made(stranger).map_err(during("making the descriptor"))
            }
        }
    }

    fn choose(&self, manager: Manager) -> Result<(), String> {
        if self.private {
            choose(manager).map_err(during("choosing the path manager"))
        } else {
            Ok(())
        }
    }

    fn defaults(&mut self) -> Result<Defaults, String> {
        self.tools.manager.defaults(&self.holding).map_err(during("reading limits"))
    }

    fn idle(&mut self, over: Addresses, idle: Unconnected) -> Result<Arrangement, String> {
        self.choose(Manager::Kernel)?;
        let socket = mptcp(over.domain()).map_err(during("socket"))?;
        let mut props = Vec::new();
        if matches!(idle, Unconnected::Bound | Unconnected::Listening) {
            socket.bind(&over.origin().into()).map_err(during("bind"))?;
        }
        match idle {
            Unconnected::Fresh | Unconnected::Bound => {}
            Unconnected::Listening => socket.listen(1).map_err(during("listen"))?,
            Unconnected::Connecting => {
                let hole = BlackHole::new(over).map_err(during("filling an accept queue"))?;
                hole.attract(&socket).map_err(during("connect"))?;
                props.extend(hole.0.map(OwnedFd::from));
            }
        }
        let (standing, roster) = match idle {
            Unconnected::Fresh if !self.holding.subflow_when_new => (Phase::Fresh, vec![]),
            Unconnected::Fresh | Unconnected::Bound => (Phase::Bound, vec![Member::initial(over)]),
            Unconnected::Listening | Unconnected::Connecting => {
                (Phase::Live, vec![Member::initial(over)])
            }
        };
        let mut defaults = self.defaults()?;
        if idle == Unconnected::Listening && !self.holding.listener_limits {
            defaults = Defaults { checksums: defaults.checksums, ..Defaults::default() };
        }
        let subject =
            Fixture { standing, roster, defaults, ..Fixture::new(socket, SocketKind::Mptcp) };
        Ok(Arrangement { subjects: vec![subject], props })
    }

    fn link(&mut self, link: &Link) -> Result<Arrangement, String> {
        self.choose(Manager::Userspace)?;
        let checksums = |value| super::system::write_sysctl("net/mptcp/checksum_enabled", value);
        if link.change == Change::Checksums {
            checksums("1").map_err(during("net.mptcp.checksum_enabled"))?;
        }
        let made = self.connect(link);
        if link.change == Change::Checksums {
            checksums("0").map_err(during("net.mptcp.checksum_enabled"))?;
        }
        made
    }

    fn connect(&mut self, link: &Link) -> Result<Arrangement, String> {
        let domain = link.over.domain();
        let (listener, to) = listener(link.server, link.over).map_err(during("listening"))?;
        if link.change == Change::KernelManaged {
            // Only on the client. The server would try joins too, to a port that does not listen,
            // and use up subflow ids.
            self.choose(Manager::Kernel)?;
        }
        let client = stream(link.client, domain).map_err(during("socket"))?;
        self.choose(Manager::Userspace)?;
        client.set_read_timeout(Some(PATIENCE)).map_err(during("SO_RCVTIMEO"))?;
        if link.change == Change::Reconnected {
            client.connect(&to.into()).map_err(during("connect"))?;
            drop(listener.accept().map_err(during("accept"))?);
            connect_unspec(&client).map_err(during("disconnect"))?;
        }
        client.connect(&to.into()).map_err(during("connect"))?;
        let (server, _) = listener.accept().map_err(during("accept"))?;
        server.set_read_timeout(Some(PATIENCE)).map_err(during("SO_RCVTIMEO"))?;
        let ends = Ends { client, server };

        let mut roster = vec![Member::initial(link.over)];
        let mut bytes = [0; 2];
        if link.subflows > 1 {
            // A join needs a connection that is "fully established" at both ends. The server needs
            // the client's first data; the client needs data or an acknowledgement of data.
            ends.talk(1, 0).map_err(during("the first byte"))?;
            bytes[0] += 1;
            self.join(link, &ends, to, &mut roster)?;
        }
        if link.data {
            exchange(&ends, "exchanging data", &mut bytes)?;
        }
        let names = ends.names().map_err(during("getsockname"))?;
        // TCP sockets do not depend on it, and exist without netlink.
        let is_tcp = [link.client, link.server] == [Protocol::Tcp; 2];
        let server_defaults = if is_tcp { Defaults::default() } else { self.defaults()? };
        let client_defaults = if link.change == Change::KernelManaged {
            self.choose(Manager::Kernel)?;
            let defaults = self.defaults();
            self.choose(Manager::Userspace)?;
            defaults?
        } else {
            server_defaults
        };
        let holding = self.holding;
        let standing = self.change(link.change, &ends, &mut roster, &mut bytes)?;

        let nature = |mine, theirs| match (mine, theirs) {
            (Protocol::Tcp, _) => SocketKind::Tcp(domain),
            (Protocol::Mptcp, Protocol::Tcp) => SocketKind::FallenBack(domain),
            (Protocol::Mptcp, Protocol::Mptcp) => SocketKind::Mptcp,
        };
        let subject = |socket, side, names, nature| {
            let mut roster = roster.clone();
            // A reused socket gives its first subflow number 0, not 1.
            if link.change == Change::Reconnected && side == Side::Client {
                roster[0].id = None;
            }
            let keeps_initial = side == Side::Client || holding.accepted_keeps_initial;
            match link.change {
                Change::InitialRemoved if keeps_initial => roster[0].closed = Some(names),
                Change::InitialRemoved => drop(roster.remove(0)),
                Change::Closed if !keeps_initial => roster.clear(),
                _ => {}
            }
            let defaults = match side {
                Side::Client => client_defaults,
                Side::Server => server_defaults,
            };
            Fixture {
                side,
                standing,
                defaults,
                names: Some(names),
                bytes: if side == Side::Client { bytes } else { [bytes[1], bytes[0]] },
                roster,
                ..Fixture::new(socket, nature)
            }
        };
        let subjects = vec![
            subject(ends.client, Side::Client, names[0], nature(link.client, link.server)),
            subject(ends.server, Side::Server, names[1], nature(link.server, link.client)),
        ];
        Ok(Arrangement { subjects, props: vec![] })
    }

    /// Adds subflows until the connection has as many as the plan requires. Each is awaited at the
    /// server, which notices a join last, so the order is known. The in-kernel path manager makes
    /// all at once, in the order of its endpoints.
    fn join(
        &mut self,
        link: &Link,
        ends: &Ends,
        to: SocketAddr,
        roster: &mut Vec<Member>,
    ) -> Result<(), String> {
        let inodes = ends.inodes().map_err(during("fstat"))?;
        let backup = if link.change == Change::BackupSubflow { BACKUP } else { 0 };
        let by_kernel = link.change == Change::KernelManaged;
        let token = if by_kernel { 0 } else { self.tools.token(inodes[0])? };
        for n in 1..link.subflows {
            let client = link.over.address(n);
            roster.push(Member::new(client, u32::from(n) + 1));
            if !by_kernel {
                self.tools.join(token, n, client, to, backup)?;
                self.tools.await_subflows(&inodes[1..], roster.len(), |sock_diag| {
                    sock_diag.established_at(to.port())
                })?;
            }
        }
        self.tools.await_subflows(&inodes, roster.len(), SockDiag::tcp)
    }

    fn change(
        &mut self,
        change: Change,
        ends: &Ends,
        roster: &mut Vec<Member>,
        bytes: &mut [u64; 2],
    ) -> Result<Phase, String> {
        let shut =
            |end: &Socket| end.shutdown(std::net::Shutdown::Write).map_err(during("shutdown"));
        let inodes = ends.inodes().map_err(during("fstat"))?;
        let mut standing = Phase::Live;
        match change {
            Change::Nothing
            | Change::Reconnected
            | Change::BackupSubflow
            | Change::Checksums
            | Change::KernelManaged => {}
            Change::HalfClosed => shut(&ends.client)?,
            Change::Closed => {
                shut(&ends.client)?;
                shut(&ends.server)?;
                for mut end in [&ends.client, &ends.server] {
                    // Reads the end of data.
                    end.read_to_end(&mut Vec::new()).map_err(during("reading the end"))?;
                }
                standing = Phase::Closed;
            }
            Change::Disconnected => {
                connect_unspec(&ends.client).map_err(during("disconnect"))?;
                standing = Phase::Disconnected;
            }
            Change::SubflowRemoved => {
                self.tools.remove(inodes[0], roster.remove(1).client)?;
            }
            Change::AddressRemoved => {
                // The id of a joined subflow is the number of its address.
                self.tools.remove_address(inodes[0], 1)?;
                roster.truncate(1);
            }
            Change::InitialRemoved => {
                self.tools.remove(inodes[0], roster[0].client)?;
                exchange(ends, "going on", bytes)?;
            }
        }
        if standing != Phase::Live {
            // The kernel keeps the first subflow; its id is undocumented.
            roster.truncate(1);
            roster[0].id = None;
        }
        Ok(standing)
    }
}

/// Sends data both ways, and counts it.
fn exchange(ends: &Ends, step: &str, bytes: &mut [u64; 2]) -> Result<(), String> {
    ends.talk(TALK.0, TALK.1).map_err(during(step))?;
    *bytes = [bytes[0] + TALK.0 as u64, bytes[1] + TALK.1 as u64];
    Ok(())
}

fn stranger_made(stranger: NotMptcp) -> io::Result<Arrangement> {
    let mut props = Vec::new();
    let (descriptor, nature): (Option<OwnedFd>, SocketKind) = match stranger {
        NotMptcp::Tcp(over) => {
            (Some(stream(Protocol::Tcp, over.domain())?.into()), SocketKind::Tcp(over.domain()))
        }
        NotMptcp::Udp(over) => (
            Some(Socket::new(over.domain(), Type::DGRAM, None)?.into()),
            SocketKind::Udp(over.domain()),
        ),
        NotMptcp::Unix => {
            let (one, other) = UnixStream::pair()?;
            props.push(other.into());
            (Some(one.into()), SocketKind::Unix)
        }
        NotMptcp::Pipe => {
            let (reader, writer) = io::pipe()?;
            props.push(writer.into());
            (Some(reader.into()), SocketKind::NotASocket)
        }
        NotMptcp::Closed => (None, SocketKind::Closed),
    };
    Ok(Arrangement { subjects: vec![Fixture { descriptor, ..Fixture::bare(nature) }], props })
}
