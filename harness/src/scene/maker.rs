//! Makes what a plan asks for.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::connect_unspec;
use socket2::{Socket, Type};

use super::during;
use super::path_manager::{BACKUP, ENDPOINT_SUBFLOW, Manager, PathManager, choose};
use super::plan::{Change, Idle, Link, Over, Plan, Protocol, Side, Stranger};
use super::sockets::{BlackHole, Ends, NETWORK_V6, mptcp, stream, subflows};
use super::subject::{Made, Member, Nature, Standing, Subject};
use super::witness::{Sighting, Witness};

/// How long any single step may take before the scene is given up.
const PATIENCE: Duration = Duration::from_secs(2);
/// Endpoints of the in-kernel path manager for each family, and its limit of
/// extra subflows: what [`Change::KernelManaged`] makes.
const ENDPOINTS: u8 = 2;
/// Its limit of accepted `ADD_ADDR`s: nothing sends any, but 0 would not tell
/// the field from one that is not filled.
const ACCEPTED_MAX: u32 = 3;
/// Bytes from the client and from the server, unequal to tell the ends apart.
const TALK: (usize, usize) = (1500, 700);

/// Makes scenes, one plan after another.
pub(super) struct Maker {
    witness: Witness,
    manager: PathManager,
    private: bool,
}

impl Maker {
    /// In a private namespace this also arranges addresses, endpoints, limits
    /// and the listener for path manager events.
    pub fn new(private: bool) -> Result<Maker, String> {
        let mut maker = Maker {
            witness: Witness::new(),
            manager: PathManager::new(),
            private,
        };
        if private {
            let manager = &mut maker.manager;
            manager
                .listen()
                .map_err(during("listening to path manager events"))?;
            manager
                .set_limits(ACCEPTED_MAX, ENDPOINTS.into())
                .map_err(during("setting limits"))?;
            // A kernel without IPv6 has no use for the network of addresses nor
            // for the endpoints on it.
            let v6 = manager.own_network(NETWORK_V6, 64).is_ok();
            let families = if v6 {
                &[Over::V4, Over::V6][..]
            } else {
                &[Over::V4]
            };
            let endpoints = families
                .iter()
                .flat_map(|over| (1..=ENDPOINTS).map(|n| over.address(n)));
            for (id, ip) in (1..).zip(endpoints) {
                manager
                    .add_endpoint(id, ip, ENDPOINT_SUBFLOW)
                    .map_err(during("adding an endpoint"))?;
            }
        }
        Ok(maker)
    }

