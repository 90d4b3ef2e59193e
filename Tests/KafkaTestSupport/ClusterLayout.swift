import Foundation
import Glibc
import Synchronization

/// Who listens where, and the brokers' properties: quick rather than safe.
struct ClusterLayout {
    let brokers: Int
    /// First the brokers' ports, then their controllers', then those of the first broker's other listeners.
    let ports: [Int]
    var listeners: [RealBroker.Listener] = []
    let folder: String

    var bootstrapServers: String {
        (0..<brokers).map { "127.0.0.1:\(ports[$0])" }.joined(separator: ",")
    }

    /// The properties file of one broker; ids count from 1.
    func properties(of id: Int, over changes: [String: String]) -> String {
        let copies = min(brokers, 3)
        let inSync = copies > 1 ? 2 : 1
        let address = "127.0.0.1:\(ports[id - 1])"
        let voters = (1...brokers).map { "\($0)@127.0.0.1:\(ports[brokers + $0 - 1])" }
        let more = zip(listeners, ports.dropFirst(2 * brokers))
        let quick: [String: String] = [
            "process.roles": "broker,controller",
            "node.id": "\(id)",
            "controller.quorum.voters": voters.joined(separator: ","),
            "listeners":
                (["PLAINTEXT://\(address)", "CONTROLLER://127.0.0.1:\(ports[brokers + id - 1])"]
                + more.map { "\($0.name)://127.0.0.1:\($1)" }).joined(separator: ","),
            "advertised.listeners":
                (["PLAINTEXT://\(address)"] + more.map { "\($0.name)://\($0.host):\($0.port ?? $1)" })
                .joined(separator: ","),
            "listener.security.protocol.map":
                (["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT"]
                + listeners.map { "\($0.name):\($0.security)" })
                .joined(separator: ","),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": "\(folder)/data-\(id)",
            "default.replication.factor": "\(copies)",
            "min.insync.replicas": "\(inSync)",
            "unclean.leader.election.enable": "false",
            "offsets.topic.replication.factor": "\(copies)",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "\(copies)",
            "transaction.state.log.min.isr": "\(inSync)",
            "transaction.state.log.num.partitions": "4",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "1000",
            "auto.create.topics.enable": "false",
        ]
        return quick.merging(changes) { _, new in new }
            .sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)\n" }
            .joined()
    }
}

/// Removes a folder when the test process is gone, however it went, or when this is let go of.
final class FolderWatcher: Sendable {
    private let descriptor: Int32

    init(_ folder: String) throws {
        // A shell reads from a named pipe whose only writer is this process; its end is ours. It is no ChildProcess,
        // because it has to outlive us.
        let pipe = folder + ".alive"
        guard mkfifo(pipe, 0o600) == 0 else { throw POSIXError(.EIO) }
        // For reading too, so that opening does not wait for the other side.
        descriptor = open(pipe, O_RDWR | O_CLOEXEC)
        let script = """
            trap '' INT TERM HUP; read -r _ <"$1"; rm -f "$1"
            for pause in 0 1 2 4; do sleep $pause; rm -rf "$2" && exit; done
            """
        _ = try Spawner.shared.spawn(
            ["bash", "-c", script, "watcher", pipe, folder],
            environment: ProcessInfo.processInfo.environment,
            files: ["/dev/null", "/dev/null", "/dev/null"]
        )
    }

    deinit { close(descriptor) }
}

/// A random cluster id in the form that `kafka-storage.sh random-uuid` prints.
func clusterID() -> String {
    let bytes = Data((0..<16).map { _ in UInt8.random(in: 0...255) })
    let text = bytes.base64EncodedString().replacingOccurrences(of: "+", with: "-")
        .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    // A leading dash would look like an option.
    return text.hasPrefix("-") ? "A" + text.dropFirst() : text
}

/// Ports on 127.0.0.1 that nobody listens on, each another one in this process.
///
/// From below those that the kernel gives to outgoing connections, one of which would take it before a broker does.
///
/// - Throws: `POSIXError` when there are none.
package func freePorts(_ count: Int) throws -> [Int] {
    try givenPorts.withLock { given in
        var ports: [Int] = []
        for _ in 0..<1000 where ports.count < count {
            let port = UInt16.random(in: 20_000..<32_000)
            if !given.contains(port), isFree(port) {
                given.insert(port)
                ports.append(Int(port))
            }
        }
        guard ports.count == count else { throw POSIXError(.EADDRINUSE) }
        return ports
    }
}

private let givenPorts = Mutex<Set<UInt16>>([])

private func isFree(_ port: UInt16) -> Bool {
    let descriptor = loopbackSocket()
    defer { close(descriptor) }
    return withLoopback(Int(port)) { bind(descriptor, $0, $1) } == 0
}

func loopbackSocket() -> Int32 { socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0) }

/// The address of a port on 127.0.0.1, as the socket functions take it.
func withLoopback<R>(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
