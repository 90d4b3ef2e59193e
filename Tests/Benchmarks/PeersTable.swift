import Foundation
import KafkaTestSupport

/// How amiwatch compares with others, as a table in Markdown, with the machine and the date.
struct PeersTable {
    private var rows: [String] = []
    private var leftOut: [String] = []

    /// Adds a row; the pairing's baseline is the peer.
    mutating func add(_ peer: Peer, _ pairing: Pairing) {
        let speed = pairing.speed
        let verdict = speed.wall >= peer.goal ? "met" : "NOT MET"
        rows.append(
            "| \(peer.name) \(peer.version) | \(peer.does) | \(speed.wall.rounded(places: 1)) "
                + "| \(speed.processor.rounded(places: 1)) | ≥ \(peer.goal.rounded(places: 1)): \(verdict) |"
        )
    }

    /// Says that there is no row for something.
    mutating func leaveOut(_ name: String, _ reason: String) {
        leftOut.append("Not measured: \(name) (\(reason)).")
    }

    func print() {
        Swift.print(
            "\n| against | what it does | times as fast | of its processor time | goal |\n|---|---|---|---|---|"
        )
        for row in rows { Swift.print(row) }
        Swift.print("\n\(Self.machine); one core each, in turn, the median of the rounds.")
        for line in leftOut { Swift.print(line) }
    }

    private static var machine: String {
        func word(_ command: [String]) -> String {
            let output = try? Children.run(command, on: nil).1.output
            return output?.split(separator: "\n").first.map(String.init) ?? "unknown"
        }
        let processors =
            (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?
            .split(separator: "\n").filter { $0.hasPrefix("model name") } ?? []
        let model =
            processors.first?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
        return
            "\(word(["date", "-u", "+%Y-%m-%d"])), amiwatch \(word(["git", "rev-parse", "--short", "HEAD"])), "
            + "\(processors.count) × \(model), Linux \(word(["uname", "-r"])), "
            + "Python \(word([".build/peers/bin/python", "-c", "import platform; print(platform.python_version())"]))"
    }
}