    /// Makes a plan's sockets, or says which step failed and how.
    pub fn make(&mut self, plan: &Plan) -> Result<Made, String> {
        match *plan {
            Plan::Idle(over, idle) => self.idle(over, idle),
            Plan::Link(link) => self.link(&link),
            Plan::Stranger(stranger) => {
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

    fn idle(&mut self, over: Over, idle: Idle) -> Result<Made, String> {
        self.choose(Manager::Kernel)?;
        let socket = mptcp(over.domain()).map_err(during("socket"))?;
        let mut props = Vec::new();
        if matches!(idle, Idle::Bound | Idle::Listening) {
            socket.bind(&over.origin().into()).map_err(during("bind"))?;
        }
        match idle {
            Idle::Fresh | Idle::Bound => {}
            Idle::Listening => socket.listen(1).map_err(during("listen"))?,
            Idle::Connecting => {
                let hole = BlackHole::new(over).map_err(during("filling an accept queue"))?;
                hole.attract(&socket).map_err(during("connect"))?;
                props.extend(hole.0.map(OwnedFd::from));
            }
        }
        let (standing, roster) = match idle {
            Idle::Fresh => (Standing::Fresh, vec![]),
            Idle::Bound => (Standing::Bound, vec![initial(over)]),
            Idle::Listening | Idle::Connecting => (Standing::Live, vec![initial(over)]),
        };
        let defaults = self.manager.defaults().map_err(during("reading limits"))?;
        let subject = Subject {
            standing,
            roster,
            defaults,
            ..Subject::new(socket, Nature::Mptcp)
        };
        Ok(Made {
            subjects: vec![subject],
            props,
        })
    }

    fn link(&mut self, link: &Link) -> Result<Made, String> {
        self.choose(Manager::Userspace)?;
        let checksums = |value| super::namespace::write_sysctl("net/mptcp/checksum_enabled", value);
        if link.change == Change::Checksums {
            checksums("1").map_err(during("net.mptcp.checksum_enabled"))?;
        }
        let made = self.connect(link);
        if link.change == Change::Checksums {
            checksums("0").map_err(during("net.mptcp.checksum_enabled"))?;
        }
        made
    }

    fn connect(&mut self, link: &Link) -> Result<Made, String> {
        let domain = link.over.domain();
        let listener = stream(link.server, domain).map_err(during("socket"))?;
        listener
            .bind(&link.over.origin().into())
            .map_err(during("bind"))?;
        listener.listen(1).map_err(during("listen"))?;
        let to = listener.local_addr().map_err(during("getsockname"))?;
        if link.change == Change::KernelManaged {
            // Of the client alone: the server would try joins too, towards a
            // port that does not listen, and spend subflow ids on them.
            self.choose(Manager::Kernel)?;
        }
        let client = stream(link.client, domain).map_err(during("socket"))?;
        self.choose(Manager::Userspace)?;
        client
            .set_read_timeout(Some(PATIENCE))
            .map_err(during("SO_RCVTIMEO"))?;
        if link.change == Change::Reconnected {
            client.connect(&to).map_err(during("connect"))?;
            drop(listener.accept().map_err(during("accept"))?);
            connect_unspec(&client).map_err(during("disconnect"))?;
        }
        client.connect(&to).map_err(during("connect"))?;
        let (server, _) = listener.accept().map_err(during("accept"))?;
        server
            .set_read_timeout(Some(PATIENCE))
            .map_err(during("SO_RCVTIMEO"))?;
        let ends = Ends { client, server };

        let mut roster = vec![initial(link.over)];
        if link.subflows > 1 {
            // A join takes a connection that is "fully established" at both
            // ends: the server needs the client's first data, the client needs
            // data or an acknowledgement of data.
            ends.talk(1, 0).map_err(during("the first byte"))?;
            self.join(
                link,
                &ends,
                to.as_socket().ok_or("no address")?,
                &mut roster,
            )?;
        }
        if link.data {
            ends.talk(TALK.0, TALK.1)
                .map_err(during("exchanging data"))?;
        }
        let names = ends.names().map_err(during("getsockname"))?;
        let defaults = self.manager.defaults().map_err(during("reading limits"))?;
        let standing = self.change(link.change, &ends, &mut roster)?;

        let nature = |mine, theirs| match (mine, theirs) {
            (Protocol::Tcp, _) => Nature::Tcp(domain),
            (Protocol::Mptcp, Protocol::Tcp) => Nature::FallenBack(domain),
            (Protocol::Mptcp, Protocol::Mptcp) => Nature::Mptcp,
        };
        let subject = |socket, side, names, nature| {
            let mut roster = roster.clone();
            // A socket used again numbers its first subflow 0, not 1.
            if link.change == Change::Reconnected && side == Side::Client {
                roster[0].id = None;
            }
            Subject {
                side,
                standing,
                defaults,
                names: Some(names),
                roster,
                ..Subject::new(socket, nature)
            }
        };
        let subjects = vec![
            subject(
                ends.client,
                Side::Client,
                names[0],
                nature(link.client, link.server),
            ),
            subject(
                ends.server,
                Side::Server,
                names[1],
                nature(link.server, link.client),
            ),
        ];
        Ok(Made {
            subjects,
            props: vec![],
        })
    }

    /// Brings the connection to as many subflows as the plan wants, one after
    /// another, each awaited at the server, which is the last to know of a join:
    /// so their order is known. The
    /// in-kernel path manager makes all at once, in the order of its endpoints.
    fn join(
        &mut self,
        link: &Link,
        ends: &Ends,
        to: SocketAddr,
        roster: &mut Vec<Member>,
    ) -> Result<(), String> {
        let inodes = ends.inodes().map_err(during("fstat"))?;
        let backup = if link.change == Change::BackupSubflow {
            BACKUP
        } else {
            0
        };
        let by_kernel = link.change == Change::KernelManaged;
        let token = if by_kernel { 0 } else { self.token(inodes[0])? };
        for n in 1..link.subflows {
            let client = link.over.address(n);
            let id = Some(u32::from(n) + 1);
            roster.push(Member { client, id });
            if !by_kernel {
                retry(|| self.manager.join(token, n, client, to, backup))
                    .map_err(during(&format!("joining subflow {}", n + 1)))?;
                self.await_subflows(&inodes[1..], roster.len(), |witness| {
                    witness.established_at(to.port())
                })?;
            }
        }
        self.await_subflows(&inodes, roster.len(), Witness::tcp)
    }

    /// Waits until a number of subflows stands at each of some ends.
    fn await_subflows(
        &mut self,
        ends: &[u32],
        wanted: usize,
        look: impl Fn(&mut Witness) -> io::Result<Vec<Sighting>>,
    ) -> Result<(), String> {
        retry(|| {
            let seen = look(&mut self.witness)?;
            let standing = ends.iter().map(|&inode| subflows(&seen, inode).count());
            match standing.min() {
                Some(fewest) if fewest < wanted => Err(io::Error::other(format!(
                    "{fewest} of {wanted} subflows stand"
                ))),
                _ => Ok(()),
            }
        })
        .map_err(during("awaiting the joins"))
    }

    fn change(
        &mut self,
        change: Change,
        ends: &Ends,
        roster: &mut Vec<Member>,
    ) -> Result<Standing, String> {
        let shut = |end: &Socket| {
            end.shutdown(std::net::Shutdown::Write)
                .map_err(during("shutdown"))
        };
        let mut standing = Standing::Live;
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
                    // The end of data, read.
                    end.read_to_end(&mut Vec::new())
                        .map_err(during("reading the end"))?;
                }
                standing = Standing::Closed;
            }
            Change::Disconnected => {
                connect_unspec(&ends.client).map_err(during("disconnect"))?;
                standing = Standing::Disconnected;
            }
            Change::SubflowRemoved => {
                let inodes = ends.inodes().map_err(during("fstat"))?;
                let token = self.token(inodes[0])?;
                let seen = self.witness.tcp().map_err(during("sock_diag"))?;
                let gone = roster.remove(1).client;
                let subflow = subflows(&seen, inodes[0])
                    .find(|subflow| subflow.local.ip().to_canonical() == gone)
                    .ok_or("the subflow to remove is not there")?;
                self.manager
                    .remove(token, subflow.local, subflow.remote)
                    .map_err(during("removing a subflow"))?;
            }
        }
        if standing != Standing::Live {
            // The kernel keeps the first subflow, and no document says with
            // which id.
            roster.truncate(1);
            roster[0].id = None;
        }
        Ok(standing)
    }

