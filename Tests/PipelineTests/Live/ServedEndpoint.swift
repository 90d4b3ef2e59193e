import Foundation
import Glibc
import KafkaTestSupport
import TestSupport
import Testing

/// A worker's endpoint.
struct ServedEndpoint {
    let base: String
    let port: UInt16
    private let options: [String]

    /// Waits until it is there.
    init(_ worker: Worker, scheme: String = "http", options: [String] = []) throws {
        try #require(worker.logs("HTTP endpoint started"), "\(worker.lines)")
        let address = try #require(worker.lines.firstMatch(of: #/"listen":"[0-9.]+:([0-9]+)"/#))
        port = try #require(UInt16(address.1))
        base = "\(scheme)://127.0.0.1:\(port)"
        self.options = options
    }

    func status(_ path: String, _ more: [String] = []) -> Int {
        Int(curl(path, more + ["-o", "/dev/null", "-w", "%{http_code}"])) ?? 0
    }

    func body(_ path: String, _ more: [String] = []) -> String { curl(path, more) }

    /// Every sample by its name and labels.
    func metrics() -> [String: Double] { samples(body("/metrics")) }

    /// The names of a page's metrics.
    func names(in page: String) -> [String] {
        page.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map {
            String($0.split(separator: " ")[2])
        }
    }

    func samples(_ page: String) -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in page.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }

    private func curl(_ path: String, _ more: [String]) -> String {
        let result = try? runCommand(
            ["/usr/bin/curl", "-s", "--path-as-is", "--max-time", "20"] + options + more + [base + path]
        )
        return result?.output ?? ""
    }
}

/// Clients that connect and send their request byte by byte.
final class Crowd {
    private let thread: Thread

    /// - Parameters:
    ///   - count: how many connections.
    ///   - port: the server's.
    /// - Throws: when no descriptor is left.
    init(of count: Int, port: UInt16) throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        limit.rlim_cur = min(limit.rlim_max, 8192)
        setrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        let connections = try (0..<count).map { _ in try LoopbackConnection(port: port, waits: false) }
        thread = Thread {
            for byte in "GET /metrics HTTP/1.1\r\nX-Slow: ".map(String.init)
                + Array(repeating: "a", count: 10_000)
            {
                if Thread.current.isCancelled { break }
                for connection in connections { connection.send(byte) }
                usleep(100_000)
            }
        }
        thread.start()
    }

    /// Ends them within moments.
    func stop() {
        thread.cancel()
        while !thread.isFinished { usleep(20_000) }
    }
}