    /// The local token of the connection behind a descriptor.
    fn token(&mut self, inode: u32) -> Result<u32, String> {
        let seen = self.witness.mptcp().map_err(during("sock_diag"))?;
        let info = &seen
            .iter()
            .find(|seen| seen.inode == inode)
            .ok_or("sock_diag does not show it")?
            .info;
        super::portrait::token(info).ok_or_else(|| "sock_diag tells no token".to_owned())
    }
}

fn stranger_made(stranger: Stranger) -> io::Result<Made> {
    let mut props = Vec::new();
    let (descriptor, nature): (Option<OwnedFd>, Nature) = match stranger {
        Stranger::Tcp(over) => (
            Some(stream(Protocol::Tcp, over.domain())?.into()),
            Nature::Tcp(over.domain()),
        ),
        Stranger::Udp(over) => (
            Some(Socket::new(over.domain(), Type::DGRAM, None)?.into()),
            Nature::Udp(over.domain()),
        ),
        Stranger::Unix => {
            let (one, other) = UnixStream::pair()?;
            props.push(other.into());
            (Some(one.into()), Nature::Unix)
        }
        Stranger::Pipe => {
            let (reader, writer) = io::pipe()?;
            props.push(writer.into());
            (Some(reader.into()), Nature::NotASocket)
        }
        Stranger::Closed => (None, Nature::Closed),
    };
    Ok(Made {
        subjects: vec![Subject {
            descriptor,
            ..Subject::bare(nature)
        }],
        props,
    })
}

fn initial(over: Over) -> Member {
    Member {
        client: over.address(0),
        id: Some(1),
    }
}

/// Tries again, without pause at first, until it works or patience ends.
fn retry(mut step: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    let start = Instant::now();
    loop {
        match step() {
            Err(_) if start.elapsed() < PATIENCE => thread::sleep(Duration::from_micros(200)),
            done => return done,
        }
    }
}
